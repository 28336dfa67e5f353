import { calls } from "../api/calls";
import type { After } from "../api/pages";
import type { Alert, Datastream, Page } from "../api/types";
import { data, here, type Asked } from "./data";
import { inOrder } from "./streams";

/** The lists that the whole screen lives by: they are kept true by events, and go on when somebody wants more. */
interface Items {
  alerts: Alert;
  datastreams: Datastream;
}
type Key = keyof Items;

const CALLS: { [K in Key]: (after: After) => Promise<Page<Items[K]>> } = {
  alerts: calls.alerts,
  datastreams: calls.datastreams,
};
const ORDERS: { [K in Key]: (items: Items[K][]) => Items[K][] } = {
  alerts: (items) => items.sort((a, b) => Date.parse(b.opened) - Date.parse(a.opened)),
  datastreams: inOrder,
};
const LEAST: Record<Key, number> = { alerts: 1, datastreams: 5_000 };

/** Return a list from its first page on, as far as it was here before; note where it goes on. */
export async function list<K extends Key>(key: K): Promise<Items[K][]> {
  const most = Math.max(LEAST[key], known(key)?.length ?? 0);
  const found: Items[K][] = [];
  let after: After = null;
  do {
    const page: Page<Items[K]> = await CALLS[key](after);
    found.push(...page.items);
    after = page.next;
  } while (after !== null && found.length < most);
  data.set({ next: { ...data.value.next, [key]: after } });
  return joined(key, [], found);
}

/** Ask for the page after what is here, and add it. */
export async function more<K extends Key>(key: K): Promise<void> {
  const after = data.value.next[key];
  if (after === null) return;
  const page = await CALLS[key](after);
  const before = known(key);
  if (!before || data.value.next[key] !== after) return;
  data.set({
    next: { ...data.value.next, [key]: page.next },
    [key]: { state: "here", value: joined(key, before, page.items) },
  });
}

function known<K extends Key>(key: K): Items[K][] | null {
  return here(data.value[key] as Asked<Items[K][]>);
}

/** Return both in the list's order, each once: what is here already is the newer. */
function joined<K extends Key>(key: K, before: Items[K][], items: Items[K][]): Items[K][] {
  return ORDERS[key]([...new Map([...items, ...before].map((item) => [item.id, item])).values()]);
}
