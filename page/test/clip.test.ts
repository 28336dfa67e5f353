import { BoxGeometry, type BufferGeometry, BufferGeometry as Geometry, Float32BufferAttribute, Matrix4, Mesh, MeshBasicMaterial, Plane, Vector3 } from "three";
import { describe, expect, it } from "vitest";
import { capOf } from "../src/twin/caps";
import { clipped } from "../src/twin/clip";

const [WIDE, HIGH, DEEP] = [2, 3, 4];
const LEVEL = new Plane(new Vector3(0, -1, 0), 0);
const ASLANT = new Plane(new Vector3(1, 0, 1).normalize(), 0);

function box(): BufferGeometry {
  const made = new BoxGeometry(WIDE, HIGH, DEEP);
  return made.setAttribute("_feature_id_0", new Float32BufferAttribute(new Array(24).fill(7), 1));
}

function triangles(geometry: BufferGeometry): Vector3[][] {
  const at = geometry.getAttribute("position");
  return Array.from({ length: at.count / 3 }, (_, n) => [0, 1, 2].map((corner) => new Vector3().fromBufferAttribute(at, 3 * n + corner)));
}

/** The volume within triangles as seen from the middle of the box: what lies on planes through it adds nothing. */
function volume(geometry: BufferGeometry): number {
  return triangles(geometry).reduce((sum, [a, b, c]) => sum + (a as Vector3).dot((b as Vector3).clone().cross(c as Vector3)) / 6, 0);
}

function area(geometry: BufferGeometry): number {
  return triangles(geometry).reduce((sum, [a, b, c]) => sum + (b as Vector3).clone().sub(a as Vector3).cross((c as Vector3).clone().sub(a as Vector3)).length() / 2, 0);
}

describe("what planes leave", () => {
  it("is half of a box whose middle a plane meets, a quarter after another one across it", () => {
    for (const [planes, share] of [[[LEVEL], 2], [[ASLANT], 2], [[LEVEL, ASLANT], 4]] as const) {
      const left = clipped(box(), planes, 3) as BufferGeometry;
      expect(volume(left)).toBeCloseTo((WIDE * HIGH * DEEP) / share, 5);
      for (const corner of triangles(left).flat()) for (const plane of planes) expect(plane.distanceToPoint(corner)).toBeGreaterThan(-1e-6);
      expect(new Set(left.getAttribute("_feature_id_0").array)).toEqual(new Set([7]));
    }
  });

  it("ends at the plane", () => {
    const left = clipped(box(), [new Plane(new Vector3(0, -1, 0), 0.25)], 3) as BufferGeometry;
    left.computeBoundingBox();
    expect(left.boundingBox?.max.toArray()).toEqual([WIDE / 2, 0.25, DEEP / 2]);
    expect(left.boundingBox?.min.toArray()).toEqual([-WIDE / 2, -HIGH / 2, -DEEP / 2]);
  });

  it("has caps that other planes cut", () => {
    const cap = capOf(new Mesh(box(), new MeshBasicMaterial()), new Matrix4(), LEVEL, new MeshBasicMaterial(), () => true) as Mesh<BufferGeometry>;
    expect(area(cap.geometry)).toBeCloseTo(WIDE * DEEP, 5);
    expect(area(clipped(cap.geometry, [ASLANT], 3) as BufferGeometry)).toBeCloseTo((WIDE * DEEP) / 2, 5);
  });

  it("is of lines the part before the plane, of points those before it, and of what lies behind nothing", () => {
    const up = new Geometry().setAttribute("position", new Float32BufferAttribute([0, -1, 0, 0, 3, 4], 3)).setAttribute("color", new Float32BufferAttribute([0, 0, 0, 1, 1, 1], 3));
    const line = clipped(up, [LEVEL], 2) as BufferGeometry;
    expect([...line.getAttribute("position").array]).toEqual([0, -1, 0, 0, 0, 1]);
    expect([...line.getAttribute("color").array]).toEqual([0, 0, 0, 0.25, 0.25, 0.25]);
    expect([...(clipped(up, [LEVEL], 1) as BufferGeometry).getAttribute("position").array]).toEqual([0, -1, 0]);
    expect(clipped(box(), [new Plane(new Vector3(0, -1, 0), -9)], 3)).toBeNull();
  });
});
