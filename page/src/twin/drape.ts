import { type BufferGeometry, CanvasTexture, Float32BufferAttribute, Matrix3, type Matrix4, type MeshBasicMaterial, type MeshStandardMaterial, SRGBColorSpace, Vector3 } from "three";
import type { ImageryLayer } from "../api/types";

const TILE_PX = 256;
/** How many tiles across the whole of the pictures is, and what is near: at most 16 and 64 of them are asked for at a time. */
const WHOLE_TILES = 4;
const NEAR_TILES = 8;
/** How far round what is looked at is near, in distances of the eye, and how much of that must be had before more is asked for. */
const NEAR_EYES = 1.5;
const NEAR_NEEDED = 0.75;
const MOST_KEPT = 160;
const EQUATOR_M = 40_075_017; // of EPSG:3857
const CHANNEL = 1; // its own coordinates: what a model hangs on its ground has others

type Point = readonly [number, number];
type Box = readonly [number, number, number, number];
type Where = (point: Vector3) => readonly [number, number, number];

/** Return where degrees lie on the square of Web Mercator (EPSG:3857), 0 to 1 eastward and southward. */
export function mercator(lon: number, lat: number): Point {
  return [lon / 360 + 0.5, 0.5 - Math.asinh(Math.tan((lat * Math.PI) / 180)) / (2 * Math.PI)];
}

/** Return the zoom at which a window is at most so many tiles across, wherever its edges fall. */
export function zoomFor(width: number, across: number): number {
  return Math.floor(Math.log2((across - 1) / width));
}

function squareOf([west, south, east, north]: Box): Box {
  return [...mercator(west, north), ...mercator(east, south)];
}

function meet(a: Box, b: Box): Box | null {
  const box: Box = [Math.max(a[0], b[0]), Math.max(a[1], b[1]), Math.min(a[2], b[2]), Math.min(a[3], b[3])];
  return box[0] < box[2] && box[1] < box[3] ? box : null;
}

/** Tiles of pictures round a place, drawn on one canvas. */
class Sheet {
  readonly texture: CanvasTexture;
  private readonly pen: CanvasRenderingContext2D | null;
  private wanted = "";
  /** What lies on it: its zoom, and its first tile eastward and southward. */
  private held: [number, number, number] = [0, 0, 0];
  private coming = 0;
  shown = false;

  constructor(
    private readonly across: number,
    private readonly tile: (address: string) => Promise<ImageBitmap | null>,
    private readonly changed: () => void,
  ) {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = across * TILE_PX;
    this.pen = canvas.getContext("2d");
    this.texture = new CanvasTexture(canvas);
    Object.assign(this.texture, { flipY: false, colorSpace: SRGBColorSpace, anisotropy: 4, channel: CHANNEL, matrixAutoUpdate: false });
  }

  get settled(): boolean {
    return this.coming === 0;
  }

  /** Whether all of a window lies on it at the zoom that the window is wide for. */
  holds(window: Box, zoom: number): boolean {
    const [z, x, y] = this.wanted.split(" ").map(Number);
    const size = 2 ** zoom;
    return z === zoom && window[0] * size >= (x ?? 0) && window[1] * size >= (y ?? 0) && window[2] * size <= (x ?? 0) + this.across && window[3] * size <= (y ?? 0) + this.across;
  }

  /** Have what is wanted laid anew, while what lies there stays. */
  forget(): void {
    this.wanted = "";
  }

  clear(): void {
    this.forget();
    this.shown = false;
  }

  /** Lay the pictures that are in a window, once all their tiles have come. */
  async lay(window: Box, zoom: number, pictures: readonly ImageryLayer[]): Promise<void> {
    const size = 2 ** zoom;
    const [left, top] = [Math.floor(window[0] * size), Math.floor(window[1] * size)];
    const wanted = [zoom, left, top, ...pictures.map(({ tiles }) => tiles)].join(" ");
    if (wanted === this.wanted) return;
    this.wanted = wanted;
    this.coming++;
    const parts = pictures.flatMap((each) => this.partsOf(each, window, zoom));
    const images = await Promise.all(parts.map(({ address }) => this.tile(address)));
    this.coming--;
    if (this.wanted === wanted) {
      this.held = [size, left, top];
      this.pen?.clearRect(0, 0, this.across * TILE_PX, this.across * TILE_PX);
      parts.forEach(({ x, y, wide }, n) => images[n] && this.pen?.drawImage(images[n], (x - left) * TILE_PX, (y - top) * TILE_PX, wide * TILE_PX, wide * TILE_PX));
      this.texture.needsUpdate = true;
      this.shown = true;
    }
    this.changed();
  }

