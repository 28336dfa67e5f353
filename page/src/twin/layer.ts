import { GLTFExtensionsPlugin, ImplicitTilingPlugin, ReorientationPlugin } from "3d-tiles-renderer/plugins";
import { TilesRenderer } from "3d-tiles-renderer/three";
import { BufferAttribute, BufferGeometry, Color, DoubleSide, type Intersection, MathUtils, Mesh, MeshStandardMaterial, type Object3D, type PerspectiveCamera, type Raycaster, Vector3, type WebGLRenderer } from "three";
import type { Dress } from "./colours";

/** What a tile's table says of an object; `value` is the property that it is coloured by. */
export interface Told {
  id: string;
  class: string;
  name: string;
  model: string;
  height_m: number;
  generated: number;
  /** What the model itself says of its colour, `#rrggbb`; empty, or not there at all, where it says nothing. */
  colour?: string;
  value?: unknown;
}

export interface Look {
  ground: string;
  plain: string;
  picked: string;
  /** Colours of objects that stand out, by id. */
  focus: ReadonlyMap<string, string>;
  dress: Dress;
  /** Percent of the light that goes through. */
  clear: number;
}

interface Table {
  getPropertyTableData(tables: number[], ids: number[]): unknown[];
}

/** A mesh of a tile: what is told of its objects, and where their values are asked for. */
interface Piece {
  told: Told[];
  address: string;
  holds: string | null;
}

/** The tiles of one moment in the scene. */
export class TileLayer {
  readonly tiles: TilesRenderer;
  readonly material = new MeshStandardMaterial({ vertexColors: true, roughness: 0.95, metalness: 0, side: DoubleSide });
  /** For what stands out: drawn last, over what is clear. */
  readonly above = new MeshStandardMaterial({ vertexColors: true, roughness: 0.95, metalness: 0, side: DoubleSide, transparent: true, opacity: 0.7, depthWrite: false });
  private readonly pieces = new Map<Mesh, Piece>();
  private asking = 0;
  private picked: string | null = null;

  constructor(
    readonly address: string,
    box: readonly number[],
    camera: PerspectiveCamera,
    renderer: WebGLRenderer,
    private look: Look,
    private readonly changed: () => void,
    failed: () => void,
  ) {
    const [west = 0, south = 0, east = 0, north = 0] = box;
    const [lat, lon] = [(south + north) / 2, (west + east) / 2].map(MathUtils.degToRad) as [number, number];
    const tiles = new TilesRenderer(address);
    tiles.registerPlugin(new GLTFExtensionsPlugin({ metadata: true, autoDispose: true }));
    tiles.registerPlugin(new ImplicitTilingPlugin());
    tiles.registerPlugin(new ReorientationPlugin({ lat, lon, height: 0 }));
    tiles.setCamera(camera);
    tiles.setResolutionFromRenderer(camera, renderer);
    tiles.addEventListener("load-model", ({ scene, url }) => this.take(scene, url));
    tiles.addEventListener("dispose-model", ({ scene }) => scene.traverse((each) => this.pieces.delete(each as Mesh)));
    tiles.addEventListener("needs-update", changed);
    tiles.addEventListener("load-error", failed);
    this.tiles = tiles;
    this.dress(look);
  }

  /** Whether everything that the camera asks for has come and is coloured. */
  get settled(): boolean {
    return Boolean(this.tiles.root) && this.tiles.loadProgress >= 1 && this.asking === 0;
  }

  dress(look: Look): void {
    this.look = look;
    Object.assign(this.material, { transparent: look.clear > 0, depthWrite: look.clear === 0, needsUpdate: true });
    this.paintAll();
  }

  mark(id: string | null): void {
    this.picked = id;
    this.paintAll();
  }

  /** Return the nearest object under a ray that no plane cuts away, and where the ray meets it. */
  hit(ray: Raycaster): { told: Told | null; point: Vector3 } | null {
    const hidden = (point: Vector3): boolean => (this.material.clippingPlanes ?? []).some((plane) => plane.distanceToPoint(point) < 0);
    const found = ray.intersectObject(this.tiles.group, true).find(({ point }) => !hidden(point));
    return found ? { told: this.toldAt(found), point: found.point } : null;
  }

  /** Return where degrees and metres lie in the scene. */
  place(lon: number, lat: number, up: number): Vector3 {
    const at = new Vector3();
    this.tiles.ellipsoid.getCartographicToPosition(MathUtils.degToRad(lat), MathUtils.degToRad(lon), up, at);
    this.tiles.group.updateMatrixWorld();
    return at.applyMatrix4(this.tiles.group.matrixWorld);
  }

