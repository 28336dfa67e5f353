import { BufferGeometry, Color, DirectionalLight, Float32BufferAttribute, Group, HemisphereLight, Line, LineBasicMaterial, LineSegments, Mesh, MeshBasicMaterial, PerspectiveCamera, Plane, PlaneGeometry, Raycaster, Scene, Vector2, Vector3, type WebGLRenderer } from "three";
import { MapControls } from "three/addons/controls/MapControls.js";
import type { Cut, Split } from "../state/twin-url";
import type { Extent, Place, SceneHooks } from "./hooks";
import { turnedBy } from "./keys";
import { type Look, TileLayer } from "./layer";
import { hang, type Pin } from "./pins";
import { cutAlong, planeOf } from "./planes";
import { rendererOn } from "./renderer";

export const FIELD_OF_VIEW = 50; // degrees, from top to bottom
const QUIET_FRAMES = 12;
const SLOPE = 0.8; // metres up for each metre back from what is looked at
const FLIGHT_MS = 700;
const BROAD = 1.2; // width by height of a canvas in which the whole city is seen from the usual distance
const DEEP_M = 5; // foundations end, mines and pipes begin
const DEGREE_M = 111_320;
const UP = new Vector3(0, 1, 0);

interface Flight {
  from: [Vector3, Vector3];
  to: [Vector3, Vector3];
  begun: number;
}

