import { DEFAULT_VIEW, formatView, parseView, type Room, type View } from "./url";
import { Store } from "./store";

/** What this visitor's browser asks for where the address says nothing. */
function visitorDefaults(): View {
  const zh = navigator.language.toLowerCase().startsWith("zh");
  const dark = window.matchMedia("(prefers-color-scheme: dark)").matches;
  return { ...DEFAULT_VIEW, lang: zh ? "zh" : "en", theme: dark ? "night" : "paper" };
}

let base = DEFAULT_VIEW;

/** The one view; its address follows it, and it follows the address. */
export const view = new Store<View>(DEFAULT_VIEW);

/** Whether the view follows the address: a step back or forth is no new step. */
let following = false;

const STEPS: (keyof View)[] = ["room", "pick", "dataset", "table", "stream", "tab", "item"];

function writeAddress(now: View, before: View): void {
  const address = window.location.pathname + formatView(now, base);
  if (address === window.location.pathname + window.location.search) return;
  const step = !following && STEPS.some((key) => now[key] !== before[key]);
  window.history[step ? "pushState" : "replaceState"](null, "", address);
}

function dress(now: View): void {
  const root = document.documentElement;
  root.lang = now.lang === "zh" ? "zh-CN" : "en";
  root.dataset["theme"] = now.theme;
  root.dataset["room"] = now.room;
  root.toggleAttribute("data-kiosk", now.kiosk);
  root.toggleAttribute("data-elder", now.elder);
  root.toggleAttribute("data-embed", now.embed);
  root.toggleAttribute("data-sheet", now.room === "sensing" && now.stream !== null);
}

/** Read the view from the address and tie it to the address bar and the document's root; call once, before drawing. */
export function startView(): void {
  base = visitorDefaults();
  view.set(parseView(window.location.search, base));
  dress(view.value);
  view.listen((now, before) => {
    if (now.chart && now.dataset !== before.dataset && now.chart === before.chart) view.set({ chart: null }); // it was another dataset's
    writeAddress(now, before);
    dress(now);
  });
  window.addEventListener("popstate", () => {
    following = true;
    view.set(parseView(window.location.search, base));
    queueMicrotask(() => (following = false)); // the view's listeners are told in one before
  });
}

/** Go to a room; leaving a room closes what was open in it. */
export function goTo(room: Room): void {
  view.set({ room, table: null, dataset: null, stream: null, span: null, tab: null, item: null, ...(room === "twin" || view.value.room === "twin" ? { pick: null } : {}) });
}

/** Return whether a room has no use for the map, and lies over it. */
export function coversMap(room: Room): boolean {
  return room === "data" || room === "twin" || room === "work";
}
