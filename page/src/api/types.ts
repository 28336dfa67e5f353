import type { Command } from "./network";

export type * from "./twin";

/** The shapes that `/api/v1` and `/events` answer with. Moments are ISO 8601 text with an offset. */

export interface Names {
  zh: string;
  en: string;
}

export interface Problem {
  type?: string;
  title: string;
  status: number;
  detail: string;
  where?: string | null;
  mend?: string | null;
  /** What would turn a refusal into leave. */
  needs?: string | null;
  /** The same in Chinese; a text is empty where it has no Chinese words. */
  zh?: { title?: string; detail: string; where: string; mend: string };
}

export interface Page<T> {
  items: T[];
  next: string | number | null;
}

export interface Subject {
  id: string;
  name: string;
  roles: string[];
}

export interface Clock {
  mode: "replay" | "live";
  now: string;
  speed: number;
  paused: boolean;
  start: string | null;
  end: string | null;
}

export type LayerStyle = "district" | "road" | "metro-line" | "metro-station";

export interface Layer {
  id: string;
  name: Names;
  dataset: string;
  geometry: "polygon" | "line" | "point";
  label_column: string | null;
  attribution: Names;
  licence: string;
  licence_name: Names;
  source: string;
  classification: string;
  style: LayerStyle;
}

/** A picture of the ground: `zooms` are the coarsest and the finest that have tiles. */
export interface ImageryLayer {
  id: string;
  name: Names;
  tiles: string;
  bounds: [number, number, number, number];
  zooms: [number, number];
  source: string;
  licence: string;
  licence_name: Names;
  classification: string;
}

export interface City {
  id: string;
  name: Names;
  area_code: string;
  extent: [number, number, number, number];
  time_zone: string;
  now: string;
  clock: Clock;
  version: string;
  observations: { count: number; first: string | null; last: string | null };
  subject: Subject | null;
  layers: Layer[];
  imagery: ImageryLayer[];
  themes: Term[];
  embedded_by: string[];
}

export interface Term extends Names {
  id: string;
}

export interface DatasetSummary {
  id: string;
  name: Names;
  summary: Names;
  theme: Term;
  format: string;
  provider: Names;
  state: string;
  licence: string;
  licence_name: Names;
  classification: string;
  rows: number | null;
  refused: number | null;
  updated: string | null;
  release: number | null;
  geometry: boolean;
  quality_score: number | null;
  bbox: number[] | null;
  needs?: "purpose" | "agreement" | null;
}

export interface FacetValue {
  value: string;
  name: Names;
  count: number;
}

export type FacetName = "theme" | "base" | "format" | "classification" | "sharing" | "opening" | "tag" | "update_cycle" | "provider" | "state";

export interface DatasetPage extends Page<DatasetSummary> {
  facets: Partial<Record<FacetName, FacetValue[]>>;
  total: number;
  /** What was meant, where nothing holds the words that were asked for. */
  did_you_mean: string | null;
}

export interface MetadataField {
  element: string;
  en: string;
  value: unknown;
}

export interface Column {
  name: string;
  title: Names;
  type: string;
  unit?: string | null;
  code_list?: string | null;
  required?: boolean;
}

export interface Release {
  number: number;
  recorded: string;
  rows: number;
  refused: number;
  bytes: number;
  sha256: string;
  source_name: string;
}

export interface Quality {
  rows: number;
  admitted: number;
  refused: number;
  completeness: Record<string, number>;
  rules: { rule: string; rule_name: Names; column: string | null; count: number; example?: unknown }[];
  notes: Names[];
}

export interface Dataset extends DatasetSummary {
  metadata: MetadataField[];
  columns: Column[];
  releases: Release[];
  /** Empty while there is no release. */
  quality: Partial<Quality>;
  attribution: Names;
  source: string;
}

export type Cell = string | number | boolean | null | object;

export interface Rows extends Page<Record<string, Cell>> {
  columns: { name: string; type: string }[];
  total: number;
  release: number;
}

