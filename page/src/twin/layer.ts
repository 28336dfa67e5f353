import { GLTFExtensionsPlugin, ImplicitTilingPlugin, ReorientationPlugin } from "3d-tiles-renderer/plugins";
import { type BufferAttribute, type BufferGeometry, Color, DoubleSide, type Intersection, LineSegments, MathUtils, Matrix4, Mesh, MeshBasicMaterial, MeshStandardMaterial, type Object3D, type PerspectiveCamera, type Plane, Points, type Raycaster, Vector3, type WebGLRenderer } from "three";
import { LineSegments2 } from "three/addons/lines/LineSegments2.js";
import { capMaterials, capOf } from "./caps";
import { CityTiles } from "./city-tiles";
import type { Dress } from "./colours";
import { Dots } from "./dots";
import { asPictures, hungIn } from "./hung";
import { lineMaterial, shine, widened } from "./lines";
import { cornersOf, drawnWith, drawOver, INSET_M, isOver, paintBy, ROOM, shaded, shed, shrinkRooms, tableOf } from "./meshes";
import { Values } from "./values";

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
  /** Whether it is looked underground: the ground is clear, and what lies in it is not. */
  under: boolean;
  /** Keys of the legend, and objects, that are hidden. */
  hide: ReadonlySet<string>;
  off: ReadonlySet<string>;
}

const GROUND = "TINRelief";
/** Classes of what is no solid: ground, and space that things stand in. */
const HOLLOW = /^TINRelief$|(Room|Storey|Unit|Space)$/;
const GROUND_SHOWN = 0.3; // of the ground, when it is looked through
const NEAR_M = 0.01;
/** How far off a tile may be on a picture that is large, px, and from how many pixels on one is. */
const ERROR_PX = 16;
const LARGE_PX = 450_000;

type Faces = ReturnType<BufferGeometry["getAttribute"]>;

/** A mesh of a tile: what is told of its objects, and as what it came. */
interface Piece {
  told: Told[];
  faces: Faces | null;
  clear: boolean;
  /** What an image of its model hangs in, while objects are dressed as it has them. */
  hung: MeshStandardMaterial | null;
  /** All its triangles, and which of its objects are not shown. */
  whole: BufferAttribute | null;
  hidden: string;
}

/** Lines of a tile: the feature of each, and what is told of their objects. */
interface Axes {
  told: Told[];
  ids: Uint16Array;
  places: Float32Array;
  /** The lines that are shown. */
  shown: number[];
}

/** What a ray meets. */
interface Hit {
  told: Told | null;
  point: Vector3;
  /** Towards the eye; null for what is no face. */
  normal: Vector3 | null;
  /** The corners of the face; none of what is no face. */
  corners: Vector3[];
}

