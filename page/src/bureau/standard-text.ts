import type { StandardSummary } from "../api/bureau";

/** One element of a standard as it is written into the form. */
export interface Line {
  id: string;
  zh: string;
  en: string;
  type: string;
  unit: string;
  minimum: string;
  maximum: string;
  key: boolean;
  required: boolean;
}

export type Head = Record<"id" | "title_zh" | "title_en" | "kind" | "theme" | "source", string>;

export const TYPES = ["text", "integer", "number", "boolean", "date", "time", "category", "geometry"] as const;
const NUMERIC = new Set(["integer", "number"]);

/** Return a text between quotes, as TOML has it. */
function quoted(text: string): string {
  return JSON.stringify(text);
}

/** Return a standard of one edition as the TOML that is registered; an element's names stand for its definition until one is written. */
export function standardText(head: Head, lines: readonly Line[]): string {
  const title = head.title_en || head.title_zh;
  const top = [
    `id = ${quoted(head.id)}`, "edition = 1", `title_zh = ${quoted(head.title_zh)}`, `title_en = ${quoted(title)}`,
    `kind = ${quoted(head.kind)}`, `theme = ${quoted(head.theme)}`,
    `summary_zh = ${quoted(head.title_zh)}`, `summary_en = ${quoted(title)}`, `source = ${quoted(head.source)}`,
  ];
  return `${[top, ...lines.map((line) => element(line, head.source))].map((each) => each.join("\n")).join("\n\n")}\n`;
}

function element(line: Line, source: string): string[] {
  const english = line.en || line.id.replaceAll("_", " ");
  const numeric = NUMERIC.has(line.type);
  return [
    `[elements.${line.id}]`, `zh = ${quoted(line.zh)}`, `en = ${quoted(english)}`,
    `definition_zh = ${quoted(line.zh)}`, `definition_en = ${quoted(english)}`, `type = ${quoted(line.type)}`,
    ...(numeric && line.unit ? [`unit = ${quoted(line.unit)}`] : []),
    ...(numeric && line.minimum ? [`minimum = ${line.minimum}`] : []),
    ...(numeric && line.maximum ? [`maximum = ${line.maximum}`] : []),
    ...(line.key ? ["key = true"] : []), ...(line.key || line.required ? ["required = true"] : []),
    `source = ${quoted(source)}`,
  ];
}

/** Return the text of a standard as the beginning of another: of a shipped one under an id of the city's own, of the city's own its next edition. */
export function begunFrom(text: string, { id, edition, shipped }: StandardSummary): string {
  const [name, next] = shipped ? [`city_${id}`, 1] : [id, edition + 1];
  return text.replace(/^id = .*$/m, `id = ${quoted(name)}`).replace(/^edition = .*$/m, `edition = ${next}`);
}
