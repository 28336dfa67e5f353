import { html, nothing, type TemplateResult } from "lit";
import type { Cell, Column } from "../api/types";
import { ABSENT, hasHan, isoIn, nameOf, zoneName } from "../format";
import type { Meanings } from "../state/codes";
import type { Lang } from "../state/url";

const LONGEST = 80;

/** Return a cell as text; geometry as its type, long text cut. */
export function cellText(value: Cell | undefined): string {
  if (value === null || value === undefined) return ABSENT;
  if (typeof value === "number") return String(Number(value.toPrecision(12)));
  if (typeof value !== "object") return cut(String(value));
  const { type } = value as { type?: unknown };
  return typeof type === "string" ? type : cut(JSON.stringify(value));
}

function cut(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

function heading(column: Column | string, lang: Lang): { name: string; title: string; unit: string } {
  if (typeof column === "string") return { name: column, title: column, unit: "" };
  return { name: column.name, title: nameOf(column.title, lang) || column.name, unit: column.unit ?? "" };
}

/** Return the rows with their moments in the city's zone, and the columns of moments saying which zone that is. */
export function inZone(
  columns: (Column | string)[],
  wire: { name: string; type: string }[],
  rows: Record<string, Cell>[],
  zone: string,
): { columns: (Column | string)[]; rows: Record<string, Cell>[] } {
  const moments = new Set(wire.filter(({ type }) => type === "TIMESTAMP WITH TIME ZONE").map(({ name }) => name));
  const local = (name: string, value: Cell): Cell => {
    const ms = moments.has(name) && typeof value === "string" ? Date.parse(value) : NaN;
    return Number.isNaN(ms) ? value : isoIn(ms, zone).slice(0, 19).replace("T", " ").replace(/:00$/, "");
  };
  const offsets = (name: string): string => {
    const named = new Set(rows.map((row) => Date.parse(String(row[name]))).filter((ms) => !Number.isNaN(ms)).map((ms) => zoneName(ms, zone)));
    return named.size === 1 ? [...named].join("") : zone;
  };
  return {
    columns: columns.map((column) => {
      const name = typeof column === "string" ? column : column.name;
      if (!moments.has(name)) return column;
      const told = typeof column === "string" ? { name, title: { zh: name, en: name }, type: "time" } : column;
      return { ...told, unit: offsets(name) };
    }),
    rows: rows.map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, local(name, value)]))),
  };
}

/** Return the columns of rows with the titles and units that the dataset's own columns state. */
export function titled(columns: { name: string; type: string }[], stated: Column[]): (Column | string)[] {
  return columns.map(({ name }) => stated.find((column) => column.name === name) ?? name);
}

function cell(text: string, numeric: boolean, lang: Lang, meaning: string): TemplateResult {
  const chinese = lang !== "zh" && hasHan(text);
  return html`<td class=${numeric ? "number" : ""} lang=${chinese ? "zh-CN" : nothing}>${text}${meaning ? html` <small>${meaning}</small>` : nothing}</td>`;
}

/** Return rows as a table, codes with their meanings, that scrolls inside itself and can be reached by keyboard. */
export function rowTable(
  columns: (Column | string)[],
  rows: Record<string, Cell>[],
  lang: Lang,
  meanings: Meanings | null = null,
): TemplateResult {
  const heads = columns.map((column) => heading(column, lang)).filter(({ name }) => !name.startsWith("_"));
  const numeric = (name: string): boolean => rows.some((row) => typeof row[name] === "number");
  return html`<div class="table" tabindex="0" role="region" aria-label=${heads.map(({ title }) => title).join(", ")}>
    <table>
      <thead>
        <tr>
          ${heads.map(({ name, title, unit }) => html`<th scope="col" title=${name} class=${numeric(name) ? "number" : ""}>${title}${unit ? html` <small>${unit}</small>` : ""}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) => html`<tr>
            ${heads.map(({ name }) => cell(cellText(row[name]), numeric(name), lang, nameOf(meanings?.get(name)?.get(String(row[name])), lang)))}
          </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}