/** The tiles of one moment in the scene. */
export class TileLayer {
  readonly tiles: CityTiles;
  readonly material = new MeshStandardMaterial({ vertexColors: true, roughness: 0.95, metalness: 0, side: DoubleSide });
  /** For faces that their model lets be looked through, while objects are dressed as it has them. */
  readonly glass = new MeshStandardMaterial({ vertexColors: true, roughness: 0.4, metalness: 0, side: DoubleSide, transparent: true, depthWrite: false });
  /** For what stands out: drawn last, over what is clear. */
  readonly above = new MeshStandardMaterial({ vertexColors: true, roughness: 0.95, metalness: 0, side: DoubleSide, transparent: true, opacity: 0.7, depthWrite: false });
  /** For what is picked, where other things stand before it: a room in its house, a pipe in the ground. */
  readonly through = new MeshBasicMaterial({ side: DoubleSide, transparent: true, opacity: 0.3, depthTest: false, depthWrite: false });
  /** For the ground, which may be looked through. */
  readonly ground = new MeshStandardMaterial({ vertexColors: true, roughness: 1, metalness: 0, side: DoubleSide, forceSinglePass: true });
  private readonly thin = lineMaterial();
  private readonly values = new Values();
  private readonly dots = new Dots((told) => this.colourOf(told), (told) => this.isHidden(told), (told, paint) => this.value(told, paint));
  private readonly pieces = new Map<Mesh, Piece>();
  private readonly lines = new Map<LineSegments2, Axes>();
  private planes: Plane[] = [];
  private capMaterials: MeshBasicMaterial[] = [];
  /** Tiles that could not be had; null stands for the tileset itself. */
  private missing: unknown[] = [];
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
    const tiles = new CityTiles(address, box);
    tiles.registerPlugin(new GLTFExtensionsPlugin({ metadata: true, autoDispose: true, plugins: [asPictures] }));
    tiles.registerPlugin(new ImplicitTilingPlugin());
    tiles.registerPlugin(new ReorientationPlugin({ lat, lon, height: 0 }));
    tiles.setCamera(camera);
    tiles.addEventListener("load-model", ({ scene, url }) => this.take(scene, url));
    tiles.addEventListener("dispose-model", ({ scene }) => scene.traverse((each) => this.leave(each)));
    tiles.addEventListener("needs-update", changed);
    tiles.addEventListener("load-error", ({ tile }) => {
      this.missing.push(tile);
      failed();
    });
    this.tiles = tiles;
    this.fit(camera, renderer);
    this.dress(look);
  }

  /** Take in how large the picture is: on a small one, in which the whole city lies far, a tile may be wrong by fewer pixels. */
  fit(camera: PerspectiveCamera, renderer: WebGLRenderer): void {
    const { clientWidth, clientHeight } = renderer.domElement;
    this.tiles.setResolutionFromRenderer(camera, renderer);
    this.dots.fit(clientHeight);
    this.tiles.errorTarget = ERROR_PX * Math.min(1, (clientWidth * clientHeight) / LARGE_PX);
  }

  /** Whether everything that the camera asks for has come and is coloured. */
  get settled(): boolean {
    return Boolean(this.tiles.root) && this.tiles.loadProgress >= 1 && this.values.settled;
  }

  /** How many tiles, or values of their objects, could not be had. */
  get failed(): number {
    return this.missing.length + this.values.failed;
  }

  /** Ask once more for what could not be had. */
  again(): void {
    for (const each of this.missing.splice(0)) if (each) this.tiles.lruCache.remove(each); // what lies there is not asked for anew
    this.tiles.resetFailedTiles();
    this.values.again();
    this.paintAll();
  }

  dress(look: Look): void {
    this.look = look;
    this.through.color.set(look.picked);
    for (const material of [this.material, ...this.hung]) Object.assign(material, { transparent: look.clear > 0, depthWrite: look.clear === 0, needsUpdate: true });
    Object.assign(this.ground, { transparent: look.under, depthWrite: !look.under, opacity: look.under ? GROUND_SHOWN : 1, needsUpdate: true });
    shine(this.thin, !look.under, this.planes);
    this.paintAll();
  }

  mark(id: string | null): void {
    this.picked = id;
    this.paintAll();
  }

  /** Cut away what lies behind planes; solids are filled where they are cut through. */
  cut(planes: Plane[]): void {
    this.planes = planes;
    for (const each of this.capMaterials) each.dispose();
    this.capMaterials = capMaterials(planes);
    for (const material of [this.material, this.glass, this.above, this.through, this.ground, ...this.hung]) Object.assign(material, { clippingPlanes: planes, needsUpdate: true });
    shine(this.thin, !this.look.under, planes);
    this.dots.cut(planes);
    for (const [mesh, piece] of this.pieces) this.cap(mesh, piece);
    this.paintAll();
  }

  /** Return the nearest object under a ray that no plane cuts away, where the ray meets it, and the face's own direction. */
  hit(ray: Raycaster): Hit | null {
    const hidden = ({ object, point }: Intersection): boolean => (this.look.under && object instanceof Mesh && object.material === this.ground) || this.planes.some((plane) => plane.distanceToPoint(point) < -NEAR_M);
    const found = ray.intersectObject(this.tiles.group, true).find((each) => !hidden(each));
    if (!found) return null;
    const { face, object, point } = found;
    const told = this.toldAt(found);
    if (!face || !(object instanceof Mesh)) return { told, point, normal: null, corners: [] };
    const normal = face.normal.clone().transformDirection(object.matrixWorld);
    const at = object.geometry.getAttribute("position");
    const corners = [face.a, face.b, face.c].map((corner) => new Vector3().fromBufferAttribute(at, corner).applyMatrix4(object.matrixWorld));
    if (told?.class === ROOM) for (const each of [point, ...corners]) each.addScaledVector(normal, INSET_M); // where the room itself ends
    const seen = corners.filter((corner) => this.planes.every((plane) => plane.distanceToPoint(corner) > -NEAR_M));
    return { told, point, normal: normal.dot(ray.ray.direction) > 0 ? normal.negate() : normal, corners: seen };
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
    this.dots.dispose();
    for (const material of [this.material, this.glass, this.above, this.through, this.ground, this.thin, ...this.capMaterials, ...this.hung]) material.dispose();
    this.pieces.clear();
    this.lines.clear();
  }

  private toldAt(met: Intersection): Told | null {
    const { object, face, faceIndex } = met;
    if (object instanceof Points) return this.dots.toldAt(met);
    if (object instanceof LineSegments2) {
      const axes = this.lines.get(object);
      return axes?.told[axes.ids[axes.shown[faceIndex ?? 0] ?? 0] ?? 0] ?? null;
    }
    const piece = object instanceof Mesh ? this.pieces.get(object) ?? this.pieces.get(object.parent as Mesh) : undefined;
    if (!piece || !face) return null;
    return piece.told[(object as Mesh).geometry.getAttribute("_feature_id_0").getX(face.a)] ?? null;
  }

  private take(model: Object3D, address: string): void {
    const meshes: Mesh[] = [];
    const lines: LineSegments[] = [];
    const points: Points[] = [];
    model.traverse((each) => (each instanceof Mesh ? meshes.push(each) : each instanceof Points ? points.push(each) : each instanceof LineSegments && lines.push(each)));
    const told = (each: Mesh | LineSegments | Points): Told[] => {
      const found = tableOf(each);
      this.values.take(found, address);
      return found;
    };
    for (const mesh of meshes) {
      const clear = !Array.isArray(mesh.material) && mesh.material.transparent;
      const hung = hungIn(mesh.material, this.planes);
      const piece = { told: told(mesh), faces: mesh.geometry.getAttribute("color") ?? null, clear, hung, whole: mesh.geometry.index, hidden: "" };
      this.pieces.set(mesh, piece);
      shrinkRooms(mesh, piece.told, this.worldOf(mesh));
      this.cap(mesh, piece);
      this.paint(mesh);
    }
    for (const each of lines) {
      const { wide, ids, places } = widened(each, this.thin);
      const axes = { told: told(each), ids, places, shown: [...ids.keys()] };
      this.lines.set(wide, axes);
      this.draw(wide, axes);
    }
    for (const each of points) this.dots.take(each, told(each));
    this.changed();
  }

  private leave(each: Object3D): void {
    for (const own of this.pieces.has(each as Mesh) ? drawnWith(each) : []) shed(own);
    this.pieces.get(each as Mesh)?.hung?.dispose();
    this.pieces.delete(each as Mesh);
    this.dots.leave(each as Points);
    if (each instanceof LineSegments2) {
      this.lines.delete(each);
      each.geometry.dispose();
    }
  }

  private get hung(): MeshStandardMaterial[] {
    return [...this.pieces.values()].flatMap(({ hung }) => hung ?? []);
  }

  private paintAll(): void {
    for (const mesh of this.pieces.keys()) this.paint(mesh);
    for (const [wide, axes] of this.lines) this.draw(wide, axes);
    this.dots.paintAll();
    this.changed();
  }

  /** Colour lines as their objects. */
  private draw(wide: LineSegments2, axes: Axes): void {
    if (!this.lines.has(wide)) return;
    const { told, ids, places } = axes;
    this.value(told, () => this.draw(wide, axes));
    const colours = told.map((each) => this.colourOf(each));
    const hidden = told.map((each) => this.isHidden(each));
    const shown = [...ids.keys()].filter((line) => !hidden[ids[line] ?? 0]);
    if (shown.length !== axes.shown.length) wide.geometry.setPositions(shown.flatMap((line) => [...places.subarray(line * 6, line * 6 + 6)]));
    axes.shown = shown;
    wide.visible = shown.length > 0;
    wide.geometry.setColors(shown.map((line) => ids[line] ?? 0).flatMap((id) => [...(colours[id]?.toArray() ?? [0, 0, 0]), ...(colours[id]?.toArray() ?? [0, 0, 0])]));
  }

  /** Fill the solids of a mesh where planes cut them through. */
  private cap(mesh: Mesh, { told }: Piece): void {
    for (const each of drawnWith(mesh)) if (!isOver(each)) shed(each);
    this.planes.forEach((plane, n) => {
      const material = this.capMaterials[n];
      const cap = material && capOf(mesh, this.worldOf(mesh), plane, material, (feature) => !HOLLOW.test(told[feature]?.class ?? ""));
      if (cap) mesh.add(cap);
    });
  }

  /** Return where a mesh stands in the scene; its tile may not be in it yet. */
  worldOf(mesh: Mesh): Matrix4 {
    const world = new Matrix4();
    for (let each: Object3D | null = mesh; each && each !== this.tiles.group; each = each.parent) {
      if (each.matrixAutoUpdate) each.updateMatrix();
      world.premultiply(each.matrix);
    }
    this.tiles.group.updateMatrixWorld();
    return world.premultiply(this.tiles.group.matrixWorld);
  }

  isGround(mesh: Mesh): boolean {
    return this.pieces.get(mesh)?.told[0]?.class === GROUND;
  }

  private colourOf(told: Told): Color {
    const { dress, picked, focus } = this.look;
    return new Color(focus.get(told.id) ?? (told.id === this.picked ? picked : dress.colourOf(told)));
  }

  private paint(mesh: Mesh): void {
    const piece = this.pieces.get(mesh);
    if (!piece) return;
    const { dress, focus, clear } = this.look;
    const ground = this.isGround(mesh);
    const plain = ground ? this.ground : dress.faces && piece.clear ? this.glass : this.material;
    mesh.material = dress.faces && piece.hung && !(ground && this.look.under) ? piece.hung : plain;
    this.value(piece.told, () => this.paint(mesh));
    const colours = piece.told.map((told) => {
      const own = focus.has(told.id) || told.id === this.picked || told.class === GROUND;
      const { r, g, b } = this.colourOf(told);
      return [r, g, b, own ? 1 : 1 - clear / 100].map((part) => Math.round(part * 255));
    });
    this.veil(mesh, piece);
    paintBy(mesh, colours);
    if (dress.faces && piece.faces) this.paintFaces(mesh, piece, piece.faces);
    for (const each of drawnWith(mesh)) if (!isOver(each)) paintBy(each, piece.told.map((told) => shaded(this.colourOf(told))));
    this.raise(mesh, piece);
  }

  private isHidden(told: Told): boolean {
    const { dress, hide, off } = this.look;
    return off.has(told.id) || (hide.size > 0 && hide.has(dress.keyOf(told)));
  }

  /** Leave out the triangles of objects that are hidden: they are neither drawn nor picked, cut or taken away. */
  private veil(mesh: Mesh, piece: Piece): void {
    const hidden = new Set(piece.told.flatMap((told, n) => (this.isHidden(told) ? [n] : [])));
    const key = [...hidden].join();
    if (key === piece.hidden) return;
    piece.hidden = key;
    const ids = mesh.geometry.getAttribute("_feature_id_0");
    mesh.geometry.setIndex(piece.whole);
    if (hidden.size) mesh.geometry.setIndex(cornersOf(mesh.geometry).filter((corner) => !hidden.has(ids.getX(corner))));
    this.cap(mesh, piece);
  }

  /** Give the faces of objects the colours that their model has for each, where nothing else marks the object. */
  private paintFaces(mesh: Mesh, { told }: Piece, faces: Faces): void {
    const { focus, clear } = this.look;
    const own = told.map(({ id, colour }) => Boolean(colour) && id !== this.picked && !focus.has(id));
    const ids = mesh.geometry.getAttribute("_feature_id_0");
    const painted = mesh.geometry.getAttribute("color");
    for (let vertex = 0; vertex < ids.count; vertex++) {
      if (own[ids.getX(vertex)]) painted.setXYZW(vertex, faces.getX(vertex), faces.getY(vertex), faces.getZ(vertex), faces.getW(vertex) * (1 - clear / 100));
    }
  }

  /** Draw the objects of a mesh that stand out once more, over what is clear; what is picked shines through all before it. */
  private raise(mesh: Mesh, { told }: Piece): void {
    for (const each of drawnWith(mesh)) if (isOver(each)) shed(each);
    const of = (wanted: (id: string) => boolean): Set<number> => new Set(told.flatMap(({ id }, n) => (wanted(id) ? [n] : [])));
    drawOver(mesh, of((id) => this.look.focus.has(id)), this.above);
    drawOver(mesh, of((id) => id === this.picked), this.through);
  }

  /** Ask for the values that objects are coloured by, and paint them once more when they come. */
  private value(told: Told[], paint: () => void): void {
    void this.values.want(told, this.look.dress.property, () => {
      paint();
      this.changed();
    });
  }
}
