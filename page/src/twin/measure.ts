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

/** Return how far a line goes over level ground, m, and how much higher its last point is than its first, m. */
export function partsOf(points: readonly Point[]): { level: number; rise: number } {
  const level = lengthOf(points.map(({ x, z }) => ({ x, y: 0, z })));
  return { level, rise: Math.round(((points.at(-1)?.y ?? 0) - (points[0]?.y ?? 0)) * 1000) / 1000 + 0 };
}

/** Return the corners of the line that is drawn for what is measured; a height goes straight up, then across. */
export function pathOf(kind: Measure, points: readonly Point[]): Point[] {
  if (kind === "area" && points.length > 2) return [...points, points[0] as Point];
  if (kind !== "height" || points.length < 2) return [...points];
  const [low, ...rest] = points.toSorted((a, b) => a.y - b.y) as [Point, ...Point[]];
  const top = rest.at(-1) as Point;
  return [low, { x: low.x, y: top.y, z: low.z }, top];
}

/** Return what is told in the picture and where: the length of each part of a line, the area in its middle, the height beside it. */
export function tagsOf(kind: Measure, points: readonly Point[]): { at: Point; value: number; unit: "m" | "m²" }[] {
  const middle = (of: readonly Point[]): Point => {
    const mean = (part: keyof Point): number => of.reduce((sum, each) => sum + each[part], 0) / of.length;
    return { x: mean("x"), y: mean("y"), z: mean("z") };
  };
  if (points.length < 2) return [];
  if (kind === "area") return points.length > 2 ? [{ at: middle(points), ...measured(kind, points) }] : [];
  if (kind === "height") return [{ at: middle(pathOf(kind, points).slice(0, 2)), ...measured(kind, points) }];
  return points.slice(1).map((to, n) => ({ at: middle([points[n] ?? to, to]), ...measured(kind, [points[n] ?? to, to]) }));
}
