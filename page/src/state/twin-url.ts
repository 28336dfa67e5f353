/** How the twin is looked at, in words that fit into the page's address. */

export const SPLITS = ["swipe", "side"] as const;
export type Split = (typeof SPLITS)[number];

/** A note at a place: degrees, metres, words. */
export interface Note {
  lon: number;
  lat: number;
  up: number;
  text: string;
}

/** A view that is kept: its name, and the query of its address. */
export interface Mark {
  name: string;
  query: string;
}

/** A plane that cuts the city: `h` at so many metres of height, `e`, `n` and `a` at a fraction of how far it reaches east, north, or to a bearing. */
export interface Cut {
  axis: "h" | "e" | "n" | "a";
  at: number;
  /** The bearing of `a`, degrees clockwise from north. */
  turn: number;
  /** Whether the other side stays. */
  flip: boolean;
}

export interface TwinView {
  /** The scenario as of which the city is looked at; null: as it is. */
  scenario: string | null;
  /** The moment that is compared with, ISO 8601, or `~` and the scenario; null compares nothing. */
  against: string | null;
  split: Split;
  /** Longitude, latitude, metres of the eye, then of what it looks at; null: the whole city. */
  eye: number[] | null;
  cut: Cut | null;
  /** Percent of the light that goes through. */
  clear: number;
  under: boolean;
  /** The one model shown; null: all. */
  model: string | null;
  /** The storey above which nothing is shown. */
  storey: string | null;
  notes: Note[];
  /** Objects that stand out, each in its own colour; the others may be clear. */
  focus: string[];
  /** Keys of the legend whose objects are hidden. */
  hide: string[];
  /** Objects that are hidden. */
  off: string[];
  /** Kept views that the address carries along. */
  marks: Mark[];
}

export const TWIN_VIEW: TwinView = { scenario: null, against: null, split: "swipe", eye: null, cut: null, clear: 0, under: false, model: null, storey: null, notes: [], focus: [], hide: [], off: [], marks: [] };

/** How many an address names: what is hidden one by one is more than that only where a colour of the legend would do. */
export const MOST_HIDDEN = 30;
export const MOST_MARKS = 20;
const AS_OF = /^~[a-z0-9_-]*$/;

function numbers(text: string | null, count: number): number[] | null {
  const found = (text ?? "").split("/").map((each) => (each ? Number(each) : NaN));
  return found.length === count && found.every(Number.isFinite) ? found : null;
}

function cutOf(text: string | null): Cut | null {
  const found = /^([hena])(-?\d+(?:\.\d+)?)(?:@(\d{1,3}))?(!?)$/.exec(text ?? "");
  return found ? { axis: found[1] as Cut["axis"], at: Number(found[2]), turn: Number(found[3] ?? 0) % 360, flip: found[4] === "!" } : null;
}

function cutText({ axis, at, turn, flip }: Cut): string {
  return `${axis}${at}${axis === "a" ? `@${turn}` : ""}${flip ? "!" : ""}`;
}

function noteOf(text: string): Note[] {
  const [lon = "", lat = "", up = "", ...words] = text.split("/");
  const place = numbers(`${lon}/${lat}/${up}`, 3);
  return place && words.length ? [{ lon: place[0] ?? 0, lat: place[1] ?? 0, up: place[2] ?? 0, text: words.join("/").slice(0, 200) }] : [];
}

function markOf(text: string): Mark[] {
  const at = text.indexOf("?");
  return at > 0 ? [{ name: text.slice(0, at).slice(0, 60), query: text.slice(at) }] : [];
}

/** Return what an address's query says of the twin. */
export function parseTwin(query: URLSearchParams): TwinView {
  const against = query.get("t.against");
  const clear = Number(query.get("t.clear"));
  return {
    scenario: query.get("t.scenario"),
    against: against && (AS_OF.test(against) || !Number.isNaN(Date.parse(against))) ? against : null,
    split: query.get("t.split") === "side" ? "side" : "swipe",
    eye: numbers(query.get("t.eye"), 6),
    cut: cutOf(query.get("t.cut")),
    clear: Number.isFinite(clear) ? Math.min(90, Math.max(0, clear)) : 0,
    under: query.get("t.under") === "1",
    model: query.get("t.model"),
    storey: query.get("t.storey"),
    notes: query.getAll("t.note").slice(0, 20).flatMap(noteOf),
    focus: query.getAll("t.focus").slice(0, 2),
    hide: query.getAll("t.hide").slice(0, MOST_HIDDEN),
    off: query.getAll("t.off").slice(0, MOST_HIDDEN),
    marks: query.getAll("t.mark").slice(0, MOST_MARKS).flatMap(markOf),
  };
}

/** Return the moment and the scenario that are compared with, as an address of tiles names them, `now` being the moment looked at. */
export function comparedWith({ against }: TwinView, now: string): { moment: string; scenario: string | null } | null {
  if (!against) return null;
  return against.startsWith("~") ? { moment: now, scenario: against.slice(1) || null } : { moment: against, scenario: null };
}

/** Return a moment as of a scenario, as an address of tiles names it. */
export function asOf(moment: string, scenario: string | null): string {
  return scenario ? `${moment}~${scenario}` : moment;
}

/** Return where the eye is and what it looks at as text, to the centimetre: who stands in a room sees a decimetre. */
export function eyeText(eye: number[] | null): string | null {
  return eye && eye.map((each, n) => each.toFixed(n % 3 === 2 ? 2 : 7)).join("/");
}

/** Return the words of a query for what differs from the plain look. */
export function formatTwin(twin: TwinView): [string, string | null][] {
  const { scenario, against, split, eye, cut, clear, under, model, storey, notes, focus, hide, off, marks } = twin;
  return [
    ["t.scenario", scenario],
    ["t.against", against],
    ["t.split", against && split !== "swipe" ? split : null],
    ["t.eye", eyeText(eye)],
    ["t.cut", cut && cutText(cut)],
    ["t.clear", clear ? String(clear) : null],
    ["t.under", under ? "1" : null],
    ["t.model", model],
    ["t.storey", storey],
    ...focus.map((id): [string, string] => ["t.focus", id]),
    ...hide.map((key): [string, string] => ["t.hide", key]),
    ...off.map((id): [string, string] => ["t.off", id]),
    ...marks.map(({ name, query }): [string, string] => ["t.mark", `${name.replaceAll("?", "？")}${query}`]),
    ...notes.map(({ lon, lat, up, text }): [string, string] => ["t.note", `${lon.toFixed(7)}/${lat.toFixed(7)}/${up.toFixed(2)}/${text}`]),
  ];
}