  /** Return what brings coordinates round a place onto the canvas, 0 to 1. */
  onto([x, y]: Point): Matrix3 {
    const [size, left, top] = this.held;
    const scale = size / this.across;
    return new Matrix3().set(scale, 0, (x * size - left) / this.across, 0, scale, (y * size - top) / this.across, 0, 0, 1);
  }

  /** Return the tiles of a picture in a window, and where each lies, in tiles of the zoom. */
  private partsOf({ bounds, tiles, zooms: [least, most] }: ImageryLayer, window: Box, zoom: number): { address: string; x: number; y: number; wide: number }[] {
    const z = Math.min(zoom, most);
    const box = meet(squareOf(bounds), window);
    if (!box || z < least) return [];
    const [size, wide] = [2 ** z, 2 ** (zoom - z)];
    const [west, north, east, south] = box.map((each) => Math.min(Math.floor(each * size), size - 1)) as [number, number, number, number];
    const columns = Array.from({ length: east - west + 1 }, (_, n) => west + n);
    return Array.from({ length: south - north + 1 }, (_, n) => north + n).flatMap((y) =>
      columns.map((x) => ({ address: tiles.replace("{z}", String(z)).replace("{x}", String(x)).replace("{y}", String(y)), x: x * wide, y: y * wide, wide })));
  }
}

/** Pictures of the ground, as they lie on it in three dimensions: all of them coarsely, and finer round what is looked at. */
export class Drape {
  private pictures: readonly ImageryLayer[] = [];
  private middle: Point = [0, 0];
  private readonly kept = new Map<string, Promise<ImageBitmap | null>>();
  private readonly missing = new Set<string>();
  private readonly whole: Sheet;
  private readonly near: Sheet;
  private readonly worn = new Set<MeshBasicMaterial | MeshStandardMaterial>();
  private readonly uniforms = { nearMap: { value: null as CanvasTexture | null }, nearOnto: { value: new Matrix3() }, nearShown: { value: false } };

  constructor(private readonly changed: () => void) {
    const tile = (address: string): Promise<ImageBitmap | null> => this.tile(address);
    this.whole = new Sheet(WHOLE_TILES, tile, () => this.place());
    this.near = new Sheet(NEAR_TILES, tile, () => this.place());
    this.uniforms.nearMap.value = this.near.texture;
  }

  /** Whether all tiles that were asked for have come. */
  get settled(): boolean {
    return this.whole.settled && this.near.settled;
  }

  /** How many tiles could not be had. */
  get failed(): number {
    return this.missing.size;
  }

  /** Ask once more for the tiles that could not be had. */
  again(): void {
    if (!this.missing.size) return;
    this.missing.clear();
    for (const sheet of [this.whole, this.near]) sheet.forget();
    this.changed();
  }

  /** Lay these pictures, the last on top, in a city round a place. */
  show(pictures: readonly ImageryLayer[], [west = 0, south = 0, east = 0, north = 0]: readonly number[]): void {
    this.middle = mercator((west + east) / 2, (south + north) / 2);
    this.pictures = pictures;
    this.missing.clear();
    this.whole.clear();
    this.near.clear();
    this.place();
  }

  /** Have a material of the ground show the pictures over its own colour, as clear as they are. */
  wear(material: MeshBasicMaterial | MeshStandardMaterial): void {
    this.worn.add(material);
    material.onBeforeCompile = (shader): void => {
      Object.assign(shader.uniforms, this.uniforms);
      shader.fragmentShader = shader.fragmentShader
        .replace("#include <map_pars_fragment>", "#include <map_pars_fragment>\nuniform sampler2D nearMap;\nuniform mat3 nearOnto;\nuniform bool nearShown;")
        .replace("#include <map_fragment>", "")
        .replace("#include <color_fragment>", `#include <color_fragment>
          #ifdef USE_MAP
            vec2 closer = (nearOnto * vec3(vMapUv, 1.0)).xy;
            vec4 coarse = texture2D(map, vMapUv);
            vec4 fine = texture2D(nearMap, closer);
            bool isFine = nearShown && closer == clamp(closer, 0.0, 1.0);
            vec4 laid = isFine ? fine : vMapUv == clamp(vMapUv, 0.0, 1.0) ? coarse : vec4(0.0);
            diffuseColor.rgb = mix(diffuseColor.rgb, laid.rgb, laid.a);
          #endif`);
    };
    this.dress(material);
  }

