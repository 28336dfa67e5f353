import type { TwinChange, TwinProperty } from "../api/types";
import type { Theme } from "../state/url";
import type { Told } from "./layer";
import { boundsOf, type Sensed } from "./states";

/** A colour of the legend, and what has it. */
export interface Swatch {
  key: string;
  colour: string;
}

/** How objects are coloured: by what is known of each, and what the colours mean. */
export interface Dress {
  /** The property that must be asked for, if any. */
  property: string | null;
  swatches: Swatch[];
  /** Whether each face has the colour that its model gives it, if it does. */
  faces?: boolean;
  /** Return the key of the legend that an object falls under. */
  keyOf(told: Told): string;
  colourOf(told: Told): string;
}

/** The keys of what has no value, and of what has one of the less common. */
export const NONE = "?none";
export const OTHER = "?other";

/** Colours of the scene: of the air, of plain ground, of what is picked, of words on a picture, and of objects that stand out. */
export const GROUNDS = { paper: "#dfe6ea", night: "#0b1118" };
export const FLOORS = { paper: "#efe9dc", night: "#131c26" };
export const MARKS = { paper: "#c8321a", night: "#ff7a5c" };
export const INKS = { paper: "#1c1a17", night: "#eef2f5" };
export const FOCUS = ["#d55e00", "#0072b2"]; // Okabe and Ito (2008)

const CLASS_COLOURS: Record<Theme, Record<string, string>> = {
  paper: { Building: "#d9c7a3", BuildingPart: "#d9c7a3", Road: "#8f8a80", Bridge: "#a0764f", WaterBody: "#7fb0d0", PlantCover: "#8fae6c", LandUse: "#c2bd9a", BuildingConstructiveElement: "#b9a98a", TINRelief: "#cdd2b4", OtherConstruction: "#1c6ea4", BuildingFurniture: "#8f6f4e", BuildingInstallation: "#5f7f9f", BuildingRoom: "#e8dcc0", "": "#b7aea0" },
  night: { Building: "#c9b98f", BuildingPart: "#c9b98f", Road: "#4c5560", Bridge: "#9a7350", WaterBody: "#2f6388", PlantCover: "#4f7042", LandUse: "#59583f", BuildingConstructiveElement: "#a3977a", TINRelief: "#3a4436", OtherConstruction: "#5cb3ec", BuildingFurniture: "#86684a", BuildingInstallation: "#56779a", BuildingRoom: "#d8ccae", "": "#6d6a63" },
};
const RAMP = ["#f2e6c9", "#e8c98a", "#dd9f55", "#c66a3a", "#a0382c", "#611a2c"];
/** Upper bounds of the classes of height, m, from low to high. */
const HEIGHTS = [6, 12, 24, 48, 100];
/** Okabe and Ito (2008), then lighter ones of the same hues: told apart also by those who see fewer colours. */
const KINDS = ["#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7", "#f7d488", "#b3dcf5", "#8fd6c0", "#93c0e0", "#f1b48a"];
export const GREY = "#8b8b8b"; // of less common values
const UNKNOWN: Record<Theme, string> = { paper: "#cfc9bc", night: "#56606b" };
const CHANGES: Record<TwinChange, string> = { added: "#2f9e57", removed: "#c8321a", moved: "#e0b400", changed: "#3b7fd4" };

/** Return the dress in which each object has the colour of the key that it falls under, `plain` where the legend has none such. */
function keyed(property: string | null, swatches: Swatch[], plain: string, keyOf: (told: Told) => string): Dress {
  const colours = new Map(swatches.map(({ key, colour }) => [key, colour]));
  return { property, swatches, keyOf, colourOf: (told) => colours.get(keyOf(told)) ?? plain };
}

/** Return the dress by class of object; classes are those of the legend. */
export function byClass(theme: Theme, classes: readonly string[]): Dress {
  const colours = CLASS_COLOURS[theme];
  const of = (kind: string): string => colours[kind] ?? colours[""] ?? GREY;
  return { property: null, swatches: classes.map((key) => ({ key, colour: of(key) })), keyOf: (told) => told.class, colourOf: (told) => of(told.class) };
}

function ramp(bounds: readonly number[], unit: string): Swatch[] {
  const tail = unit && ` ${unit}`;
  return [...bounds.map((upto, n) => ({ key: `< ${upto}${tail}`, colour: RAMP[n] ?? GREY })), { key: `≥ ${bounds.at(-1)}${tail}`, colour: RAMP[bounds.length] ?? GREY }];
}

/** Return the dress by a number of each object, in steps; what has none is told apart. */
function stepped(property: string | null, theme: Theme, bounds: readonly number[], unit: string, valueOf: (told: Told) => unknown, gaps: boolean): Dress {
  const steps = bounds.length ? ramp(bounds, unit) : [];
  const keyOf = (told: Told): string => {
    const value = valueOf(told);
    if (typeof value !== "number") return NONE;
    const n = bounds.findIndex((upto) => value < upto);
    return steps[n < 0 ? bounds.length : n]?.key ?? NONE;
  };
  return keyed(property, [...steps, ...(gaps ? [{ key: NONE, colour: UNKNOWN[theme] }] : [])], UNKNOWN[theme], keyOf);
}

/** Return the dress that each object has in the model that it came in; what has none is plain. */
export function byModel(theme: Theme): Dress {
  const plain = UNKNOWN[theme];
  return { property: null, faces: true, swatches: [{ key: "plain", colour: plain }], keyOf: ({ colour }) => (colour ? "own" : "plain"), colourOf: ({ colour }) => colour || plain };
}

export function byHeight(theme: Theme): Dress {
  return stepped(null, theme, HEIGHTS, "m", (told) => told.height_m, false);
}

/** Return the dress by any property: a ramp over the quintiles of numbers, a colour for each of the commonest words. */
export function byProperty(theme: Theme, { name, count, numbers, steps, values }: TwinProperty): Dress {
  if (numbers > count / 2) {
    const bounds = [...new Set(steps.slice(1, -1).map((each) => Number(each.toPrecision(3))))];
    return stepped(name, theme, bounds, "", ({ value }) => value, true);
  }
  const words = values.filter((each) => each !== "");
  const kinds = words.map((key, n) => ({ key, colour: KINDS[n] ?? GREY }));
  const rest = values.length < KINDS.length ? [] : [{ key: OTHER, colour: GREY }];
  const known = new Set(words);
  const keyOf = ({ value }: Told): string => {
    if (value === undefined || value === null || value === "") return NONE;
    return known.has(String(value)) ? String(value) : OTHER;
  };
  return keyed(name, [...kinds, ...rest, { key: NONE, colour: UNKNOWN[theme] }], GREY, keyOf);
}

/** Return the dress by what is measured in the objects now; what has no sensor is plain. */
export function bySensed(theme: Theme, { values, unit }: Sensed): Dress {
  return stepped(null, theme, boundsOf([...values.values()]), unit, ({ id }) => values.get(id), true);
}

/** Return the dress by what differs between two moments. */
export function byChange(theme: Theme, changes: ReadonlyMap<string, TwinChange>): Dress {
  const swatches = [...Object.entries(CHANGES).map(([key, colour]) => ({ key, colour })), { key: "same", colour: UNKNOWN[theme] }];
  return keyed(null, swatches, UNKNOWN[theme], ({ id }) => changes.get(id) ?? "same");
}
