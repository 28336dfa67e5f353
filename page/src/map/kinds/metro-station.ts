import type { Drawn, Label, LayerKind } from "./kind";
import { labelText } from "./kind";

const LABELS_FROM_ZOOM = 12;

export const metroStation: LayerKind = {
  rank: 40,
  prepare: (features) => features,
  paint(source, palette): Drawn[] {
    return [
      {
        id: `${source}/circle`,
        type: "circle",
        source,
        minzoom: 9,
        paint: {
          "circle-color": palette.stop,
          "circle-stroke-color": palette.stopEdge,
          "circle-radius": ["interpolate", ["linear"], ["zoom"], 9, 1, 12, 2.6, 15, 5],
          "circle-stroke-width": ["interpolate", ["linear"], ["zoom"], 9, 0.5, 13, 1.4],
        },
      },
    ];
  },
  labels(features, column, lang): Label[] {
    return features.features.flatMap((feature) => {
      const text = labelText(feature, column, lang);
      if (!text || feature.geometry?.type !== "Point") return [];
      const [lng = 0, lat = 0] = feature.geometry.coordinates;
      return [{ text, lng, lat, rank: 30, look: "stop", fromZoom: LABELS_FROM_ZOOM }];
    });
  },
};
