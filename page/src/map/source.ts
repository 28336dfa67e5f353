import type { Theme } from "../state/url";

type Draw = (theme: Theme | null) => HTMLCanvasElement | null;

let source: Draw = () => null;

/** Say who can draw the map's picture. */
export function setPictureSource(draw: Draw): void {
  source = draw;
}

/** Return the map as seen now, words included, in another theme if one is named; null while there is none. */
export function pictureNow(theme: Theme | null = null): HTMLCanvasElement | null {
  return source(theme);
}
