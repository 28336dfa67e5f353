/** A point in metres: x and z across the ground, y up. */
export interface Point {
  x: number;
  y: number;
  z: number;
}

export const MEASURES = ["distance", "area", "height"] as const;
export type Measure = (typeof MEASURES)[number];

/** Return the length of a line through points, m. */
export function lengthOf(points: readonly Point[]): number {
  return points.slice(1).reduce((sum, to, n) => {
    const from = points[n] ?? to;
    return sum + Math.hypot(to.x - from.x, to.y - from.y, to.z - from.z);
  }, 0);
}

/** Return the area of a polygon in space, m²: by Newell's method, as projected along its own normal. */
export function areaOf(points: readonly Point[]): number {
  const normal = { x: 0, y: 0, z: 0 };
  points.forEach((from, n) => {
    const to = points[(n + 1) % points.length] ?? from;
    normal.x += (from.y - to.y) * (from.z + to.z);
    normal.y += (from.z - to.z) * (from.x + to.x);
    normal.z += (from.x - to.x) * (from.y + to.y);
  });
  return Math.hypot(normal.x, normal.y, normal.z) / 2;
}

/** Return how much higher the highest of points is than the lowest, m. */
export function heightOf(points: readonly Point[]): number {
  const ups = points.map(({ y }) => y);
  return points.length ? Math.max(...ups) - Math.min(...ups) : 0;
}

/** Return what is measured and its unit. */
export function measured(kind: Measure, points: readonly Point[]): { value: number; unit: "m" | "m²" } {
  if (kind === "area") return { value: areaOf(points), unit: "m²" };
  return { value: kind === "height" ? heightOf(points) : lengthOf(points), unit: "m" };
}
