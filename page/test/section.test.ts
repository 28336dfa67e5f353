import { describe, expect, test } from "vitest";
import { type Cutter, cutTriangle, facesOf, type Flat, spanOf, type Vector } from "../src/twin/section";

/** Twelve triangles of a box; without its floor ten. */
function box([x0, y0, z0]: Vector, [x1, y1, z1]: Vector, floor = true): [Vector, Vector, Vector][] {
  const at = (n: number): Vector => [n & 1 ? x1 : x0, n & 2 ? y1 : y0, n & 4 ? z1 : z0];
  const sides = [[0, 1, 3, 2], [4, 5, 7, 6], [0, 2, 6, 4], [1, 3, 7, 5], [2, 3, 7, 6], ...(floor ? [[0, 1, 5, 4]] : [])];
  return sides.flatMap(([a = 0, b = 0, c = 0, d = 0]): [Vector, Vector, Vector][] => [[at(a), at(b), at(c)], [at(a), at(c), at(d)]]);
}

function cut(triangles: [Vector, Vector, Vector][], cutter: Cutter): { area: number; holes: number }[] {
  const span = spanOf(cutter);
  const lines = triangles.map((each) => cutTriangle(each, cutter, span)).filter((each) => each !== null);
  const area = (ring: Flat[]): number => Math.abs(ring.reduce((sum, [u, v], n) => sum + u * (ring[(n + 1) % ring.length] as Flat)[1] - v * (ring[(n + 1) % ring.length] as Flat)[0], 0)) / 2;
  return facesOf(lines, Math.abs(cutter.n[1]) < 0.9).map(({ outline, holes }) => ({ area: area(outline) - holes.reduce((sum, each) => sum + area(each), 0), holes: holes.length }));
}

describe("what a plane cuts out of solids", () => {
  test("a box is cut level, upright and aslant, each with its true area", () => {
    const solid = box([0, 0, 0], [4, 3, 2]);
    expect(cut(solid, { n: [0, -1, 0], c: 1 })).toEqual([{ area: 8, holes: 0 }]);
    expect(cut(solid, { n: [1, 0, 0], c: -1 })[0]?.area).toBeCloseTo(6);
    const aslant = Math.SQRT1_2;
    expect(cut(solid, { n: [aslant, 0, aslant], c: -2 * aslant })[0]?.area).toBeCloseTo(3 * 2 * Math.SQRT2);
  });

  test("a building without a floor is closed where its floor would be, and not when it is cut level", () => {
    const shell = box([0, 0, 0], [4, 3, 2], false);
    expect(cut(shell, { n: [1, 0, 0], c: -1 })[0]?.area).toBeCloseTo(6);
    expect(cut(shell, { n: [0, -1, 0], c: 1 })[0]?.area).toBeCloseTo(8);
  });

  test("a courtyard is a hole, and what stands in it an area of its own", () => {
    const around = [...box([0, 0, 0], [10, 3, 10]), ...box([2, 0, 2], [8, 3, 8]), ...box([4, 0, 4], [5, 3, 5])];
    expect(cut(around, { n: [0, -1, 0], c: 1 }).map(({ area, holes }) => [Math.round(area), holes])).toEqual([[64, 1], [1, 0]]);
  });

  test("ground that is no solid is not filled", () => {
    const slope: [Vector, Vector, Vector][] = [[[0, 0, 0], [4, 2, 0], [0, 0, 4]], [[4, 2, 0], [4, 2, 4], [0, 0, 4]]];
    expect(cut(slope, { n: [0, 0, 1], c: -1 })).toEqual([]);
  });
});
