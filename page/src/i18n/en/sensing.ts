import type { sensing as zh } from "../zh/sensing";

/** Messages of the page in English: sensing. */
export const sensing: Record<keyof typeof zh, string> = {
  "sensing.title": "Sensing: observed series",
  "sensing.find": "Filter stations or properties",
  "sensing.count": "{things} stations, {streams} series",
  "sensing.empty": "No sensor data yet. One command makes the city sense:",
  "sensing.open": "Open the chart",
  "sensing.property": "Property",
  "sensing.updated": "Updated",
  "sensing.none": "No series is observed yet.",
  "quality.good": "good",
  "quality.suspect": "suspect",
  "quality.bad": "bad",
  "quality.suspect_range": "out of range",
  "quality.suspect_flat": "unchanged too long",
  "quality.suspect_spike": "spike",
  "quality.after_gap": "first after a gap",
  "quality.missing": "missing",
  "quality.estimated": "estimated",
};
