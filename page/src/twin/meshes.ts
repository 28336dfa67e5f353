import { BufferAttribute, BufferGeometry, type Color, type LineSegments, type Material, type Matrix4, Mesh, type Object3D, type Points, Vector3 } from "three";
import type { Told } from "./layer";

export const ROOM = "BuildingRoom";
/** A room is drawn so much smaller than it is: its floor is not in the plane of the slab below. */
export const INSET_M = 0.03;
const SHARED = ["position", "normal", "color"];
const SHADE = 0.12; // of an object's colour is that of where it is cut through: darker than any wall in shade

interface Table {
  getPropertyTableData(tables: number[], ids: number[]): unknown[];
}

/** Return what the tile's table says of each object of a mesh, by its feature id. */
export function tableOf(mesh: Mesh | LineSegments | Points): Told[] {
  const table = mesh.userData["structuralMetadata"] as Table | undefined;
  const features = mesh.userData["meshFeatures"] as { getFeatureInfo(): { propertyTable: number | null }[] } | undefined;
  const number = features?.getFeatureInfo()[0]?.propertyTable;
  if (!table || number === null || number === undefined) return [];
  const ids = mesh.geometry.getAttribute("_feature_id_0");
  let most = -1;
  for (let vertex = 0; vertex < ids.count; vertex++) most = Math.max(most, ids.getX(vertex));
  return Array.from({ length: most + 1 }, (_, id) => ({ ...(table.getPropertyTableData([number], [id])[0] as Told) }));
}

/** Return the vertices that a geometry's triangles have as corners, three each. */
export function cornersOf({ index, attributes }: BufferGeometry): number[] {
  return index ? [...index.array] : Array.from({ length: attributes["position"]?.count ?? 0 }, (_, n) => n);
}

/** Draw rooms a little smaller than they are, along their normals. */
export function shrinkRooms(mesh: Mesh, told: readonly Told[], world: Matrix4): void {
  if (!told.some((each) => each.class === ROOM)) return;
  const [at, normal, ids] = ["position", "normal", "_feature_id_0"].map((name) => mesh.geometry.getAttribute(name));
  if (!at || !normal || !ids) return;
  const { x, y, z } = new Vector3().setFromMatrixScale(world);
  for (let vertex = 0; vertex < ids.count; vertex++) {
    if (told[ids.getX(vertex)]?.class !== ROOM) continue;
    const inward = [normal.getX(vertex) / x, normal.getY(vertex) / y, normal.getZ(vertex) / z].map((part) => part * INSET_M) as [number, number, number];
    at.setXYZ(vertex, at.getX(vertex) - inward[0], at.getY(vertex) - inward[1], at.getZ(vertex) - inward[2]);
  }
}

/** Give every vertex of a mesh, or every point, the colour of its feature. */
export function paintBy(mesh: Mesh | Points, colours: readonly number[][]): void {
  const ids = mesh.geometry.getAttribute("_feature_id_0");
  const painted = new Uint8Array(ids.count * 4);
  for (let vertex = 0; vertex < ids.count; vertex++) painted.set(colours[ids.getX(vertex)] ?? [128, 128, 128, 255], vertex * 4);
  mesh.geometry.setAttribute("color", new BufferAttribute(painted, 4, true));
}

/** Return the colour in which an object is cut through, as bytes. */
export function shaded(colour: Color): number[] {
  return [...colour.clone().multiplyScalar(SHADE).toArray(), 1].map((part) => Math.round(part * 255));
}

/** Return whether something is drawn once more over what it is. */
export function isOver(each: Object3D): boolean {
  return Boolean(each.userData["over"]);
}

/** Return the meshes that are drawn along with one: where it is cut through, and what of it is drawn once more. */
export function drawnWith(mesh: Object3D): Mesh[] {
  return mesh.children.filter((each): each is Mesh => each instanceof Mesh);
}

/** Take a mesh that is drawn along with another out of the scene and free what it holds; what both share stays. */
export function shed(mesh: Mesh): void {
  if (isOver(mesh)) for (const name of SHARED) mesh.geometry.deleteAttribute(name);
  mesh.geometry.dispose();
  mesh.removeFromParent();
}

/** Draw some features of a mesh once more, after all else. */
export function drawOver(mesh: Mesh, features: ReadonlySet<number>, material: Material): void {
  if (!features.size) return;
  const ids = mesh.geometry.getAttribute("_feature_id_0");
  const geometry = new BufferGeometry().setIndex(cornersOf(mesh.geometry).filter((corner) => features.has(ids.getX(corner))));
  for (const name of SHARED) geometry.setAttribute(name, mesh.geometry.getAttribute(name));
  const over = new Mesh(geometry, material);
  over.userData["over"] = true;
  over.renderOrder = 8;
  over.raycast = (): void => {}; // the mesh itself is picked
  mesh.add(over);
  over.updateWorldMatrix(true, false);
}
