import { GLTFExtensionsPlugin, ImplicitTilingPlugin, ReorientationPlugin } from "3d-tiles-renderer/plugins";
import { TilesRenderer } from "3d-tiles-renderer/three";
import { BufferAttribute, Color, DirectionalLight, HemisphereLight, MathUtils, Mesh, MeshStandardMaterial, type Object3D, PerspectiveCamera, Raycaster, Scene, Vector2, Vector3, WebGLRenderer } from "three";
import { MapControls } from "three/addons/controls/MapControls.js";

/** What a tile's table says of an object. */
export interface Told {
  id: string;
  class: string;
  name: string;
  model: string;
  height_m: number;
}

/** Where an object stands: degrees on WGS 84, metres above the model's height datum. */
export interface Place {
  bbox: readonly number[];
  bottom_m: number;
  top_m: number;
}

export interface Look {
  ground: string;
  picked: string;
  /** Return the colour of an object. */
  colourOf(told: Told): string;
}

export interface SceneHooks {
  onPick(id: string | null): void;
  /** All tiles that the camera asks for are there and drawn. */
  onSettled(): void;
  onFailed(): void;
}

interface Table {
  getPropertyTableData(tables: number[], ids: number[]): unknown[];
}

const FIELD_OF_VIEW = 50;
const QUIET_FRAMES = 12;
const SLOPE = 0.8; // metres up for each metre back from what is looked at

