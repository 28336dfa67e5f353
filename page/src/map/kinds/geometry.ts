import type { Geometry, Position } from "geojson";

type Ring = Position[];

/** Return the outer rings of a polygon or multipolygon; none of other geometries. */
export function outerRings(geometry: Geometry | null): Ring[] {
  if (geometry?.type === "Polygon") return geometry.coordinates.slice(0, 1);
  if (geometry?.type === "MultiPolygon") return geometry.coordinates.flatMap((rings) => rings.slice(0, 1));
  return [];
}

const xOf = (point: Position | undefined): number => point?.[0] ?? 0;
const yOf = (point: Position | undefined): number => point?.[1] ?? 0;

/** Return the ring's area in square degrees, whatever its direction. */
export function ringArea(ring: Ring): number {
  const doubled = ring.reduce((sum, point, i) => {
    const next = ring[(i + 1) % ring.length];
    return sum + xOf(point) * yOf(next) - xOf(next) * yOf(point);
  }, 0);
  return Math.abs(doubled) / 2;
}

/** Return the sum of the outer rings' areas, square degrees. */
export function area(geometry: Geometry | null): number {
  return outerRings(geometry).reduce((sum, ring) => sum + ringArea(ring), 0);
}

function crossings(ring: Ring, y: number): number[] {
  const found: number[] = [];
  ring.forEach((a, i) => {
    const b = ring[(i + 1) % ring.length];
    if (yOf(a) > y === yOf(b) > y) return;
    found.push(xOf(a) + ((y - yOf(a)) / (yOf(b) - yOf(a))) * (xOf(b) - xOf(a)));
  });
  return found.sort((a, b) => a - b);
}

/** Return a place well inside the largest part: the middle of its widest crossing at five heights. */
export function inside(geometry: Geometry | null): [number, number] | null {
  const ring = outerRings(geometry).sort((a, b) => ringArea(b) - ringArea(a))[0];
  if (!ring) return null;
  const ys = ring.map(yOf);
  const low = Math.min(...ys);
  const height = Math.max(...ys) - low;
  let best = { width: -1, x: 0, y: 0 };
  for (const share of [0.5, 0.42, 0.58, 0.35, 0.65]) {
    const y = low + height * share;
    const xs = crossings(ring, y);
    for (let i = 0; i + 1 < xs.length; i += 2) {
      const [left, right] = [xs[i] ?? 0, xs[i + 1] ?? 0];
      if (right - left > best.width * 1.15) best = { width: right - left, x: (left + right) / 2, y };
    }
  }
  return best.width < 0 ? null : [best.x, best.y];
}
