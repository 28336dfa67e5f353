let source: () => HTMLCanvasElement | null = () => null;

/** Say who can draw the map's picture. */
export function setPictureSource(draw: () => HTMLCanvasElement | null): void {
  source = draw;
}

/** Return the map as seen now, words included, or null while there is none. */
export function pictureNow(): HTMLCanvasElement | null {
  return source();
}
