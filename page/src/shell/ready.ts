declare global {
  interface Window {
    lifangReady: boolean;
  }
}

const open = new Set<string>(["boot"]);
let frame = 0;

function show(ready: boolean): void {
  window.lifangReady = ready;
  document.documentElement.dataset["ready"] = String(ready);
}

function settle(): void {
  window.cancelAnimationFrame(frame);
  if (open.size > 0) return show(false);
  frame = window.requestAnimationFrame(() => {
    frame = window.requestAnimationFrame(() => show(open.size === 0));
  });
}

let everReady = false;

/** What the screen still waits for; the page is ready two frames after the last of it came. */
export const pending = {
  add(name: string): void {
    if (everReady && !["map", "catalogue", "sensing", "twin", "extent", "work", "work-list"].includes(name)) return;
    open.add(name);
    settle();
  },
  /** The screen is all there is until the person answers: only the map is still waited for. */
  untilAnswered(): void {
    for (const name of open) if (name !== "map" && name !== "boot") this.delete(name);
  },
  delete(name: string): void {
    if (!open.delete(name)) return;
    if (open.size === 0) everReady = true;
    settle();
  },
};
