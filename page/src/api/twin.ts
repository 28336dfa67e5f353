import type { Names } from "./types";

/** The shapes that the routes of the twin answer with. */

export interface CityObject {
  id: string;
  model: string;
  kind: string;
  kind_name: Names;
  category: Names;
  level: number;
  stage: Names;
  parent: string | null;
  name: string;
  bbox: number[];
  bottom_m: number;
  top_m: number;
  length_m: number | null;
  properties: Record<string, unknown>;
  valid_from: string;
  valid_to: string | null;
  recorded: string;
}

export interface About {
  object: CityObject;
  whole: CityObject | null;
  parts: CityObject[];
}

/** The latest value of a datastream that is bound to an object. */
export interface TwinLive {
  object: string;
  role: string;
  datastream: string;
  name: Names;
  observed_property: string;
  unit: string;
  unit_symbol: string;
  time: string | null;
  value: number | null;
  quality: string | null;
  quality_name: Names | null;
  age_s: number | null;
  simulated: boolean;
}

/** What an object leads to, or what leads to it. */
export interface TwinLink {
  kind: string;
  kind_name: Names;
  out: boolean;
  end: { kind: string; id: string; name: Names };
  role: string;
  source: string;
  valid_from: string;
  valid_to: string | null;
}

export interface Everything extends About {
  versions: CityObject[];
  links: TwinLink[];
  live: TwinLive[];
  rows: { dataset: string; key: string; row: Record<string, unknown> }[];
}

/** Which objects of two models clash: a negative gap is how deep they share space, m. */
export interface TwinClashes {
  one: string;
  other: string;
  at: string;
  checked: string;
  tolerance_m: number;
  clearance_m: number;
  compared: number[];
  hard: number;
  near: number;
  items: { one: string; other: string; gap_m: number; at: number[] }[];
}

/** What the checks found in a model when it last came in. */
export interface TwinExamination {
  checked: string;
  refused: number;
  warnings: number;
  rules: { rule: string; rule_zh: string; severity: string; count: number }[];
  faults: { object: string; rule: string; what: string; mend: string; severity: string; zh: Record<"rule" | "what" | "mend", string> }[];
}

/** What is read of a tileset: where its objects are, and how many of which class. */
export interface TwinExtent {
  asset: { extras: { box: [number, number, number, number]; classes: (Names & { id: string; count: number })[] } };
  root: { boundingVolume: { region: number[] } };
}

/** What the city would be: models that stand in it alone, objects that are gone in it. */
export interface TwinScenario {
  id: string;
  name: Names;
  models: string[];
  removes: string[];
  classification: string;
  /** Since when the city is planned to be so, if it was adopted. */
  adopted: string | null;
}

/** A perspective view: degrees and metres of the eye and of what it looks at, and the objects that it is about. */
export interface TwinSight {
  eye: number[];
  target: number[];
  field_of_view: number;
  selection: string[];
  shown: boolean;
  exceptions: string[];
}

/** What somebody has to say about a view of the twin. */
export interface TwinTopic {
  guid: string;
  title: string;
  description: string;
  author: string;
  created: string;
  kind: string;
  status: string;
  view: TwinSight | null;
  pictured: boolean;
  link: string;
  classification: string;
}

/** How two models, or two versions of one, differ by shape. */
export interface TwinComparison {
  counts: Partial<Record<"same" | "moved" | "changed" | "only_one" | "only_other", number>>;
  pairs: {
    one: string;
    other: string;
    change: "same" | "moved" | "changed";
    /** How far a corner of one lies from the surface of the other at most, m. */
    apart_m: number | null;
    /** East, north, up, m. */
    moved_m: [number, number, number];
    volume_m3: [number | null, number | null] | null;
    /** Names of those that only one has, or that have other values. */
    properties: string[];
  }[];
  only_one: string[];
  only_other: string[];
}

export type TwinChange = "added" | "removed" | "moved" | "changed";

export interface TwinDifference {
  counts: Partial<Record<TwinChange, number>>;
  items: { id: string; change: TwinChange }[];
}

export interface TwinModel {
  id: string;
  title: Names;
  source: string;
  licence: string;
  generated: boolean;
  count: number;
}

export interface TwinProperty {
  name: string;
  count: number;
  numbers: number;
  steps: number[];
  values: string[];
}
