import { BufferAttribute, BufferGeometry, DoubleSide, type Matrix4, Mesh, MeshBasicMaterial, Plane, ShapeUtils, Vector2, Vector3 } from "three";
import { cutTriangle, facesOf, type Flat, spanOf, type Vector } from "./section";

/** Return the material of what each plane cuts through: flat in its colour, and cut by the other planes. */
export function capMaterials(planes: readonly Plane[]): MeshBasicMaterial[] {
  return planes.map((own) => new MeshBasicMaterial({ vertexColors: true, side: DoubleSide, clippingPlanes: planes.filter((each) => each !== own) }));
}

/** Return the areas in which a plane cuts the solids of a mesh, as a mesh in its place; null where it cuts none. */
export function capOf(mesh: Mesh, world: Matrix4, plane: Plane, material: MeshBasicMaterial, solid: (feature: number) => boolean): Mesh | null {
  const here = plane.clone().applyMatrix4(world.clone().invert());
  mesh.geometry.computeBoundingSphere();
  const { boundingSphere } = mesh.geometry;
  if (!boundingSphere || Math.abs(here.distanceToPoint(boundingSphere.center)) > boundingSphere.radius) return null;
  const cutter = { n: here.normal.toArray() as Vector, c: here.constant };
  const span = spanOf(cutter);
  const upright = Math.abs(cutter.n[1]) < 0.9;
  const place = ([u, v]: Flat): Vector3 =>
    new Vector3(...span[0]).multiplyScalar(u).addScaledVector(new Vector3(...span[1]), v).addScaledVector(here.normal, -here.constant);
  const points: number[] = [];
  const owners: number[] = [];
  for (const [feature, lines] of linesOf(mesh, cutter, span, solid)) {
    for (const { outline, holes } of facesOf(lines, upright)) {
      const corners = [outline, ...holes].flat();
      const flat = (ring: Flat[]): Vector2[] => ring.map(([u, v]) => new Vector2(u, v));
      for (const corner of ShapeUtils.triangulateShape(flat(outline), holes.map(flat)).flat()) {
        points.push(...place(corners[corner] as Flat).toArray());
        owners.push(feature);
      }
    }
  }
  if (!owners.length) return null;
  const geometry = new BufferGeometry().setAttribute("position", new BufferAttribute(new Float32Array(points), 3));
  geometry.setAttribute("_feature_id_0", new BufferAttribute(new Uint16Array(owners), 1));
  const cap = new Mesh(geometry, material);
  cap.matrixAutoUpdate = false;
  cap.matrixWorld.copy(world);
  return cap;
}

type Cutting = Parameters<typeof cutTriangle>;

/** Return the lines in which a plane cuts each solid of a mesh, by its feature id. */
function linesOf(mesh: Mesh, cutter: Cutting[1], span: Cutting[2], solid: (feature: number) => boolean): Map<number, [Flat, Flat][]> {
  const at = mesh.geometry.getAttribute("position");
  const ids = mesh.geometry.getAttribute("_feature_id_0");
  const index = mesh.geometry.index?.array ?? Array.from({ length: at.count }, (_, n) => n);
  const far = Float64Array.from({ length: at.count }, (_, n) => cutter.n[0] * at.getX(n) + cutter.n[1] * at.getY(n) + cutter.n[2] * at.getZ(n) + cutter.c);
  const corner = (n: number): Vector => [at.getX(n), at.getY(n), at.getZ(n)];
  const found = new Map<number, [Flat, Flat][]>();
  for (let n = 0; n < index.length; n += 3) {
    const [a = 0, b = 0, c = 0] = [index[n], index[n + 1], index[n + 2]];
    const side = Math.sign(far[a] ?? 0);
    if (side && side === Math.sign(far[b] ?? 0) && side === Math.sign(far[c] ?? 0)) continue;
    const feature = ids.getX(a);
    const line = solid(feature) ? cutTriangle([corner(a), corner(b), corner(c)], cutter, span) : null;
    if (!line) continue;
    const lines = found.get(feature);
    if (lines) lines.push(line);
    else found.set(feature, [line]);
  }
  return found;
}