/** The city in three dimensions: tiles of the twin under one camera, nothing else. */
export class TwinScene {
  private readonly renderer: WebGLRenderer;
  private readonly scene = new Scene();
  private readonly camera = new PerspectiveCamera(FIELD_OF_VIEW, 1, 1, 200_000);
  private readonly controls: MapControls;
  private readonly sized: ResizeObserver;
  private tiles: TilesRenderer | null = null;
  private told = new Map<Mesh, Told[]>();
  private picked: string | null = null;
  private frame = 0;
  private stale = true;
  private quiet = 0;

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private look: Look,
    private readonly hooks: SceneHooks,
  ) {
    this.renderer = new WebGLRenderer({ canvas, antialias: true, preserveDrawingBuffer: true, logarithmicDepthBuffer: true });
    const sun = new DirectionalLight(0xffffff, 2.2);
    sun.position.set(0.4, 1, -0.6);
    this.scene.add(sun, new HemisphereLight(0xffffff, 0x8a8578, 1.6));
    this.controls = new MapControls(this.camera, canvas);
    this.controls.maxPolarAngle = 1.5;
    this.controls.addEventListener("change", () => (this.stale = true));
    this.sized = new ResizeObserver(() => this.resize());
    this.sized.observe(canvas);
    canvas.addEventListener("click", (event) => this.click(event));
    this.dress(look);
    this.turn();
  }

  /** Show the tileset at an address in place of the one before, the camera over the middle of it. */
  load(address: string, box: readonly number[]): void {
    this.clear();
    const [west = 0, south = 0, east = 0, north = 0] = box;
    const lat = MathUtils.degToRad((south + north) / 2);
    const lon = MathUtils.degToRad((west + east) / 2);
    const tiles = new TilesRenderer(address);
    tiles.fetchOptions = { credentials: "same-origin" };
    tiles.registerPlugin(new ImplicitTilingPlugin());
    tiles.registerPlugin(new GLTFExtensionsPlugin({ metadata: true }));
    tiles.registerPlugin(new ReorientationPlugin({ lat, lon, height: 0 }));
    tiles.setCamera(this.camera);
    tiles.setResolutionFromRenderer(this.camera, this.renderer);
    tiles.addEventListener("load-model", ({ scene }) => this.take(scene));
    tiles.addEventListener("dispose-model", ({ scene }) => scene.traverse((each) => this.told.delete(each as Mesh)));
    tiles.addEventListener("needs-update", () => (this.stale = true));
    tiles.addEventListener("load-error", () => this.hooks.onFailed());
    tiles.addEventListener("tiles-load-start", () => (this.quiet = 0));
    this.scene.add(tiles.group);
    this.tiles = tiles;
    this.quiet = 0;
    this.home(box);
  }

  /** Look at a box of degrees from the south. */
  home(box: readonly number[]): void {
    const [west = 0, south = 0, east = 0, north = 0] = box;
    const wide = (east - west) * 111_320 * Math.cos(MathUtils.degToRad(south));
    this.aim(new Vector3(), Math.max(wide, (north - south) * 111_320, 100) * 0.75);
  }

  /** Look at an object. */
  visit({ bbox, bottom_m, top_m }: Place): void {
    const [west = 0, south = 0, east = 0, north = 0] = bbox;
    if (!this.tiles) return;
    const at = new Vector3();
    const [lat, lon] = [(south + north) / 2, (west + east) / 2].map(MathUtils.degToRad) as [number, number];
    this.tiles.ellipsoid.getCartographicToPosition(lat, lon, (bottom_m + top_m) / 2, at);
    this.tiles.group.updateMatrixWorld();
    const size = Math.max((east - west) * 111_320, (north - south) * 111_320, top_m - bottom_m, 10);
    this.aim(at.applyMatrix4(this.tiles.group.matrixWorld), size * 2.5);
  }

  /** Mark an object; null marks none. */
  mark(id: string | null): void {
    this.picked = id;
    this.paintAll();
  }

  dress(look: Look): void {
    this.look = look;
    this.scene.background = new Color(look.ground);
    this.paintAll();
  }

  /** Triangles, draw calls and tiles of the last frame. */
  get cost(): { triangles: number; calls: number; tiles: number } {
    const { triangles, calls } = this.renderer.info.render;
    return { triangles, calls, tiles: this.tiles?.visibleTiles.size ?? 0 };
  }

  dispose(): void {
    window.cancelAnimationFrame(this.frame);
    this.sized.disconnect();
    this.clear();
    this.controls.dispose();
    this.renderer.dispose();
  }

  private clear(): void {
    if (!this.tiles) return;
    this.scene.remove(this.tiles.group);
    this.tiles.dispose();
    this.tiles = null;
    this.told.clear();
    this.stale = true;
  }

  private aim(at: Vector3, away: number): void {
    this.controls.target.copy(at);
    this.camera.position.set(at.x, at.y + away * SLOPE, at.z - away);
    this.controls.update();
    this.stale = true;
  }

  private turn(): void {
    this.frame = window.requestAnimationFrame(() => this.turn());
    this.camera.updateMatrixWorld();
    this.tiles?.update();
    this.settle();
    if (!this.stale) return;
    this.stale = false;
    this.renderer.render(this.scene, this.camera);
  }

  /** Tell once that nothing has been on its way for some frames: a tile that came may ask for those below it. */
  private settle(): void {
    if (!this.tiles?.root || this.tiles.loadProgress < 1) this.quiet = 0;
    else if (++this.quiet === QUIET_FRAMES) this.hooks.onSettled();
  }

  private resize(): void {
    const { clientWidth, clientHeight } = this.canvas;
    if (!clientWidth || !clientHeight) return;
    this.renderer.setPixelRatio(Math.min(window.devicePixelRatio, 2));
    this.renderer.setSize(clientWidth, clientHeight, false);
    this.camera.aspect = clientWidth / clientHeight;
    this.camera.updateProjectionMatrix();
    this.tiles?.setResolutionFromRenderer(this.camera, this.renderer);
    this.stale = true;
  }

  private take(model: Object3D): void {
    model.traverse((each) => {
      if (!(each instanceof Mesh)) return;
      this.told.set(each, tableOf(each));
      each.material = new MeshStandardMaterial({ vertexColors: true, roughness: 0.95, metalness: 0 });
      this.paint(each);
    });
    this.stale = true;
  }

  private paintAll(): void {
    for (const mesh of this.told.keys()) this.paint(mesh);
    this.stale = true;
  }

  private paint(mesh: Mesh): void {
    const ids = mesh.geometry.getAttribute("_feature_id_0");
    const colours = (this.told.get(mesh) ?? []).map((told) => {
      const { r, g, b } = new Color(told.id === this.picked ? this.look.picked : this.look.colourOf(told));
      return [r, g, b].map((part) => Math.round(part * 255));
    });
    const painted = new Uint8Array(ids.count * 3);
    for (let vertex = 0; vertex < ids.count; vertex++) painted.set(colours[ids.getX(vertex)] ?? [128, 128, 128], vertex * 3);
    mesh.geometry.setAttribute("color", new BufferAttribute(painted, 3, true));
  }

  private click(event: MouseEvent): void {
    const { left, top, width, height } = this.canvas.getBoundingClientRect();
    const point = new Vector2(((event.clientX - left) / width) * 2 - 1, 1 - ((event.clientY - top) / height) * 2);
    const ray = new Raycaster();
    ray.setFromCamera(point, this.camera);
    const [hit] = this.tiles ? ray.intersectObject(this.tiles.group, true) : [];
    const told = hit?.object instanceof Mesh && hit.face ? this.told.get(hit.object) : undefined;
    const feature = hit && hit.face ? (hit.object as Mesh).geometry.getAttribute("_feature_id_0").getX(hit.face.a) : -1;
    this.hooks.onPick(told?.[feature]?.id ?? null);
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
  return Array.from({ length: most + 1 }, (_, id) => table.getPropertyTableData([number], [id])[0] as Told);
}
