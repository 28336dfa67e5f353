import { view } from "../state/view";
import { en } from "./en";
import { zh, type Key } from "./zh";

export type { Key };
const TABLES = { zh, en };

/** Return a table's message with `{name}` replaced by the values. */
export function fill(message: string, values: Record<string, string | number> = {}): string {
  return message.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** Return the message of a key in the language of the view. */
export function t(key: Key, values?: Record<string, string | number>): string {
  return fill(TABLES[view.value.lang][key], values);
}

/** Return the message of a key made at run time, or the text itself where no such key is. */
export function tOr(key: string, text: string): string {
  return key in zh ? t(key as Key) : text;
}
