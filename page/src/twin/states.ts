import type { CityObject, TwinLive } from "../api/types";
import { tOr } from "../i18n";
import { view } from "../state/view";

const TURN_MS = 3_000;

/** Return what changes when live values are due to be asked for again: every few seconds, never for a past moment. */
export function turn(): string {
  return view.value.at ?? String(Math.floor(Date.now() / TURN_MS));
}

/** One property as it is in the objects that have a sensor for it. */
export interface Sensed {
  property: string;
  unit: string;
  simulated: boolean;
  values: ReadonlyMap<string, number>;
}

/** Return the values of one property by object: of the one asked for, else of the temperature, else of the first. */
export function sensedIn(items: readonly TwinLive[], wanted: string | null): Sensed | null {
  const first = items.find((each) => each.observed_property === wanted) ?? items.find(({ unit }) => unit === "Cel") ?? items[0];
  if (!first) return null;
  const of = items.filter((each) => each.observed_property === first.observed_property && each.value !== null);
  return {
    property: first.observed_property,
    unit: first.unit_symbol,
    simulated: of.some(({ simulated }) => simulated),
    values: new Map(of.map(({ object, value }) => [object, value as number])),
  };
}

/** Return what a datastream is for its object, in the language of the page where it has words for it. */
export function roleOf({ role, name }: TwinLive): string {
  return tOr(`twin.role.${role}`, role || name[view.value.lang]);
}

/** Return the five bounds between six colours that whole steps give for values. */
export function boundsOf(values: readonly number[]): number[] {
  if (!values.length) return [];
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const step = Math.max((high - low) / 6, 1e-6);
  const digits = Math.max(0, Math.ceil(-Math.log10(step)));
  return [...new Set([1, 2, 3, 4, 5].map((n) => Number((low + n * step).toFixed(digits))))];
}

/** Return where a label of an object stands: over the middle of its floor. */
export function labelOf(object: CityObject, up = 1.2): [number, number, number] {
  const [west = 0, south = 0, east = 0, north = 0] = object.bbox;
  return [(west + east) / 2, (south + north) / 2, object.bottom_m + up];
}
