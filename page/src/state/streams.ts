import type { Datastream } from "../api/types";

const FIRST = ["AQI", "PM2.5", "PM10", "O3", "NO2", "SO2", "CO"];

function place(property: string): number {
  const at = FIRST.indexOf(property);
  return at < 0 ? FIRST.length : at;
}

/** Return the datastreams by thing, and within a thing the air's properties in their usual order. */
export function inOrder(streams: readonly Datastream[]): Datastream[] {
  return [...streams].sort(
    (a, b) =>
      a.thing.id.localeCompare(b.thing.id) ||
      place(a.observed_property) - place(b.observed_property) ||
      a.id.localeCompare(b.id),
  );
}
