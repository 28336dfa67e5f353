import type { Page } from "./types";

export type After = string | number | null;

/** Return the items of every page of a list, one page asked for after the other. */
export async function everyItem<T>(call: (after: After) => Promise<Page<T>>): Promise<T[]> {
  const found: T[] = [];
  let after: After = null;
  do {
    const page: Page<T> = await call(after);
    found.push(...page.items);
    after = page.next;
  } while (after !== null);
  return found;
}
