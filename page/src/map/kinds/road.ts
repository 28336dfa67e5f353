import type { Feature, FeatureCollection } from "geojson";
import type { Drawn, LayerKind } from "./kind";
import { properties } from "./kind";

const MAJOR_WORDS = /^(motorway|trunk|primary|secondary)/;
const MAJOR_UP_TO = 4;

/** Return whether a road is a main one: by its word, or by a rank number where small is great. */
function isMajor(feature: Feature): boolean {
  const of = properties(feature);
  const held = of["highway"] ?? of["class"] ?? of["class_code"];
  if (held === null || held === undefined || held === "") return false;
  const rank = Number(held);
  return Number.isFinite(rank) ? rank <= MAJOR_UP_TO : MAJOR_WORDS.test(String(held));
}

function markMajor(features: FeatureCollection): FeatureCollection {
  const marked = features.features.map((feature) => ({
    ...feature,
    properties: { ...properties(feature), _major: isMajor(feature) },
  }));
  return { type: "FeatureCollection", features: marked };
}

export const road: LayerKind = {
  rank: 20,
  prepare: markMajor,
  paint(source, palette): Drawn[] {
    return [
      {
        id: `${source}/line`,
        type: "line",
        source,
        layout: { "line-cap": "round", "line-join": "round" },
        paint: {
          "line-color": ["case", ["get", "_major"], palette.roadMajor, palette.roadMinor],
          "line-width": [
            "interpolate",
            ["exponential", 1.5],
            ["zoom"],
            9,
            ["case", ["get", "_major"], 0.7, 0.35],
            14,
            ["case", ["get", "_major"], 4, 1.8],
          ],
        },
      },
    ];
  },
  labels: () => [],
};
