import type { FeatureCollection } from "geojson";
import type { AirStation } from "../../api/types";
import { colourOf } from "../aqi";
import type { Palette } from "../palette";
import type { Drawn } from "./kind";

export const AIR_LAYER = "air";

/** Return the stations as points with their class's colour. */
export function airFeatures(stations: AirStation[], picked: string | null): FeatureCollection {
  return {
    type: "FeatureCollection",
    features: stations.map((station) => ({
      type: "Feature",
      geometry: { type: "Point", coordinates: [station.lon, station.lat] },
      properties: { thing: station.thing, _colour: colourOf(station.class), _picked: station.thing === picked },
    })),
  };
}

/** Return the circles of the stations, the picked one ringed. */
export function airPaint(palette: Palette): Drawn[] {
  const source = AIR_LAYER;
  return [
    {
      id: `${source}/ring`,
      type: "circle",
      source,
      filter: ["get", "_picked"],
      paint: {
        "circle-radius": ["interpolate", ["linear"], ["zoom"], 8, 15, 13, 25],
        "circle-color": "rgba(0,0,0,0)",
        "circle-stroke-color": palette.ring,
        "circle-stroke-width": 3,
      },
    },
    {
      id: `${source}/circle`,
      type: "circle",
      source,
      paint: {
        "circle-radius": ["interpolate", ["linear"], ["zoom"], 8, 9, 13, 17],
        "circle-color": ["coalesce", ["get", "_colour"], palette.nodata],
        "circle-stroke-color": palette.ink,
        "circle-stroke-width": 1.2,
      },
    },
  ];
}
