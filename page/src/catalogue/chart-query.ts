import type { Column } from "../api/types";

export const MEASURES = ["count", "avg", "sum", "min", "max"] as const;
export type Measure = (typeof MEASURES)[number];
export const STEPS = ["hour", "day", "month", "year"] as const;
export type Step = (typeof STEPS)[number];
export const FORMS = ["line", "bars", "points"] as const;
export type Form = (typeof FORMS)[number];

/** What a chart shows: a measure of a column, by another column; apart by a third; of the rows alone in which a fourth `is` something. */
export interface Wish {
  form: Form;
  by: string;
  measure: Measure;
  of: string;
  step: Step;
  /** Column whose values are drawn apart; "": none. */
  apart: string;
  /** Column and value that rows must have; "": all rows. */
  where: string;
  is: string;
}

const BARS = 24;
const MOMENTS = 2000;
const POINTS = 2000;
export const APART = 8;
const CHOICES = 60;
const NUMERIC = new Set(["integer", "number"]);
const TIMED = new Set(["time", "date"]);
const NAMING = new Set(["category", "boolean", "text"]);

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

/** Return the columns whose values name things: what is drawn apart or left out by them. */
export function namingColumns(columns: Column[]): Column[] {
  return byColumns(columns).filter(({ type }) => NAMING.has(type));
}

/** Return the forms in which a column can be charted by another: lines and points need what rises. */
export function formsBy(by: Column | undefined, columns: Column[]): Form[] {
  if (!isTimed(by) && !isNumeric(by)) return ["bars"];
  const measured = columns.some((column) => isNumeric(column) && column.name !== by?.name);
  return measured ? [...FORMS] : ["line", "bars"];
}

/** Return what is charted before anybody chose: the mean of a measured column through time, else how many rows there are.
 *
 * A category of listed codes beside the moments tells what is measured: its values are drawn apart, never mixed into one mean. */
export function firstWish(columns: Column[]): Wish | null {
  const by = byColumns(columns)[0];
  if (!by) return null;
  const of = columns.find((column) => isNumeric(column) && column.unit) ?? columns.find(isNumeric);
  const mixed = isTimed(by) && of && !of.unit ? columns.find(({ type, code_list }) => type === "category" && code_list) : undefined;
  const measure = of && isTimed(by) ? "avg" : "count";
  return { form: isTimed(by) ? "line" : "bars", by: by.name, measure, of: of?.name ?? "", step: "day", apart: mixed?.name ?? "", where: "", is: "" };
}

/** Return a wish as the text that an address carries. */
export function wishText(wish: Wish): string {
  return new URLSearchParams(Object.entries(wish).filter(([, value]) => value)).toString();
}

/** Return the wish that a text states, where it fits the columns; what it lacks or misstates is as at first. */
export function wishOf(text: string | null, columns: Column[]): Wish | null {
  const first = firstWish(columns);
  if (!first || !text) return first;
  const said = new URLSearchParams(text);
  const named = (key: string, among: Column[], none: string): string => among.find(({ name }) => name === said.get(key))?.name ?? none;
  const by = columns.find(({ name }) => name === named("by", byColumns(columns), first.by));
  const forms = formsBy(by, columns);
  const form = forms.find((each) => each === said.get("form")) ?? forms[0] ?? "bars";
  const numeric = columns.filter(isNumeric);
  const measured = form === "points" ? numeric.filter(({ name }) => name !== by?.name) : numeric;
  const measure = MEASURES.find((each) => each === said.get("measure")) ?? "count";
  const where = named("where", namingColumns(columns), "");
  return {
    form,
    by: by?.name ?? first.by,
    measure: measured.length ? measure : "count",
    of: named("of", measured, measured[0]?.name ?? ""),
    step: STEPS.find((each) => each === said.get("step")) ?? "day",
    apart: named("apart", namingColumns(columns).filter((column) => column !== by), ""),
    where,
    is: where ? (said.get("is") ?? "") : "",
  };
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** Return the SELECT that tells the commonest values of a column, with how many rows each has. */
export function choicesSql(dataset: string, column: string): string {
  return `SELECT CAST(${quoted(column)} AS VARCHAR) AS "value", count(*) AS "rows" FROM ${quoted(dataset)} WHERE ${quoted(column)} IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ${CHOICES}`;
}

/** Return the SELECT that answers a wish: its rows are (by, value, apart), moments and numbers rising, else the greatest first. */
export function chartSql(dataset: string, columns: Column[], wish: Wish): string {
  const by = columns.find(({ name }) => name === wish.by);
  const table = quoted(dataset);
  const kept = [`${quoted(wish.by)} IS NOT NULL`];
  if (wish.where && wish.is) kept.push(`CAST(${quoted(wish.where)} AS VARCHAR) = ${literal(wish.is)}`);
  const filter = kept.join(" AND ");
  if (wish.apart) kept.push(`${quoted(wish.apart)} IN (SELECT ${quoted(wish.apart)} FROM ${table} WHERE ${filter} GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT ${APART})`);
  const apart = wish.apart ? `, CAST(${quoted(wish.apart)} AS VARCHAR) AS "apart"` : "";
  if (wish.form === "points") {
    return `SELECT ${quoted(wish.by)} AS "by", ${quoted(wish.of)} AS "value"${apart} FROM ${table} WHERE ${kept.join(" AND ")} AND ${quoted(wish.of)} IS NOT NULL USING SAMPLE reservoir(${POINTS} ROWS) REPEATABLE (1)`;
  }
  const value = wish.measure === "count" || !wish.of ? "count(*)" : `${wish.measure}(${quoted(wish.of)})`;
  const rising = isTimed(by) || isNumeric(by);
  if (!rising && wish.apart) {
    kept.push(`${quoted(wish.by)} IN (SELECT ${quoted(wish.by)} FROM ${table} WHERE ${kept.join(" AND ")} GROUP BY 1 ORDER BY ${value} DESC NULLS LAST, 1 LIMIT ${BARS})`);
  }
  const key = isTimed(by) ? `date_trunc('${wish.step}', ${quoted(wish.by)})` : quoted(wish.by);
  const order = rising ? "1" : "2 DESC NULLS LAST, 1";
  const most = rising ? MOMENTS : wish.apart ? BARS * APART : BARS;
  return `SELECT ${key} AS "by", ${value} AS "value"${apart} FROM ${table} WHERE ${kept.join(" AND ")} GROUP BY 1${wish.apart ? ", 3" : ""} ORDER BY ${order}${wish.apart ? ", 3" : ""} LIMIT ${most * (rising && wish.apart ? APART : 1)}`;
}