/** The city in three dimensions: tiles of one moment or two under one camera, with what is measured and noted in it. */
export class TwinScene {
  private readonly renderer: WebGLRenderer;
  private readonly scene = new Scene();
  private readonly camera = new PerspectiveCamera(FIELD_OF_VIEW, 1, 1, 200_000);
  private readonly controls: MapControls;
  private readonly sized: ResizeObserver;
  private readonly drawn = new Group(); // lines of what is measured
  private streets: LineSegments | null = null;
  private floor: Mesh | null = null;
  private pins: Pin[] = [];
  private flight: Flight | null = null;
  private extent: Extent = { box: [0, 0, 0, 0], low: 0, high: 0, ground: false };
  private frame = 0;
  private stale = true;
  /** Frames since anything was on its way, and since anything was drawn anew. */
  private quiet = 0;
  private idle = 0;
  private due = "";
  private under = false;
  private split: Split | null = null;
  /** Where the line between two moments stands, as a fraction of the width. */
  private divide = 0.5;
  now: TileLayer | null = null;
  before: TileLayer | null = null;

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private look: Look,
    private readonly hooks: SceneHooks,
  ) {
    this.renderer = rendererOn(canvas);
    const sun = new DirectionalLight(0xffffff, 2.2);
    sun.position.set(0.4, 1, -0.6);
    this.scene.add(sun, new HemisphereLight(0xffffff, 0x8a8578, 1.6), this.drawn);
    this.controls = new MapControls(this.camera, canvas);
    this.controls.maxPolarAngle = 1.5;
    this.controls.listenToKeyEvents(canvas);
    this.controls.addEventListener("change", () => this.redraw());
    this.controls.addEventListener("end", () => this.moved());
    this.sized = new ResizeObserver(() => this.resize());
    this.sized.observe(canvas);
    canvas.addEventListener("click", (event) => this.click(event));
    canvas.addEventListener("keydown", (event) => this.key(event));
    this.dress(look);
  }

  /** Show the tileset at an address in place of the one before. */
  load(address: string, extent: Extent): void {
    this.now = this.replaced(this.now, address, extent);
    this.extent = extent;
    this.lay();
    this.now?.tiles.addEventListener("load-root-tileset", () => window.setTimeout(() => this.hooks.onPlaced()));
  }

  /** Show another moment beside it, by a line that can be pushed or side by side; null shows none. */
  compare(address: string | null, split: Split): void {
    this.split = address ? split : null;
    if ((this.before?.address ?? null) !== address) this.before = this.replaced(this.before, address, this.extent);
    this.resize();
  }

  /** Put the line between two moments at a fraction of the width. */
  push(divide: number): void {
    this.divide = divide;
    this.redraw();
  }

  /** Look at the whole city from the south. */
  home(): void {
    const [west = 0, south = 0, east = 0, north = 0] = this.extent.box;
    const wide = (east - west) * DEGREE_M * Math.cos((south * Math.PI) / 180);
    const { low, high, ground } = this.extent;
    const away = 0.72 * Math.max(1, BROAD / this.camera.aspect);
    this.aim(new Vector3(0, ground ? (low + high) / 2 : low, 0), Math.max(wide, (north - south) * DEGREE_M, 60) * away);
  }

  /** Look at an object. */
  visit({ bbox, bottom_m, top_m }: Place): void {
    const [west = 0, south = 0, east = 0, north = 0] = bbox;
    if (!this.now) return;
    const at = this.now.place((west + east) / 2, (south + north) / 2, (bottom_m + top_m) / 2);
    const size = Math.max((east - west) * DEGREE_M, (north - south) * DEGREE_M, top_m - bottom_m, 10);
    this.moved(...this.aim(at, size * 2.5));
  }

  /** Look from a place at another, as `onMoved` told them. */
  stand(eye: readonly number[]): void {
    const [lon = 0, lat = 0, up = 0, toLon = 0, toLat = 0, toUp = 0] = eye;
    if (!this.now) return;
    this.put(this.now.place(toLon, toLat, toUp), this.now.place(lon, lat, up));
  }

  mark(id: string | null): void {
    this.now?.mark(id);
    this.before?.mark(id);
  }

  dress(look: Look): void {
    this.look = look;
    this.scene.background = new Color(look.ground);
    this.now?.dress(look);
    this.before?.dress(look);
    this.lay();
  }

  /** Cut the city by planes: what lies beyond is not drawn, nor picked. `above` is a height, m, over which nothing is. */
  cut(cut: Cut | null, above: number | null): void {
    const { now } = this;
    const planes = above === null ? [] : [new Plane(new Vector3(0, -1, 0), above)];
    if (cut && now) planes.push(planeOf(cut, this.extent.box, (...at) => now.place(...at)));
    for (const layer of this.layers) layer.cut(planes);
    this.wake();
  }

  /** Let the camera go below the ground, which is not drawn then. */
  dig(under: boolean): void {
    this.under = under;
    this.controls.maxPolarAngle = under ? Math.PI : 1.5;
    this.controls.update();
    this.lay();
  }

  /** Draw lines of degrees on the ground, m above the datum. */
  pave(lines: readonly (readonly number[][])[], up: number): void {
    if (!this.now) return;
    const { now } = this;
    const points = lines.flatMap((line) => line.slice(1).flatMap((to, n) => [line[n] ?? to, to]));
    const flat = points.flatMap(([lon = 0, lat = 0]) => now.place(lon, lat, up).toArray());
    this.streets?.removeFromParent();
    this.streets = new LineSegments(new BufferGeometry().setAttribute("position", new Float32BufferAttribute(flat, 3)), new LineBasicMaterial());
    this.scene.add(this.streets);
    this.lay();
  }

  /** Draw a line through points, closed if it goes round an area. */
  trace(points: readonly Vector3[], closed: boolean): void {
    this.drawn.clear();
    const path = closed && points.length > 2 ? [...points, points[0] as Vector3] : [...points];
    const line = new Line(new BufferGeometry().setFromPoints(path), new LineBasicMaterial({ color: this.look.picked, depthTest: false, transparent: true }));
    line.renderOrder = 9;
    this.drawn.add(line);
    this.redraw();
  }

  /** Keep elements over places, which are degrees and metres. */
  pin(elements: readonly HTMLElement[], places: readonly (readonly [number, number, number])[]): void {
    const { now } = this;
    this.pins = now ? elements.map((element, n) => ({ element, at: now.place(...(places[n] ?? [0, 0, 0])), yields: element.classList.contains("twin-room") })) : [];
    this.redraw();
  }

  /** Return what lies under the middle of the picture, for those who have no mouse. */
  pickMiddle(): void {
    this.pickAt(new Vector2(0, 0), this.now);
  }

  /** Triangles, draw calls and tiles of the last frame. */
  get cost(): { triangles: number; calls: number; tiles: number } {
    const { triangles, calls } = this.renderer.info.render;
    return { triangles, calls, tiles: this.layers.reduce((sum, { tiles }) => sum + tiles.visibleTiles.size, 0) };
  }

  /** Longitude, latitude, metres of the camera, then of what it looks at; null while the scene is nowhere on the earth. */
  get eye(): number[] | null {
    return this.now?.tiles.root ? [...this.now.where(this.camera.position), ...this.now.where(this.controls.target)] : null;
  }

  get layers(): TileLayer[] {
    return [this.before, this.now].filter((each) => each !== null);
  }

  dispose(): void {
    window.cancelAnimationFrame(this.frame);
    this.frame = -1; // none is asked for any more
    this.sized.disconnect();
    for (const layer of this.layers) layer.dispose();
    this.controls.dispose();
    this.renderer.dispose();
  }

  private replaced(old: TileLayer | null, address: string | null, extent: Extent): TileLayer | null {
    if (old) this.scene.remove(old.tiles.group);
    old?.dispose();
    this.wake();
    if (address === null) return null;
    const layer = new TileLayer(address, extent.box, this.camera, this.renderer, this.look, () => this.wake(), () => this.hooks.onFailed());
    this.scene.add(layer.tiles.group);
    return layer;
  }

  private wake(): void {
    this.quiet = 0;
    this.redraw();
  }

  private redraw(): void {
    this.stale = true;
    this.frame ||= window.requestAnimationFrame(() => this.turn());
  }

  /** Lay the ground, under foundations too, and the streets; none beside terrain, for a view from below, or of what lies deep. */
  private lay(): void {
    this.floor?.removeFromParent();
    this.floor = null;
    if (!this.under && !this.extent.ground && this.extent.low > -DEEP_M) {
      const [west = 0, , east = 0] = this.extent.box;
      const size = Math.max((east - west) * DEGREE_M * 6, 1_000);
      this.floor = new Mesh(new PlaneGeometry(size, size).rotateX(-Math.PI / 2), new MeshBasicMaterial({ color: this.look.plain }));
      this.floor.position.y = this.extent.low - 0.6;
      this.scene.add(this.floor);
    }
    (this.streets?.material as LineBasicMaterial | undefined)?.color.set(this.look.dress.colourOf({ id: "", class: "Road", name: "", model: "", height_m: 0, generated: 0 }));
    this.redraw();
  }

  /** Look at a point from the south, and return it and where from. */
  private aim(at: Vector3, away: number): [Vector3, Vector3] {
    const eye = new Vector3(at.x, at.y + away * SLOPE, at.z - away);
    this.put(at, eye);
    return [at, eye];
  }

  /** Put the camera there: in a flight if something is seen already and motion is not unwelcome. */
  private put(at: Vector3, eye: Vector3): void {
    const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.quiet = 0;
    if (calm || !this.now?.tiles.root) {
      this.flight = null;
      this.set(at, eye);
    } else this.flight = { from: [this.controls.target.clone(), this.camera.position.clone()], to: [at, eye], begun: performance.now() };
    this.redraw();
  }

  private set(at: Vector3, eye: Vector3): void {
    this.controls.target.copy(at);
    this.camera.position.copy(eye);
    this.controls.update();
    this.redraw();
  }

  private fly(): void {
    if (!this.flight) return;
    const { from, to, begun } = this.flight;
    const part = Math.min((performance.now() - begun) / FLIGHT_MS, 1);
    const eased = part * part * (3 - 2 * part);
    this.quiet = 0;
    if (part === 1) this.flight = null;
    this.set(from[0].clone().lerp(to[0], eased), from[1].clone().lerp(to[1], eased));
  }

  private moved(at = this.controls.target, eye = this.camera.position): void {
    if (this.now?.tiles.root) this.hooks.onMoved([...this.now.where(eye), ...this.now.where(at)]);
  }

  /** Go on frame by frame as long as something moves or comes; a still picture costs nothing. */
  private turn(): void {
    this.frame = 0;
    this.fly();
    this.camera.updateMatrixWorld();
    for (const { tiles } of this.layers) tiles.update();
    this.settle();
    this.tell();
    this.idle = this.stale ? 0 : this.idle + 1;
    if (this.stale) this.draw();
    if (this.flight || this.quiet < QUIET_FRAMES || this.idle < QUIET_FRAMES) this.frame ||= window.requestAnimationFrame(() => this.turn());
  }

  private draw(): void {
    this.stale = false;
    const { clientWidth: width, clientHeight: height } = this.canvas;
    this.renderer.info.reset();
    hang(this.pins, this.camera, this.canvas, this.split !== "side");
    const { now, before, split } = this;
    if (!split || !before || !now) {
      this.view(now, [0, width], [0, width], height);
      return;
    }
    const edge = split === "side" ? width / 2 : Math.round(width * this.divide);
    this.view(before, [0, edge], split === "side" ? [0, edge] : [0, width], height);
    this.view(now, [edge, width], split === "side" ? [edge, width] : [0, width], height);
  }

  /** Draw one moment between two edges of the canvas, as a part of the picture that lies between others. */
  private view(shown: TileLayer | null, [left, right]: [number, number], [from, to]: [number, number], height: number): void {
    for (const layer of this.layers) layer.tiles.group.visible = layer === shown;
    this.renderer.setScissorTest(true);
    this.renderer.setScissor(left, 0, right - left, height);
    this.renderer.setViewport(from, 0, to - from, height);
    this.renderer.render(this.scene, this.camera);
  }

  /** Tell once that nothing has been on its way for some frames: a tile that came may ask for those below it. */
  private settle(): void {
    if (!this.now || this.flight || !this.layers.every(({ settled }) => settled)) this.quiet = 0;
    else if (++this.quiet === QUIET_FRAMES) this.hooks.onSettled();
  }

  private tell(): void {
    const share = Math.min(1, ...this.layers.map(({ settled, tiles }) => (settled ? 1 : tiles.loadProgress * 0.99)));
    const failed = this.layers.reduce((sum, each) => sum + each.failed, 0);
    const due = `${Math.floor(share * 20)} ${failed}`;
    if (due === this.due) return;
    this.due = due;
    this.hooks.onDue(share, failed);
  }

  /** Ask once more for the tiles that could not be had. */
  again(): void {
    for (const layer of this.layers) layer.again();
    this.wake();
  }

  private resize(): void {
    const { clientWidth, clientHeight } = this.canvas;
    if (!clientWidth || !clientHeight) return;
    this.renderer.setPixelRatio(Math.min(window.devicePixelRatio, 2));
    this.renderer.setSize(clientWidth, clientHeight, false);
    this.camera.aspect = clientWidth / (this.split === "side" ? 2 : 1) / clientHeight;
    this.camera.updateProjectionMatrix();
    for (const layer of this.layers) layer.fit(this.camera, this.renderer);
    this.wake(); // that it is drawn is told also where no tile had to come
  }

  /** Turn, tilt and go nearer by keys; arrows move, by the controls. */
  private key(event: KeyboardEvent): void {
    if (event.key === "Enter") return this.pickMiddle();
    const turned = turnedBy(event.key, this.camera.position.clone().sub(this.controls.target), this.controls.maxPolarAngle);
    if (!turned) return;
    event.preventDefault();
    this.set(this.controls.target.clone(), this.controls.target.clone().add(turned));
    this.moved();
  }

  private click(event: MouseEvent): void {
    const { left, top, width, height } = this.canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - left, event.clientY - top];
    const half = this.split === "side" ? width / 2 : width;
    const first = this.before !== null && x < (this.split === "side" ? half : width * this.divide);
    const within = this.split === "side" && x >= half ? x - half : x;
    this.pickAt(new Vector2((within / half) * 2 - 1, 1 - (y / height) * 2), first ? this.before : this.now);
  }

  private pickAt(at: Vector2, layer: TileLayer | null): void {
    const ray = new Raycaster();
    ray.setFromCamera(at, this.camera);
    const hit = layer?.hit(ray) ?? null;
    const ground = ray.ray.intersectPlane(new Plane(UP, -this.extent.low), new Vector3());
    const point = hit?.point ?? ground;
    const cut = hit?.normal && layer ? cutAlong(hit.point, hit.normal, this.extent.box, (...at) => layer.place(...at)) : null;
    this.hooks.onPick(hit?.told?.id ?? null, point && layer ? layer.where(point) : null, point, cut);
  }
}
