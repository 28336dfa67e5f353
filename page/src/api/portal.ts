import type { Cell, Names } from "./types";

/** What makes release `to` of release `from`. */
export interface DatasetDifference {
  key: string[];
  columns: { kind: "added" | "removed" | "retyped" | "renamed"; name: string }[];
  added: number;
  removed: number;
  changed: number;
  same: number;
  items: { key: Record<string, Cell>; change: "added" | "removed" | "changed"; cells: Record<string, { from?: Cell; to?: Cell }> }[];
  next: string | null;
}

export interface Standing {
  checks: { dimension: string; name: Names; score: number | null; least: number; passed: boolean }[];
  history: { release: number; recorded: string; scores: Record<string, number | null> }[];
  late: boolean;
  due: string | null;
}

/** A column of the data dictionary: its meaning, its rules, what was found in it. */
export interface DictionaryColumn {
  name: string;
  title: Names;
  definition: Names;
  clause: string | null;
  type: string;
  unit: string | null;
  key: boolean;
  required: boolean;
  unique: boolean;
  pattern: string | null;
  minimum: number | string | null;
  maximum: number | string | null;
  complete: number | null;
  distinct: number | null;
  found_minimum: number | string | null;
  found_maximum: number | string | null;
  code_list: ({ id: string } & Names) | null;
  codes: { code: string; name: Names }[];
  codes_total: number;
}

export interface Dictionary {
  columns: DictionaryColumn[];
}

/** How a dataset was used, by day (UTC); days without use are left out. */
export interface DatasetUse {
  days: number;
  items: { day: string; reads: number; downloads: number; queries: number; rows: number; bytes: number }[];
}

export interface Snippet {
  language: string;
  title: Names;
  code: string;
}

export interface Citation {
  text: Names;
  bibtex: string;
}

/** What somebody found wrong with a dataset, and what became of it. */
export interface Issue {
  id: string;
  state: "open" | "assigned" | "mended" | "closed" | "declined";
  text: string;
  column: string;
  assignee: string;
  opened: string;
  overdue: boolean;
}

/** A dataset shared on conditions, and the fields that may be asked for. */
export interface Offer {
  id: string;
  name: Names;
  summary: Names;
  provider: Names;
  condition: Names;
  fields: { name: string; title: Names }[];
}

export interface QueryAnswer {
  columns: { name: string; type: string }[];
  rows: Cell[][];
  truncated: boolean;
}
