import type { FeatureCollection } from "geojson";
import type { Drawn, Label, LayerKind } from "./kind";
import { labelText, properties } from "./kind";
import { area, inside } from "./geometry";

/** Return the features with `_whole` set on one that covers the others together, as a city covers its districts. */
function markWhole(features: FeatureCollection): FeatureCollection {
  const areas = features.features.map((feature) => area(feature.geometry));
  const sum = areas.reduce((a, b) => a + b, 0);
  const marked = features.features.map((feature, i) => {
    const whole = features.features.length > 1 && (areas[i] ?? 0) > 0.45 * sum;
    return { ...feature, properties: { ...properties(feature), _whole: whole } };
  });
  return { type: "FeatureCollection", features: marked };
}

export const district: LayerKind = {
  rank: 10,
  prepare: markWhole,
  paint(source, palette): Drawn[] {
    return [
      {
        id: `${source}/fill`,
        type: "fill",
        source,
        filter: ["!", ["get", "_whole"]],
        paint: { "fill-color": palette.land, "fill-antialias": false },
      },
      {
        id: `${source}/line`,
        type: "line",
        source,
        paint: {
          "line-color": palette.bound,
          "line-width": ["case", ["get", "_whole"], 2.2, 1],
        },
      },
    ];
  },
  labels(features, column, lang): Label[] {
    return features.features.flatMap((feature) => {
      const text = labelText(feature, column, lang);
      const at = properties(feature)["_whole"] ? null : inside(feature.geometry);
      return text && at ? [{ text, lng: at[0], lat: at[1], rank: 10, look: "district", fromZoom: 0 }] : [];
    });
  },
};
