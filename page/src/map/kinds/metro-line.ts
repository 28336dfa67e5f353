import type { FeatureCollection } from "geojson";
import type { Drawn, LayerKind } from "./kind";
import { properties, textOf } from "./kind";

const COLOUR_COLUMNS = ["colour", "color", "line_colour", "line_color"];
const COLOUR = /^#?[0-9a-f]{6}$/i;

/** Return the features with `_colour`: the line's own, where it states one. */
function withColour(features: FeatureCollection): FeatureCollection {
  const marked = features.features.map((feature) => {
    const stated = textOf(feature, COLOUR_COLUMNS);
    const colour = stated && COLOUR.test(stated) ? `#${stated.replace("#", "")}` : null;
    return { ...feature, properties: { ...properties(feature), _colour: colour } };
  });
  return { type: "FeatureCollection", features: marked };
}

export const metroLine: LayerKind = {
  rank: 30,
  prepare: withColour,
  paint(source, palette): Drawn[] {
    const layout = { "line-cap": "round", "line-join": "round" } as const;
    return [
      {
        id: `${source}/casing`,
        type: "line",
        source,
        layout,
        paint: { "line-color": palette.casing, "line-width": ["interpolate", ["linear"], ["zoom"], 8, 2.4, 14, 7] },
      },
      {
        id: `${source}/line`,
        type: "line",
        source,
        layout,
        paint: {
          "line-color": ["coalesce", ["get", "_colour"], palette.stopEdge],
          "line-width": ["interpolate", ["linear"], ["zoom"], 8, 1.2, 14, 4],
        },
      },
    ];
  },
  labels: () => [],
};
