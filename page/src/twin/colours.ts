import type { Theme } from "../state/url";
import type { Told } from "./scene";

export const STYLES = ["class", "height"] as const;
export type Style = (typeof STYLES)[number];

/** A colour of the legend, and what has it. */
export interface Swatch {
  key: string;
  colour: string;
}

const CLASS_COLOURS: Record<Theme, Record<string, string>> = {
  paper: { Building: "#d9c7a3", BuildingPart: "#d9c7a3", Road: "#8f8a80", Bridge: "#a0764f", WaterBody: "#7fb0d0", PlantCover: "#8fae6c", LandUse: "#c2bd9a", "": "#b7aea0" },
  night: { Building: "#c9b98f", BuildingPart: "#c9b98f", Road: "#4c5560", Bridge: "#9a7350", WaterBody: "#2f6388", PlantCover: "#4f7042", LandUse: "#59583f", "": "#6d6a63" },
};
/** Upper bounds of the classes of height, m, from low to high. */
const HEIGHTS: readonly [number, string][] = [
  [6, "#f2e6c9"],
  [12, "#e8c98a"],
  [24, "#dd9f55"],
  [48, "#c66a3a"],
  [100, "#a0382c"],
  [Infinity, "#611a2c"],
];

/** Return the colour of an object in a style. */
export function colourOf(told: Told, style: Style, theme: Theme): string {
  if (style === "height") return HEIGHTS.find(([upto]) => told.height_m < upto)?.[1] ?? "#611a2c";
  const colours = CLASS_COLOURS[theme];
  return colours[told.class] ?? colours[""] ?? "#888888";
}

/** Return the legend of a style; classes are those given. */
export function legendOf(style: Style, theme: Theme, classes: readonly string[]): Swatch[] {
  if (style === "class") return classes.map((key) => ({ key, colour: CLASS_COLOURS[theme][key] ?? CLASS_COLOURS[theme][""] ?? "#888888" }));
  return HEIGHTS.map(([upto, colour], n) => ({ key: upto === Infinity ? `≥ ${HEIGHTS[n - 1]?.[0]} m` : `< ${upto} m`, colour }));
}
