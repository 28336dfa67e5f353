import { view } from "../state/view";
import { en } from "./en";
import type { zhLater } from "./later";
import { zh } from "./zh";

export type Key = keyof typeof zh | keyof typeof zhLater;
type Table = Record<string, string>;
const TABLES: { zh: Table; en: Table } = { zh: { ...zh }, en: { ...en } };

/** Add the messages of a part of the page that is fetched later. */
export function add(chinese: Table, english: Table): void {
  Object.assign(TABLES.zh, chinese);
  Object.assign(TABLES.en, english);
}

/** Return a table's message with `{name}` replaced by the values, and `{name|one|many}` by the word for so many. */
export function fill(message: string, values: Record<string, string | number> = {}): string {
  const worded = message.replace(/\{(\w+)\|([^|}]*)\|([^|}]*)\}/g, (_, name: string, one: string, many: string) => (String(values[name]) === "1" ? one : many));
  return worded.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** Return the message of a key in the language of the view. */
export function t(key: Key, values?: Record<string, string | number>): string {
  return fill(TABLES[view.value.lang][key] ?? key, values);
}

/** Return the message of a key made at run time, or the text itself where no such key is. */
export function tOr(key: string, text: string): string {
  return key in TABLES.zh ? t(key as Key) : text;
}
