import { type Camera, Vector2, type Vector3 } from "three";

const REACH_PX = 12;
/** Where it is looked for corners: where the hand is, and round about it, so that a corner is found from its outside too. */
const AROUND = [[0, 0], ...Array.from({ length: 8 }, (_, n) => [Math.cos((n * Math.PI) / 4), Math.sin((n * Math.PI) / 4)])] as [number, number][];

/** Return the corner that a hand at `at` (-1 to 1 both ways) means: the nearest in the picture, of the faces that are met there; null if none is near. */
export function cornerNear(at: Vector2, camera: Camera, [wide, high]: readonly [number, number], cornersAt: (at: Vector2) => readonly Vector3[]): Vector3 | null {
  let [nearest, best]: [number, Vector3 | null] = [REACH_PX, null];
  for (const [x, y] of AROUND) {
    for (const corner of cornersAt(new Vector2(at.x + (x * REACH_PX * 2) / wide, at.y + (y * REACH_PX * 2) / high))) {
      const seen = corner.clone().project(camera);
      const far = Math.hypot(((seen.x - at.x) * wide) / 2, ((seen.y - at.y) * high) / 2);
      if (far < nearest) [nearest, best] = [far, corner];
    }
  }
  return best;
}

/** Return where in a canvas a pointer is, -1 to 1 both ways, and whether the first of two moments is shown there: left of `divide`, in pictures of their own if `side`. */
export function placeIn(canvas: HTMLCanvasElement, event: MouseEvent, two: boolean, divide: number, side: boolean): { at: Vector2; first: boolean } {
  const { left, top, width, height } = canvas.getBoundingClientRect();
  const [x, y] = [event.clientX - left, event.clientY - top];
  const half = side ? width / 2 : width;
  const within = side && x >= half ? x - half : x;
  return { at: new Vector2((within / half) * 2 - 1, 1 - (y / height) * 2), first: two && x < (side ? half : width * divide) };
}
