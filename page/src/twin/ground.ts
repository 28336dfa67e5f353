import { BufferGeometry, Float32BufferAttribute, Group, LineBasicMaterial, LineSegments, Mesh, MeshBasicMaterial, PlaneGeometry } from "three";
import type { Extent } from "./hooks";

const DEEP_M = 5; // foundations end, mines and pipes begin
const DEGREE_M = 111_320;

/** The plain ground that a city without terrain stands on, and the streets on it. */
export class Ground {
  readonly group = new Group();
  private readonly street = new LineBasicMaterial();
  private streets: LineSegments | null = null;
  private floor: Mesh | null = null;

  /** Lay the ground, under foundations too; none beside terrain, for a view from below, or of what lies deep. */
  lay({ box: [west = 0, , east = 0], low, ground }: Extent, under: boolean, plain: string, road: string): void {
    this.floor?.removeFromParent();
    this.floor?.geometry.dispose();
    this.floor = null;
    this.street.color.set(road);
    if (under || ground || low <= -DEEP_M) return;
    const size = Math.max((east - west) * DEGREE_M * 6, 1_000);
    this.floor = new Mesh(new PlaneGeometry(size, size).rotateX(-Math.PI / 2), new MeshBasicMaterial({ color: plain }));
    this.floor.position.y = low - 0.6;
    this.group.add(this.floor);
  }

  /** Draw streets: both ends of each line, three numbers an end. */
  pave(ends: readonly number[]): void {
    this.streets?.removeFromParent();
    this.streets?.geometry.dispose();
    this.streets = new LineSegments(new BufferGeometry().setAttribute("position", new Float32BufferAttribute(ends, 3)), this.street);
    this.group.add(this.streets);
  }
}