export interface RefusedRow {
  row: number;
  column: string | null;
  value: Cell;
  rule: string;
  rule_name: Names;
  mend: string;
  mend_zh: string;
}

export interface Lineage {
  nodes: { id: string; kind: string; name: Names | null }[];
  edges: { source: string; target: string; activity: string; activity_name: Names; recorded: string }[];
}

export interface Unit {
  code: string;
  symbol: string;
  zh: string;
  en: string;
}

export interface Reading {
  time: string;
  value: number | null;
  quality: string;
}

export interface Datastream {
  id: string;
  number: number;
  name: Names;
  thing: { id: string; name: Names; lon: number; lat: number };
  observed_property: string;
  unit: Unit;
  period_s: number;
  classification: string;
  latest: Reading | null;
}

export interface Series {
  datastream: string;
  unit: Unit;
  time_zone: string;
  items: Reading[];
  next: string | null;
  downsampled: boolean;
}

export interface Indicator {
  id: string;
  name: Names;
  unit: Unit;
  value: number | null;
  moment: string | null;
  quality: string;
  /** Ids with their kind before them, as in `dataset:districts`. */
  sources: string[];
  formula: Names;
  missing: Names;
  standard: string;
}

export interface IndicatorHistory extends Indicator {
  items: { moment: string; value: number | null; quality: string }[];
}

export type Severity = "blue" | "yellow" | "orange" | "red";
export type AlertState = "pending" | "firing" | "cleared" | "closed";

export interface Alert {
  id: string;
  scene: string;
  rule: string;
  resource: string;
  severity: Severity;
  state: AlertState;
  text: Names;
  opened: string;
  fired: string | null;
  cleared: string | null;
  acknowledged: string | null;
  acknowledged_by: string | null;
  closed: string | null;
  closed_by: string | null;
  value: number | null;
  detail: Record<string, unknown>;
}

export interface AqiClass extends Names {
  level: number;
  colour: string;
}

export interface AirStation {
  /** Whether it stands for clean air outside the city and is left out of the city's means. */
  background: boolean;
  thing: string;
  name: Names;
  lon: number;
  lat: number;
  aqi: number | null;
  class: AqiClass | null;
  primary: string | string[] | null;
  iaqi: Record<string, number | null>;
  values: Record<string, number | null>;
}

export interface Forecast {
  variable: string;
  unit: Unit | string;
  model: Names;
  backtest: Record<string, number | string | null>;
  items: { time: string; value: number | null; low: number | null; high: number | null }[];
}

export interface SceneSpec {
  id: string;
  name: Names;
  reads: string[];
  writes: string[];
  units: Record<string, unknown>;
  citation: Names;
  period_s: number;
}

export interface AirReport {
  spec: SceneSpec;
  moment: string;
  result: {
    city: { aqi: number | null; class: AqiClass | null; primary: string | string[] | null };
    stations: AirStation[];
    forecast: Forecast | null;
    advice: { audience: Names | string; zh: string; en: string; citation: Names }[];
    alert: string | null;
    notes: (Names | string)[];
  };
}

export interface Job {
  id: string;
  kind: string;
  state: "queued" | "running" | "done" | "failed" | "cancelled";
  progress: number;
  error: Problem | null;
  result: Record<string, unknown> | null;
  created: string;
  updated: string;
}

export interface Code extends Names {
  code: string;
  parent: string;
  valid_from: string | null;
  valid_to: string | null;
  properties: Record<string, string>;
}

export interface CodePage extends Page<Code> {
  of: { id: string; standard: string; edition: string; source: string; licence: string; title_zh: string; title_en: string };
}

export interface CityEvents {
  clock: { now: string; speed: number; paused: boolean };
  observations: { time: string; items: { datastream: number | string; value: number | null; quality: string }[] };
  alert: { alert: Alert };
  indicator: { id: string; value: number | null; moment: string };
  job: Job;
  command: Command;
  catalogue: { dataset: string; kind: string };
  twin: { model: string; version: number };
}
