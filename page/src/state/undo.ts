import { Store } from "./store";
import type { View } from "./url";
import { view } from "./view";

interface Step {
  words: string;
  before: Partial<View>;
}

const MOST = 20;

/** What can be taken back, the last first; `shown` is whether the bar that offers it is up. */
export const steps = new Store<{ list: Step[]; shown: boolean }>({ list: [], shown: false });

/** Change the view so that it can be taken back; the words say what was done. */
export function changeView(words: string, change: Partial<View>): void {
  const keys = Object.keys(change) as (keyof View)[];
  const before = Object.fromEntries(keys.map((key) => [key, view.value[key]])) as Partial<View>;
  steps.set({ list: [{ words, before }, ...steps.value.list].slice(0, MOST), shown: true });
  view.set(change);
}

/** Take the last change back; nothing where there is none. */
export function undo(): void {
  const [last, ...rest] = steps.value.list;
  if (!last) return;
  view.set(last.before);
  steps.set({ list: rest, shown: rest.length > 0 && steps.value.shown });
}

/** Take the bar away; what was done can still be taken back by key. */
export function hideUndo(): void {
  steps.set({ shown: false });
}

/** Take the bar away when the person goes elsewhere; call once. */
export function startUndo(): void {
  view.listen((now, before) => {
    if (now.room !== before.room || now.dataset !== before.dataset) hideUndo();
  });
}
