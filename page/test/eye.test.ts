import { PerspectiveCamera, Vector2, Vector3 } from "three";
import { describe, expect, it } from "vitest";
import { turnedBy } from "../src/twin/keys";
import { bearingOf, cutAlong, planeOf } from "../src/twin/planes";
import { cornerNear } from "../src/twin/snap";

/** A scene at the equator, in which a degree is 100 km: x to the west, y up, z to the north. */
const place = (lon: number, lat: number, up: number): Vector3 => new Vector3(-lon * 100_000, up, lat * 100_000);
const BOX = [0, 0, 0.002, 0.001]; // 200 m by 100 m

describe("the eye by keys", () => {
  it("is turned round, tilted up to the pole and down to the ground, and comes nearer", () => {
    const away = new Vector3(0, 80, -100);
    expect(turnedBy("+", away, 1.5)?.length()).toBeCloseTo(away.length() * 0.8);
    const round = turnedBy("]", away, 1.5) as Vector3;
    expect([round.y, round.length()]).toEqual([80, expect.closeTo(away.length())]);
    const steeper = turnedBy("PageUp", away, 1.5) as Vector3;
    expect(steeper.y).toBeGreaterThan(80);
    expect(steeper.length()).toBeCloseTo(away.length());
    let low = away;
    for (let n = 0; n < 20; n++) low = turnedBy("PageDown", low, 1.5) as Vector3;
    expect(low.angleTo(new Vector3(0, 1, 0))).toBeCloseTo(1.5);
    expect(turnedBy("x", away, 1.5)).toBeNull();
  });
});

describe("a hand that measures", () => {
  const camera = new PerspectiveCamera(50, 2, 1, 1000);
  camera.position.set(0, 0, 10);
  camera.updateMatrixWorld();
  const corners = [new Vector3(0, 0, 0), new Vector3(2, 0, 0), new Vector3(0, 2, 0)];
  const size = [800, 400] as const; // 42.9 px a metre, ten metres off
  const at = (x: number, y: number): Vector2 => new Vector2((x * 2) / 800, (y * 2) / 400);

  it("snaps to the nearest corner of what it meets within its reach, from outside of it too, and to none farther off", () => {
    expect(cornerNear(at(82, 3), camera, size, () => corners)).toBe(corners[1]);
    expect(cornerNear(at(-5, 3), camera, size, () => corners)).toBe(corners[0]);
    expect(cornerNear(at(40, 40), camera, size, () => corners)).toBeNull();
    const met = ({ x, y }: Vector2): Vector3[] => (x > 0 && y > 0 ? corners : []); // the face lies right of and above its corner
    expect(cornerNear(at(-5, -4), camera, size, met)).toBe(corners[0]);
    expect(cornerNear(at(-15, -15), camera, size, met)).toBeNull();
  });
});

describe("a section", () => {
  const stays = (cut: Parameters<typeof planeOf>[0], lon: number, lat: number, up = 0): boolean => planeOf(cut, BOX, place).distanceToPoint(place(lon, lat, up)) > 0;

  it("keeps one side of a plane, level or across any direction, and the other when it is turned over", () => {
    const level = { axis: "h", at: 10, turn: 0, flip: false } as const;
    expect([stays(level, 0, 0, 9), stays(level, 0, 0, 11)]).toEqual([true, false]);
    expect([stays({ ...level, flip: true }, 0, 0, 9), stays({ ...level, flip: true }, 0, 0, 11)]).toEqual([false, true]);
    const east = { axis: "e", at: 0.25, turn: 0, flip: false } as const;
    expect([stays(east, 0.0004, 0), stays(east, 0.0006, 0)]).toEqual([true, false]);
    const north = { axis: "n", at: 0.5, turn: 0, flip: false } as const;
    expect([stays(north, 0, 0.0004), stays(north, 0, 0.0006)]).toEqual([false, true]);
    const aslant = { axis: "a", at: 0.5, turn: 45, flip: false } as const; // through the middle of the box
    expect([stays(aslant, 0.0012, 0.0002), stays(aslant, 0.0012, 0.0004)]).toEqual([true, false]);
    expect(stays({ ...aslant, flip: true }, 0.0012, 0.0004)).toBe(true);
    expect([east, north, aslant].map(bearingOf)).toEqual([90, 0, 45]);
  });

  it("lies along a face that is clicked and cuts away what is before it", () => {
    const corner = place(0.0005, 0.0005, 4);
    const wall = cutAlong(corner, new Vector3(-1, 0.01, 0), BOX, place); // a wall that looks to the east
    expect(wall).toEqual({ axis: "a", at: 0.25, turn: 90, flip: false });
    expect([stays(wall, 0.0004, 0), stays(wall, 0.0006, 0)]).toEqual([true, false]);
    expect(cutAlong(corner, new Vector3(0, 1, 0), BOX, place)).toEqual({ axis: "h", at: 4, turn: 0, flip: false });
    expect(cutAlong(corner, new Vector3(0, -1, 0), BOX, place).flip).toBe(true);
  });
});
