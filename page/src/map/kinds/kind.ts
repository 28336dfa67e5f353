import type { Feature, FeatureCollection, Geometry } from "geojson";
import type { LayerSpecification } from "maplibre-gl";
import type { Lang } from "../../state/url";
import type { Palette } from "../palette";

/** A word on the map at a place; of two that collide the one of lower rank stays. */
export interface Label {
  text: string;
  lng: number;
  lat: number;
  rank: number;
  look: "district" | "stop";
  fromZoom: number;
}

export type Drawn = Exclude<LayerSpecification, { type: "background" }>;

/** How one style of layer is drawn: one file a style. */
export interface LayerKind {
  /** Lower ranks lie below. */
  rank: number;
  prepare(features: FeatureCollection): FeatureCollection;
  paint(source: string, palette: Palette): Drawn[];
  labels(features: FeatureCollection, column: string | null, lang: Lang): Label[];
}

export type Properties = Record<string, unknown>;

/** Return the feature's properties; empty where it has none. */
export function properties(feature: Feature<Geometry | null>): Properties {
  return (feature.properties ?? {}) as Properties;
}

/** Return the first of the named properties that is text and not empty. */
export function textOf(feature: Feature<Geometry | null>, names: readonly string[]): string | null {
  const held = properties(feature);
  for (const name of names) if (typeof held[name] === "string" && held[name]) return held[name];
  return null;
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** Return the label's text: in English an English name or the pinyin where there is one, else the stated column's. */
export function labelText(feature: Feature<Geometry | null>, column: string | null, lang: Lang): string | null {
  const english = lang === "en" ? textOf(feature, ["name_en", "en", "pinyin"]) : null;
  return english ? capital(english) : textOf(feature, [...(column ? [column] : []), "name", "zh", "name_zh"]);
}
