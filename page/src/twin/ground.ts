import { BufferGeometry, Float32BufferAttribute, Group, LineBasicMaterial, LineSegments, Mesh, MeshBasicMaterial, PlaneGeometry, type Vector3 } from "three";
import { Drape } from "./drape";
import type { Extent } from "./hooks";
import type { TileLayer } from "./layer";

const DEEP_M = 5; // foundations end, mines and pipes begin
const DEGREE_M = 111_320;
const WIDER = 6; // than the city is the plain ground
const PARTS = 24; // of the plain ground each way, in which pictures lie straight

/** The ground: plain where a city has no terrain, with streets on it; and the pictures that lie on it, or on the terrain. */
export class Ground {
  readonly group = new Group();
  readonly drape: Drape;
  private readonly street = new LineBasicMaterial();
  private readonly plain = new MeshBasicMaterial();
  private streets: LineSegments | null = null;
  private floor: Mesh<PlaneGeometry, MeshBasicMaterial> | null = null;

  constructor(changed: () => void) {
    this.drape = new Drape(changed);
    this.drape.wear(this.plain);
  }

  /** Lay the ground, under foundations too; none beside terrain, for a view from below, or of what lies deep. */
  lay({ box: [west = 0, , east = 0], low, ground }: Extent, under: boolean, plain: string, road: string): void {
    this.floor?.removeFromParent();
    this.floor?.geometry.dispose();
    this.floor = null;
    this.street.color.set(road);
    this.plain.color.set(plain);
    if (under || ground || low <= -DEEP_M) return;
    const size = Math.max((east - west) * DEGREE_M * WIDER, 1_000);
    this.floor = new Mesh(new PlaneGeometry(size, size, PARTS, PARTS).rotateX(-Math.PI / 2), this.plain);
    this.floor.position.y = low - 0.6;
    this.group.add(this.floor);
  }

  /** Have the pictures lie on the terrain of a layer too. */
  cover(layer: TileLayer): void {
    this.drape.wear(layer.ground);
    layer.tiles.addEventListener("load-model", ({ scene }) => scene.traverse((each) => {
      if (each instanceof Mesh && layer.isGround(each)) this.drape.spread(each.geometry as BufferGeometry, layer.worldOf(each), (point) => layer.where(point));
    }));
  }

  /** Bring pictures as fine as they are seen from an eye that looks at a place. */
  follow(layer: TileLayer | null, at: Vector3, eye: Vector3, [west = 0, south = 0, east = 0, north = 0]: readonly number[]): void {
    if (!layer?.tiles.root) return;
    if (this.floor && !this.floor.geometry.hasAttribute("uv1")) {
      this.floor.updateMatrixWorld();
      this.drape.spread(this.floor.geometry, this.floor.matrixWorld, (point) => layer.where(point));
    }
    const [lon, lat] = layer.where(at);
    const [x, y, wide, high] = [(west + east) / 2, (south + north) / 2, ((east - west) * WIDER) / 2, ((north - south) * WIDER) / 2];
    const half = Math.max(wide, high, 500 / DEGREE_M);
    this.drape.aim(lon, lat, at.distanceTo(eye), [x - half, Math.max(y - half, -85), x + half, Math.min(y + half, 85)]);
  }

  /** Draw streets: both ends of each line, three numbers an end. */
  pave(ends: readonly number[]): void {
    this.streets?.removeFromParent();
    this.streets?.geometry.dispose();
    this.streets = new LineSegments(new BufferGeometry().setAttribute("position", new Float32BufferAttribute(ends, 3)), this.street);
    this.group.add(this.streets);
  }

  dispose(): void {
    this.floor?.geometry.dispose();
    this.streets?.geometry.dispose();
    for (const each of [this.plain, this.street, this.drape]) each.dispose();
  }
}
