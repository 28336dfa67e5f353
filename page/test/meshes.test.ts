import { BoxGeometry, Float32BufferAttribute, Mesh, MeshBasicMaterial } from "three";
import { describe, expect, it } from "vitest";
import { drawnWith, drawOver, paintBy, shed } from "../src/twin/meshes";

function house(): Mesh {
  const geometry = new BoxGeometry(2, 3, 4);
  geometry.setAttribute("_feature_id_0", new Float32BufferAttribute(new Array(24).fill(0), 1));
  const mesh = new Mesh(geometry, new MeshBasicMaterial());
  paintBy(mesh, [[1, 2, 3, 255]]);
  return mesh;
}

describe("what is drawn along with a mesh", () => {
  it("is freed with what it alone has, and the mesh keeps what both share", () => {
    const mesh = house();
    drawOver(mesh, new Set([0]), new MeshBasicMaterial());
    const [over] = drawnWith(mesh);
    expect(over?.geometry.getAttribute("position")).toBe(mesh.geometry.getAttribute("position"));
    const freed: string[][] = [];
    over?.geometry.addEventListener("dispose", ({ target }) => freed.push(Object.keys(target.attributes)));
    mesh.geometry.addEventListener("dispose", () => freed.push(["the mesh"]));
    shed(over as Mesh);
    expect(freed).toEqual([[]]);
    expect(drawnWith(mesh)).toEqual([]);
    expect(Object.keys(mesh.geometry.attributes)).toEqual(expect.arrayContaining(["position", "normal", "color", "_feature_id_0"]));
  });

  it("is freed whole where it shares nothing", () => {
    const mesh = house();
    const cap = house();
    mesh.add(cap);
    let freed = 0;
    cap.geometry.addEventListener("dispose", () => (freed += 1));
    shed(cap);
    expect([freed, cap.parent]).toEqual([1, null]);
  });
});
