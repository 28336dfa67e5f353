/** What the page shows, in words that fit into its address: nothing else is needed to show it again. */

import { formatTwin, parseTwin, TWIN_VIEW, type TwinView } from "./twin-url";

export const ROOMS = ["overview", "data", "sensing", "operations", "twin", "work"] as const;
export type Room = (typeof ROOMS)[number];
export type Lang = "zh" | "en";
export type Theme = "paper" | "night";
export const FACETS = ["theme", "base", "format", "classification", "sharing", "opening", "update_cycle", "tag", "provider", "state"] as const;
export type Facets = Partial<Record<(typeof FACETS)[number], string>>;
export const DEVICE_FACETS = ["health", "type", "organisation", "district", "link", "state"] as const;
export type DeviceFacet = (typeof DEVICE_FACETS)[number];

export interface Camera {
  zoom: number;
  lat: number;
  lng: number;
}

export interface View {
  room: Room;
  lang: Lang;
  theme: Theme;
  kiosk: boolean;
  /** 长辈版: larger, wider, less of it. */
  elder: boolean;
  /** Only the picture and its caption, for a frame in another page. */
  embed: boolean;
  /** Ids of the layers shown; null: all of them. */
  layers: string[] | null;
  /** Id of the picked thing. */
  pick: string | null;
  /** Pollutant of the picked thing's chart, as the end of its datastream's id. */
  series: string | null;
  /** Hours of the chart. */
  hours: number;
  /** The moment looked at, ISO 8601; null: the city's now. */
  at: string | null;
  /** Days of the time slider. */
  days: number;
  camera: Camera | null;
  /** Layer whose table is open in the drawer. */
  table: string | null;
  dataset: string | null;
  /** What the chart of the dataset shows, as its builder states it; null: what it begins with. */
  chart: string | null;
  /** What the objects of the twin are coloured by; null: their class. */
  by: string | null;
  /** How the twin is looked at. */
  twin: TwinView;
  /** Tab of the room of work, and what is open in it. */
  tab: string | null;
  item: string | null;
  q: string;
  facets: Facets;
  /** Which devices are shown, by the codes of what they are; and the words that their names or ids must hold. */
  devices: Partial<Record<DeviceFacet, string>>;
  find: string;
  /** Column that the devices' table is sorted by, a minus before it for falling. */
  sort: string | null;
  /** Datastream whose page is open, and the window (ms) its chart shows; null: the last hours. */
  stream: string | null;
  span: [number, number] | null;
}

export const DEFAULT_VIEW: View = {
  room: "overview",
  lang: "zh",
  theme: "paper",
  kiosk: false,
  elder: false,
  embed: false,
  layers: null,
  pick: null,
  series: null,
  hours: 72,
  at: null,
  days: 7,
  camera: null,
  table: null,
  dataset: null,
  chart: null,
  by: null,
  twin: TWIN_VIEW,
  tab: null,
  item: null,
  q: "",
  facets: {},
  devices: {},
  find: "",
  sort: null,
  stream: null,
  span: null,
};

function oneOf<T extends string>(text: string | null, choices: readonly T[], fallback: T): T {
  return choices.find((choice) => choice === text) ?? fallback;
}

function moment(text: string | null): string | null {
  if (!text) return null;
  return Number.isNaN(Date.parse(text)) ? null : text;
}

function within(text: string | null, low: number, high: number, fallback: number): number {
  const value = Number(text);
  return text && Number.isFinite(value) ? Math.min(high, Math.max(low, value)) : fallback;
}

/** Return the camera of `zoom/lat/lng`, or null where the text is not three numbers on the earth. */
export function parseCamera(text: string | null): Camera | null {
  const [zoom, lat, lng] = (text ?? "").split("/").map((part) => (part ? Number(part) : NaN));
  if (zoom === undefined || lat === undefined || lng === undefined) return null;
  if (![zoom, lat, lng].every(Number.isFinite) || Math.abs(lat) > 90 || Math.abs(lng) > 180) return null;
  return { zoom, lat, lng };
}

