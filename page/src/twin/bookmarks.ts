import type { Mark } from "../state/twin-url";
import { formatView, parseView } from "../state/url";
import { view } from "../state/view";

const KEY = "lifang:twin-bookmarks";

function kept(): Mark[] {
  try {
    const found = JSON.parse(window.localStorage.getItem(KEY) ?? "[]") as [string, string][];
    return found.map(([name, query]) => ({ name, query }));
  } catch {
    return [];
  }
}

/** Return the views that this browser keeps, then those that came with the address and are not kept yet. */
export function bookmarks(): Mark[] {
  const own = kept();
  return [...own, ...view.value.twin.marks.filter(({ query }) => !own.some((each) => each.query === query))];
}

/** Keep these views in this browser; the address has them too if it had any. */
export function keepBookmarks(marks: readonly Mark[]): void {
  window.localStorage.setItem(KEY, JSON.stringify(marks.map(({ name, query }) => [name, query])));
  if (view.value.twin.marks.length) carryBookmarks(marks);
}

/** Have the address carry views, so that whoever it is sent to has them. */
export function carryBookmarks(marks: readonly Mark[]): void {
  view.set({ twin: { ...view.value.twin, marks: [...marks] } });
}

/** Return the present view as a bookmark. */
export function bookmarkOf(name: string): Mark {
  return { name, query: formatView({ ...view.value, twin: { ...view.value.twin, marks: [] } }) };
}

/** Show what a bookmark shows, flying there; language, theme and bookmarks stay. */
export function visitBookmark({ query }: Mark): void {
  const { at, by, pick, twin } = parseView(query, view.value);
  view.set({ at, by, pick, twin: { ...twin, marks: view.value.twin.marks } });
}
