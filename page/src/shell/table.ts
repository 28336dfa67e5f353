import { html, nothing, type TemplateResult } from "lit";
import type { Cell, Column } from "../api/types";
import { ABSENT, hasHan, nameOf } from "../format";
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
