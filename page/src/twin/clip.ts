import { BufferGeometry, Float32BufferAttribute, type Plane, Vector3 } from "three";
import { cornersOf } from "./meshes";

/** A corner with all that it has: its place first. */
type Corner = number[];

/** Return what of points, lines or triangles (of 1, 2 or 3 corners) lies before all planes; where they are cut, corners have what lies between. Null stands for nothing. */
export function clipped(geometry: BufferGeometry, planes: readonly Plane[], corners: 1 | 2 | 3): BufferGeometry | null {
  const names = ["position", ...Object.keys(geometry.attributes).filter((name) => name !== "position")];
  const parts = names.map((name) => geometry.getAttribute(name));
  const index = cornersOf(geometry);
  const kept: Corner[] = [];
  for (let n = 0; n < index.length; n += corners) {
    const shape = index.slice(n, n + corners).map((at) => parts.flatMap((part) => Array.from({ length: part.itemSize }, (_, which) => part.getComponent(at, which))));
    const left = planes.reduce((now, plane) => before(now, plane, corners === 3), shape);
    if (corners < 3) kept.push(...left);
    else for (let at = 1; at < left.length - 1; at++) kept.push(left[0] as Corner, left[at] as Corner, left[at + 1] as Corner);
  }
  if (!kept.length) return null;
  const made = new BufferGeometry();
  let from = 0;
  parts.forEach(({ itemSize }, n) => {
    const [begin, end] = [from, (from += itemSize)];
    made.setAttribute(names[n] as string, new Float32BufferAttribute(kept.flatMap((corner) => corner.slice(begin, end)), itemSize));
  });
  return made;
}

/** Return the part of a convex shape before a plane (Sutherland and Hodgman, 1974); a closed one goes on from its last corner to its first. */
function before(shape: readonly Corner[], plane: Plane, closed: boolean): Corner[] {
  const far = shape.map(([x = 0, y = 0, z = 0]) => plane.distanceToPoint(new Vector3(x, y, z)));
  return shape.flatMap((corner, n) => {
    const own = far[n] as number;
    const next = shape[n + 1] ?? (closed ? shape[0] : undefined);
    const its = far[n + 1] ?? (far[0] as number);
    const found = own >= 0 ? [corner] : [];
    if (next && own * its < 0) found.push(corner.map((value, at) => value + (own / (own - its)) * ((next[at] as number) - value)));
    return found;
  });
}
