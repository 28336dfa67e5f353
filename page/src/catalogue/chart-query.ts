import type { Column } from "../api/types";

export const MEASURES = ["count", "avg", "sum", "min", "max"] as const;
export type Measure = (typeof MEASURES)[number];
export const STEPS = ["hour", "day", "month", "year"] as const;
export type Step = (typeof STEPS)[number];

/** What a chart shows: a measure of a column, by another column. */
export interface Wish {
  by: string;
  measure: Measure;
  of: string;
  step: Step;
}

const BARS = 24;
const MOMENTS = 2000;
const NUMERIC = new Set(["integer", "number"]);
const TIMED = new Set(["time", "date"]);

export function isNumeric(column: Column | undefined): boolean {
  return NUMERIC.has(column?.type ?? "");
}

export function isTimed(column: Column | undefined): boolean {
  return TIMED.has(column?.type ?? "");
}

/** What charts go by most readily, first. */
const READILY = ["time", "date", "category", "boolean", "text", "integer", "number"];

/** Return the columns that a chart can go by: moments first, then what has few values, then the others. */
export function byColumns(columns: Column[]): Column[] {
  return READILY.flatMap((kind) => columns.filter(({ type }) => type === kind));
}

/** Return what is charted before anybody chose: the mean of a measured column through time, else how many rows there are. */
export function firstWish(columns: Column[]): Wish | null {
  const by = byColumns(columns)[0];
  if (!by) return null;
  const of = columns.find((column) => isNumeric(column) && column.unit) ?? columns.find(isNumeric);
  return { by: by.name, measure: of && isTimed(by) ? "avg" : "count", of: of?.name ?? "", step: "day" };
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Return the SELECT that answers a wish: its rows are (by, value), moments rising, else the greatest first. */
export function chartSql(dataset: string, columns: Column[], wish: Wish): string {
  const by = columns.find(({ name }) => name === wish.by);
  const value = wish.measure === "count" || !wish.of ? "count(*)" : `${wish.measure}(${quoted(wish.of)})`;
  const from = `FROM ${quoted(dataset)} WHERE ${quoted(wish.by)} IS NOT NULL`;
  if (isTimed(by)) return `SELECT date_trunc('${wish.step}', ${quoted(wish.by)}) AS "by", ${value} AS "value" ${from} GROUP BY 1 ORDER BY 1 LIMIT ${MOMENTS}`;
  return `SELECT ${quoted(wish.by)} AS "by", ${value} AS "value" ${from} GROUP BY 1 ORDER BY 2 DESC NULLS LAST, 1 LIMIT ${BARS}`;
}
