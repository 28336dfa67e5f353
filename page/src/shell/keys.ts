import { data } from "../state/data";
import type { Room } from "../state/url";
import { undo } from "../state/undo";
import { goTo, view } from "../state/view";

const DOORS: Record<string, Room> = { o: "overview", d: "data", s: "sensing", a: "operations", t: "twin", w: "work" };
const CHORD_MS = 1_200;
let chordUntil = 0;

function typing(event: KeyboardEvent): boolean {
  const target = event.target as HTMLElement | null;
  return !!target?.closest("input:not([type=range]):not([type=checkbox]), select, textarea, dialog");
}

function escape(): void {
  if (data.value.dialog) return;
  if (view.value.table) view.set({ table: null });
  else if (view.value.stream) view.set({ stream: null, span: null });
  else if (view.value.kiosk) view.set({ kiosk: false });
}

const KEYS: Record<string, (event: KeyboardEvent) => void> = {
  "/": (event) => {
    event.preventDefault();
    document.querySelector<HTMLInputElement>("#search")?.focus();
  },
  "?": () => data.set({ dialog: "help" }),
  g: () => (chordUntil = Date.now() + CHORD_MS),
  l: () => view.set({ at: null }),
  t: () => view.set({ theme: view.value.theme === "paper" ? "night" : "paper" }),
  b: () => view.set({ elder: !view.value.elder }),
  u: undo,
  e: () => view.set({ lang: view.value.lang === "zh" ? "en" : "zh" }),
  Escape: escape,
};

function onKey(event: KeyboardEvent): void {
  if ((event.ctrlKey || event.metaKey) && event.key === "z" && !typing(event)) return undo();
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event)) return;
  const room = Date.now() < chordUntil ? DOORS[event.key] : undefined;
  chordUntil = 0;
  if (room) goTo(room);
  else KEYS[event.key]?.(event);
}

/** Listen to the page's keys; call once. */
export function startKeys(): void {
  document.addEventListener("keydown", onKey);
}
