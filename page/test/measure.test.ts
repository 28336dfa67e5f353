import { describe, expect, it } from "vitest";
import { areaOf, heightOf, lengthOf, measured, partsOf, pathOf, tagsOf } from "../src/twin/measure";

const at = (x: number, y: number, z: number): { x: number; y: number; z: number } => ({ x, y, z });

describe("what is measured in the scene", () => {
  it("is a length along a line in space", () => {
    expect(lengthOf([at(0, 0, 0), at(3, 0, 4), at(3, 12, 4)])).toBe(17);
    expect(lengthOf([at(1, 1, 1)])).toBe(0);
  });

  it("is the area of a polygon, level, upright or aslant, whichever way round", () => {
    const level = [at(0, 5, 0), at(10, 5, 0), at(10, 5, 4), at(0, 5, 4)];
    expect(areaOf(level)).toBeCloseTo(40, 9);
    expect(areaOf(level.toReversed())).toBeCloseTo(40, 9);
    expect(areaOf([at(0, 0, 0), at(10, 0, 0), at(10, 3, 0), at(0, 3, 0)])).toBeCloseTo(30, 9);
    expect(areaOf([at(0, 0, 0), at(2, 0, 0), at(2, 3, 4), at(0, 3, 4)])).toBeCloseTo(10, 9);
    expect(areaOf([at(0, 0, 0), at(4, 0, 0), at(4, 0, 4), at(2, 0, 1), at(0, 0, 4)])).toBeCloseTo(10, 9);
  });

  it("is how much higher one point is than the others", () => {
    expect(heightOf([at(0, 3, 0), at(50, 21.5, 9), at(1, 7, 1)])).toBe(18.5);
    expect(measured("height", [])).toEqual({ value: 0, unit: "m" });
    expect(measured("area", []).unit).toBe("m²");
  });

  it("is told beside each part of a line, in the middle of an area and along a height, which goes straight up", () => {
    const line = [at(0, 0, 0), at(3, 0, 4), at(3, 12, 4)];
    expect(tagsOf("distance", line)).toEqual([{ at: at(1.5, 0, 2), value: 5, unit: "m" }, { at: at(3, 6, 4), value: 12, unit: "m" }]);
    expect(partsOf(line)).toEqual({ level: 5, rise: 12 });
    expect(tagsOf("area", [at(0, 0, 0), at(2, 0, 0), at(2, 0, 2), at(0, 0, 2)])).toEqual([{ at: at(1, 0, 1), value: 4, unit: "m²" }]);
    expect(pathOf("height", [at(5, 9, 0), at(0, 1, 0)])).toEqual([at(0, 1, 0), at(0, 9, 0), at(5, 9, 0)]);
    expect(tagsOf("height", [at(5, 9, 0), at(0, 1, 0)])).toEqual([{ at: at(0, 5, 0), value: 8, unit: "m" }]);
    expect(tagsOf("distance", [at(1, 1, 1)])).toEqual([]);
  });
});
