import type { Camera, Vector3 } from "three";

/** An element that is kept over a place in the scene; one that `yields` is hidden where another stands already. */
export interface Pin {
  element: HTMLElement;
  at: Vector3;
  yields: boolean;
}

const COVERED_PX = [110, 20] as const; // of the canvas that a pin covers, about

/** Keep pins over their places in a canvas as a camera sees them; none where the canvas shows two pictures. */
export function hang(pins: readonly Pin[], camera: Camera, { clientWidth, clientHeight }: HTMLCanvasElement, single: boolean): void {
  const taken: [number, number][] = [];
  for (const { element, at, yields } of pins) {
    const seen = at.clone().project(camera);
    const [x, y] = [((seen.x + 1) / 2) * clientWidth, ((1 - seen.y) / 2) * clientHeight];
    const covered = taken.some((other) => Math.abs(other[0] - x) < COVERED_PX[0] && Math.abs(other[1] - y) < COVERED_PX[1]);
    element.hidden = seen.z > 1 || !single || (yields && covered);
    if (!element.hidden) taken.push([x, y]);
    element.style.transform = `translate(${x}px, ${y}px)`;
  }
}