  doff(material: MeshBasicMaterial | MeshStandardMaterial): void {
    this.worn.delete(material);
  }

  /** Give the corners of ground their places in the pictures; `world` is where it stands in the scene. */
  spread(geometry: BufferGeometry, world: Matrix4, where: Where): void {
    const at = geometry.getAttribute("position");
    const [x, y] = this.middle;
    const places = Array.from({ length: at.count }, (_, n) => {
      const [lon, lat] = where(new Vector3().fromBufferAttribute(at, n).applyMatrix4(world));
      const [east, south] = mercator(lon, lat);
      return [east - x, south - y];
    });
    geometry.setAttribute(`uv${CHANNEL}`, new Float32BufferAttribute(places.flat(), 2));
  }

  /** Ask for what is seen from so many metres away of a place, and of the whole within `box`, degrees. */
  aim(lon: number, lat: number, away: number, box: Box): void {
    const boxes = this.pictures.map(({ bounds }) => squareOf(bounds));
    const around = boxes.reduce<Box | null>((all, each) => (all ? [Math.min(all[0], each[0]), Math.min(all[1], each[1]), Math.max(all[2], each[2]), Math.max(all[3], each[3])] : each), null);
    const all = around && meet(around, squareOf(box));
    if (!all) return;
    const wholeZoom = this.zoomOf(all, WHOLE_TILES);
    void this.whole.lay(all, wholeZoom, this.pictures);
    const [x, y] = mercator(lon, lat);
    const eyes = away / (EQUATOR_M * Math.cos((lat * Math.PI) / 180));
    const round = (far: number): Box | null => meet([x - far, y - far, x + far, y + far], all);
    const [wanted, needed] = [round(NEAR_EYES * eyes), round(NEAR_NEEDED * eyes)];
    const zoom = Math.min(zoomFor(2 * NEAR_EYES * eyes, NEAR_TILES), ...[Math.max(...this.pictures.map(({ zooms }) => zooms[1]))]);
    if (!wanted || !needed || zoom <= wholeZoom) {
      if (this.near.shown) this.near.clear();
      this.uniforms.nearShown.value = false;
    } else if (!this.near.holds(needed, zoom)) void this.near.lay(wanted, zoom, this.pictures);
  }

  dispose(): void {
    this.whole.texture.dispose();
    this.near.texture.dispose();
    this.kept.clear();
  }

  private zoomOf([west, north, east, south]: Box, across: number): number {
    return Math.min(zoomFor(Math.max(east - west, south - north), across), Math.max(...this.pictures.map(({ zooms }) => zooms[1])));
  }

  private place(): void {
    const whole = this.whole.onto(this.middle);
    this.whole.texture.matrix.copy(whole);
    this.uniforms.nearOnto.value.copy(this.near.onto(this.middle).multiply(whole.invert()));
    this.uniforms.nearShown.value = this.near.shown;
    for (const each of this.worn) this.dress(each);
    this.changed();
  }

  private dress(material: MeshBasicMaterial | MeshStandardMaterial): void {
    const map = this.whole.shown && this.pictures.length ? this.whole.texture : null;
    if (material.map === map) return;
    material.map = map;
    material.needsUpdate = true;
  }

  private tile(address: string): Promise<ImageBitmap | null> {
    const held = this.kept.get(address) ?? this.fetched(address);
    this.kept.delete(address);
    this.kept.set(address, held);
    for (const old of [...this.kept.keys()].slice(0, Math.max(0, this.kept.size - MOST_KEPT))) this.kept.delete(old);
    return held;
  }

  /** Return a tile, null where there is no picture; one that could not be had is counted, and asked for when it is next wanted. */
  private async fetched(address: string): Promise<ImageBitmap | null> {
    try {
      const answer = await fetch(address);
      if (answer.status === 204 || answer.status === 404) return null;
      if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
      const found = await createImageBitmap(await answer.blob());
      this.missing.delete(address);
      return found;
    } catch {
      this.missing.add(address);
      this.kept.delete(address);
      return null;
    }
  }
}

/** Whether what a material shows are pictures of the ground, not what its model has. */
export function isDraped({ map }: Pick<MeshStandardMaterial, "map">): boolean {
  return map?.channel === CHANNEL;
}
