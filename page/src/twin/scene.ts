import { Color, DirectionalLight, HemisphereLight, PerspectiveCamera, Plane, Raycaster, Scene, Vector2, Vector3, type WebGLRenderer } from "three";
import { MapControls } from "three/addons/controls/MapControls.js";
import type { ImageryLayer } from "../api/types";
import type { Cut, Split } from "../state/twin-url";
import { Flight } from "./flight";
import { Ground } from "./ground";
import type { Extent, Place, SceneHooks } from "./hooks";
import { fromSouth, turnedBy } from "./keys";
import { type Look, TileLayer } from "./layer";
import { hang, type Pin } from "./pins";
import { cutAlong, planeOf } from "./planes";
import { rendererOn } from "./renderer";
import { cornerNear, placeIn } from "./snap";
import { Tape } from "./tape";

export const FIELD_OF_VIEW = 50; // degrees, from top to bottom
const QUIET_FRAMES = 12;
const STILL_PX = 5; // a hand that moves less than this clicks
const SLOPE = 0.8; // metres up for each metre back from what is looked at
const BROAD = 1.2; // width by height of a canvas in which the whole city is seen from the usual distance
const DEGREE_M = 111_320;
const UP = new Vector3(0, 1, 0);

/** The city in three dimensions: tiles of one moment or two under one camera, with what is measured and noted in it. */
export class TwinScene {
  private readonly renderer: WebGLRenderer;
  private readonly scene = new Scene();
  private readonly camera = new PerspectiveCamera(FIELD_OF_VIEW, 1, 1, 200_000);
  private readonly controls: MapControls;
  private readonly sized: ResizeObserver;
  private readonly tape = new Tape();
  private measuring: Vector3[] | null = null;
  private readonly ground = new Ground(() => this.wake());
  private pins: Pin[] = [];
  private flight: Flight | null = null;
  private extent: Extent = { box: [0, 0, 0, 0], low: 0, high: 0, ground: false };
  private frame = 0;
  private stale = true;
  /** Frames since anything was on its way, and since anything was drawn anew. */
  private quiet = 0;
  private idle = 0;
  private due = "";
  /** Where a pointer was last pressed, px. */
  private pressed: [number, number] = [0, 0];
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
    this.scene.add(sun, new HemisphereLight(0xffffff, 0x8a8578, 1.6), this.ground.group, this.tape.group);
    this.controls = new MapControls(this.camera, canvas);
    this.controls.maxPolarAngle = 1.5;
    this.controls.listenToKeyEvents(canvas);
    for (const [what, act] of [["change", () => this.redraw()], ["end", () => this.moved()]] as const) this.controls.addEventListener(what, act);
    this.sized = new ResizeObserver(() => this.resize());
    this.sized.observe(canvas);
    canvas.addEventListener("pointerdown", ({ clientX, clientY }) => (this.pressed = [clientX, clientY]));
    canvas.addEventListener("click", (event) => this.click(event));
    canvas.addEventListener("keydown", (event) => this.key(event));
    canvas.addEventListener("pointermove", (event) => this.hover(event));
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
    const { box: [west = 0, south = 0, east = 0, north = 0], low, high, ground } = this.extent;
    const wide = (east - west) * DEGREE_M * Math.cos((south * Math.PI) / 180);
    this.aim(new Vector3(0, ground ? (low + high) / 2 : low, 0), Math.max(wide, (north - south) * DEGREE_M, 60) * 0.72 * Math.max(1, BROAD / this.camera.aspect));
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
    this.ground.pave(points.flatMap(([lon = 0, lat = 0]) => now.place(lon, lat, up).toArray()));
    this.lay();
  }

  /** Lay pictures on the ground, the last on top. */
  cover(pictures: readonly ImageryLayer[]): void {
    this.ground.drape.show(pictures, this.extent.box);
  }

  /** Ask once more for what could not be had. */
  again(): void {
    for (const each of [...this.layers, this.ground.drape]) each.again();
  }

  /** Draw what is measured; clicks snap to corners till it is null. */
  measure(points: readonly Vector3[] | null, path: readonly Vector3[]): void {
    this.measuring = points && [...points];
    this.tape.trace(path, points ?? [], this.look.picked);
    this.redraw();
  }

  /** Turn so that north is ahead. */
  north(): void {
    const at = this.controls.target.clone();
    const eye = fromSouth(this.camera.position.clone().sub(at)).add(at);
    this.put(at, eye);
    this.moved(at, eye);
  }

  /** Keep elements over places: degrees and metres, or points of the scene. */
  pin(elements: readonly HTMLElement[], places: readonly (readonly [number, number, number] | Vector3)[]): void {
    const { now } = this;
    const at = (place: (typeof places)[number] = [0, 0, 0]): Vector3 => (place instanceof Vector3 ? place : (now as TileLayer).place(...place));
    this.pins = now ? elements.map((element, n) => ({ element, at: at(places[n]), yields: element.classList.contains("twin-room") })) : [];
    this.redraw();
  }

  /** Return what lies under the middle of the picture, for those who have no mouse. */
  pickMiddle(): void {
    this.pickAt(new Vector2(0, 0), this.now);
  }

  /** Triangles, draw calls and tiles of the last frame, and geometries that are held for it. */
  get cost(): { triangles: number; calls: number; tiles: number; geometries: number } {
    const { memory, render } = this.renderer.info;
    return { triangles: render.triangles, calls: render.calls, geometries: memory.geometries, tiles: this.layers.reduce((sum, { tiles }) => sum + tiles.visibleTiles.size, 0) };
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
    this.tape.dispose();
    this.ground.dispose();
    this.controls.dispose();
    this.renderer.dispose();
  }

  private replaced(old: TileLayer | null, address: string | null, extent: Extent): TileLayer | null {
    if (old) this.ground.drape.doff(old.ground);
    old?.tiles.group.removeFromParent();
    old?.dispose();
    this.wake();
    if (address === null) return null;
    const layer = new TileLayer(address, extent.box, this.camera, this.renderer, this.look, () => this.wake(), () => this.hooks.onFailed());
    this.ground.cover(layer);
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

  private lay(): void {
    const road = this.look.dress.colourOf({ id: "", class: "Road", name: "", model: "", height_m: 0, generated: 0 });
    this.ground.lay(this.extent, this.under, this.look.plain, road);
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
    } else this.flight = new Flight([this.controls.target.clone(), this.camera.position.clone()], [at, eye]);
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
    const { at, eye, over } = this.flight.now();
    this.quiet = 0;
    if (over) this.flight = null;
    this.set(at, eye);
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
    if (!this.flight) this.ground.follow(this.now, this.controls.target, this.camera.position, this.extent.box);
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
    const ahead = this.controls.target.clone().sub(this.camera.position);
    this.canvas.parentElement?.style.setProperty("--north", `${Math.atan2(ahead.x, ahead.z)}rad`);
    hang(this.pins, this.camera, this.canvas, this.split !== "side");
    const { now, before, split } = this;
    if (!split || !before || !now) return this.view(now, [0, width], [0, width], height);
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
    if (!this.now || this.flight || !this.ground.drape.settled || !this.layers.every(({ settled }) => settled)) this.quiet = 0;
    else if (++this.quiet === QUIET_FRAMES) this.hooks.onSettled();
  }

  private tell(): void {
    const share = Math.min(1, ...this.layers.map(({ settled, tiles }) => (settled ? 1 : tiles.root ? tiles.loadProgress * 0.99 : 0)));
    const failed = this.layers.reduce((sum, each) => sum + each.failed, this.ground.drape.failed);
    const due = `${Math.floor(share * 20)} ${failed}`;
    if (due === this.due) return;
    this.due = due;
    this.hooks.onDue(share, failed);
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

  /** Return where in the picture a pointer is, -1 to 1 both ways, and which moment is shown there. */
  private below(event: MouseEvent): { at: Vector2; layer: TileLayer | null } {
    const { at, first } = placeIn(this.canvas, event, this.before !== null, this.divide, this.split === "side");
    return { at, layer: first ? this.before : this.now };
  }

  private click(event: MouseEvent): void {
    const [x, y] = this.pressed;
    if (Math.hypot(event.clientX - x, event.clientY - y) > STILL_PX) return; // the city was moved, nothing was clicked
    const { at, layer } = this.below(event);
    this.pickAt(at, layer);
  }

  /** Show where a point would be set, while there is measured. */
  private hover(event: PointerEvent): void {
    if (!this.measuring || event.buttons) return;
    const { at, layer } = this.below(event);
    const corner = this.corner(at, layer);
    this.tape.aim(corner ?? this.met(at, layer).point, this.measuring.at(-1) ?? null, corner !== null);
    this.redraw();
  }

  private corner(at: Vector2, layer: TileLayer | null): Vector3 | null {
    const { clientWidth, clientHeight } = this.canvas;
    return cornerNear(at, this.camera, [clientWidth / (this.split === "side" ? 2 : 1), clientHeight], (near) => this.met(near, layer).hit?.corners ?? []);
  }

  /** Return what is met at a place of the picture, and the point: of an object, else of the ground. */
  private met(at: Vector2, layer: TileLayer | null): { hit: ReturnType<TileLayer["hit"]>; point: Vector3 | null } {
    const ray = new Raycaster();
    ray.setFromCamera(at, this.camera);
    const hit = layer?.hit(ray) ?? null;
    return { hit, point: hit?.point ?? ray.ray.intersectPlane(new Plane(UP, -this.extent.low), new Vector3()) };
  }

  private pickAt(at: Vector2, layer: TileLayer | null): void {
    const { hit, point: met } = this.met(at, layer);
    const point = (this.measuring && this.corner(at, layer)) ?? met;
    const cut = hit?.normal && layer ? cutAlong(hit.point, hit.normal, this.extent.box, (...to) => layer.place(...to)) : null;
    this.hooks.onPick(hit?.told?.id ?? null, point && layer ? layer.where(point) : null, point, cut);
  }
}