/** Return the two moments (ms) of `start/end`, or null when they are none or do not rise. */
export function parseSpan(text: string | null): [number, number] | null {
  const [start = NaN, end = NaN] = (text ?? "").split("/").map((part) => Date.parse(part));
  return start < end ? [start, end] : null;
}

function chosen<K extends string>(query: URLSearchParams, prefix: string, names: readonly K[]): Partial<Record<K, string>> {
  const found: Partial<Record<K, string>> = {};
  for (const name of names) {
    const value = query.get(`${prefix}.${name}`);
    if (value) found[name] = value;
  }
  return found;
}

/** Return the view that an address's query states; what it lacks or misstates falls back to `base`. */
export function parseView(search: string, base: View = DEFAULT_VIEW): View {
  const query = new URLSearchParams(search);
  const layers = query.get("layers");
  return {
    room: oneOf(query.get("room"), ROOMS, base.room),
    lang: oneOf(query.get("lang"), ["zh", "en"], base.lang),
    theme: oneOf(query.get("theme"), ["paper", "night"], base.theme),
    kiosk: query.get("kiosk") === "1",
    elder: query.get("elder") === "1",
    embed: query.get("embed") === "1",
    layers: layers === null ? null : layers.split(",").filter(Boolean),
    pick: query.get("pick"),
    series: query.get("series"),
    hours: within(query.get("hours"), 1, 8784, base.hours),
    at: moment(query.get("at")),
    days: within(query.get("days"), 1, 400, base.days),
    camera: parseCamera(query.get("map")),
    table: query.get("table"),
    dataset: query.get("dataset"),
    chart: query.get("chart"),
    by: query.get("by"),
    twin: parseTwin(query),
    tab: query.get("tab"),
    item: query.get("item"),
    q: query.get("q") ?? "",
    facets: chosen(query, "f", FACETS),
    devices: chosen(query, "n", DEVICE_FACETS),
    find: query.get("find") ?? "",
    sort: query.get("sort"),
    stream: query.get("stream"),
    span: parseSpan(query.get("span")),
  };
}

/** Return a camera as an address says it, null for none. */
export function cameraText(camera: Camera | null): string | null {
  return camera && `${camera.zoom.toFixed(2)}/${camera.lat.toFixed(5)}/${camera.lng.toFixed(5)}`;
}

/** Return the query of a view: only what differs from `base`, so that addresses stay short; all of it for an empty base. */
export function formatView(view: View, base: Partial<View> = DEFAULT_VIEW): string {
  const differing = <K extends keyof View>(key: K): string | null =>
    view[key] === base[key] || view[key] === null ? null : String(view[key]);
  const pairs: [string, string | null][] = [
    ["room", differing("room")],
    ["lang", differing("lang")],
    ["theme", differing("theme")],
    ["kiosk", view.kiosk ? "1" : null],
    ["elder", view.elder ? "1" : null],
    ["embed", view.embed ? "1" : null],
    ["layers", view.layers && view.layers.join(",")],
    ["pick", view.pick],
    ["series", view.series],
    ["hours", differing("hours")],
    ["at", view.at],
    ["days", differing("days")],
    ["map", cameraText(view.camera)],
    ["table", view.table],
    ["dataset", view.dataset],
    ["chart", view.dataset && view.chart],
    ["by", view.by],
    ...formatTwin(view.twin),
    ["tab", view.tab],
    ["item", view.item],
    ["q", view.q || null],
    ...FACETS.map((name): [string, string | null] => [`f.${name}`, view.facets[name] ?? null]),
    ...DEVICE_FACETS.map((name): [string, string | null] => [`n.${name}`, view.devices[name] ?? null]),
    ["find", view.find || null],
    ["sort", view.sort],
    ["stream", view.stream],
    ["span", view.span && view.span.map((ms) => new Date(ms).toISOString().replace(".000Z", "Z")).join("/")],
  ];
  const query = new URLSearchParams();
  for (const [key, value] of pairs) if (value !== null) query.append(key, value);
  const text = query.toString().replaceAll("%2F", "/").replaceAll("%3A", ":").replaceAll("%2C", ",");
  return text ? `?${text}` : "";
}