  /** Return longitude, latitude and metres of a point of the scene. */
  where(point: Vector3): [number, number, number] {
    const at = point.clone().applyMatrix4(this.tiles.group.matrixWorld.clone().invert());
    const found = { lat: 0, lon: 0, height: 0 };
    this.tiles.ellipsoid.getPositionToCartographic(at, found);
    return [MathUtils.radToDeg(found.lon), MathUtils.radToDeg(found.lat), found.height];
  }

  dispose(): void {
    this.tiles.dispose();
    this.material.dispose();
    this.above.dispose();
    this.pieces.clear();
  }

  private toldAt({ object, face }: Intersection): Told | null {
    const piece = object instanceof Mesh ? this.pieces.get(object) : undefined;
    if (!piece || !face) return null;
    return piece.told[(object as Mesh).geometry.getAttribute("_feature_id_0").getX(face.a)] ?? null;
  }

  private take(model: Object3D, address: string): void {
    const meshes: Mesh[] = [];
    model.traverse((each) => each instanceof Mesh && meshes.push(each));
    for (const mesh of meshes) {
      this.pieces.set(mesh, { told: tableOf(mesh), address: address.replace("/content/", "/values/*/").replace(/\.glb.*$/, ".json"), holds: null });
      mesh.material = this.material;
      this.paint(mesh);
    }
    this.changed();
  }

  private paintAll(): void {
    for (const mesh of this.pieces.keys()) this.paint(mesh);
    this.changed();
  }

  private paint(mesh: Mesh): void {
    const piece = this.pieces.get(mesh);
    if (!piece) return;
    const { dress, picked, focus, clear } = this.look;
    if (dress.property !== null && piece.holds !== dress.property) void this.ask(mesh, piece, dress.property);
    const ids = mesh.geometry.getAttribute("_feature_id_0");
    const colours = piece.told.map((told) => {
      const own = focus.get(told.id) ?? (told.id === this.picked ? picked : null);
      const { r, g, b } = new Color(own ?? dress.colourOf(told));
      return [r, g, b, own ? 1 : 1 - clear / 100].map((part) => Math.round(part * 255));
    });
    const painted = new Uint8Array(ids.count * 4);
    for (let vertex = 0; vertex < ids.count; vertex++) painted.set(colours[ids.getX(vertex)] ?? [128, 128, 128, 255], vertex * 4);
    mesh.geometry.setAttribute("color", new BufferAttribute(painted, 4, true));
    this.raise(mesh, piece);
  }

  /** Draw the objects of a mesh that stand out once more, over what is clear. */
  private raise(mesh: Mesh, { told }: Piece): void {
    for (const old of mesh.children.filter((each) => each instanceof Mesh && each.material === this.above)) mesh.remove(old);
    const { focus } = this.look;
    const ids = mesh.geometry.getAttribute("_feature_id_0");
    const outstanding = new Set(told.flatMap(({ id }, n) => (focus.has(id) ? [n] : [])));
    if (!outstanding.size) return;
    const corners = mesh.geometry.index ? [...mesh.geometry.index.array] : Array.from({ length: ids.count }, (_, n) => n);
    const geometry = new BufferGeometry().setIndex(corners.filter((corner) => outstanding.has(ids.getX(corner))));
    for (const name of ["position", "normal", "color"]) geometry.setAttribute(name, mesh.geometry.getAttribute(name));
    const over = new Mesh(geometry, this.above);
    over.renderOrder = 8;
    over.raycast = (): void => {}; // the mesh itself is picked
    mesh.add(over);
  }

  /** Ask for the values of a property of the objects of a mesh, and colour it by them. */
  private async ask(mesh: Mesh, piece: Piece, property: string): Promise<void> {
    piece.holds = property;
    this.asking++;
    try {
      const answer = await fetch(piece.address.replace("*", encodeURIComponent(property)));
      const values = answer.ok ? ((await answer.json()) as Record<string, unknown>) : {};
      if (piece.holds === property) for (const told of piece.told) told.value = values[told.id];
    } finally {
      this.asking--;
    }
    if (this.pieces.has(mesh)) this.paint(mesh);
    this.changed();
  }
}

/** Return what the tile's table says of each object of a mesh, by its feature id. */
function tableOf(mesh: Mesh): Told[] {
  const table = mesh.userData["structuralMetadata"] as Table | undefined;
  const features = mesh.userData["meshFeatures"] as { getFeatureInfo(): { propertyTable: number | null }[] } | undefined;
  const number = features?.getFeatureInfo()[0]?.propertyTable;
  if (!table || number === null || number === undefined) return [];
  const ids = mesh.geometry.getAttribute("_feature_id_0");
  let most = -1;
  for (let vertex = 0; vertex < ids.count; vertex++) most = Math.max(most, ids.getX(vertex));
  return Array.from({ length: most + 1 }, (_, id) => ({ ...(table.getPropertyTableData([number], [id])[0] as Told) }));
}
