import { type Color, type Intersection, type PerspectiveCamera, type Plane, Points, PointsMaterial, type Raycaster, Vector3 } from "three";
import type { Told } from "./layer";
import { paintBy } from "./meshes";

const SIZE_PX = 8;
/** How many pixels from a point's middle it is picked. */
const REACH_PX = 7;
const HALF_TURN = Math.PI / 180 / 2;

/** The points of tiles: objects that have no more of a shape; as large from afar as near by, and picked by pixels. */
export class Dots {
  private readonly material = new PointsMaterial({ vertexColors: true, size: SIZE_PX, sizeAttenuation: false });
  private readonly told = new Map<Points, Told[]>();
  private height = 1;

  constructor(
    private readonly colourOf: (told: Told) => Color,
    private readonly isHidden: (told: Told) => boolean,
    private readonly value: (told: Told[], paint: () => void) => void,
  ) {}

  fit(height: number): void {
    this.height = Math.max(height, 1);
  }

  cut(planes: Plane[]): void {
    Object.assign(this.material, { clippingPlanes: planes, needsUpdate: true });
  }

  take(each: Points, told: Told[]): void {
    this.told.set(each, told);
    each.material = this.material;
    each.renderOrder = 6;
    each.raycast = (ray, found): void => this.meet(each, ray, found);
    this.paint(each, told);
  }

  leave(each: Points): void {
    this.told.delete(each);
  }

  /** Colour points as their objects, and leave out those that are hidden. */
  paintAll(): void {
    for (const [each, told] of this.told) this.paint(each, told);
  }

  toldAt({ object, index }: Intersection): Told | null {
    const told = object instanceof Points && index !== undefined ? this.told.get(object) : undefined;
    return told?.[(object as Points).geometry.getAttribute("_feature_id_0").getX(index ?? 0)] ?? null;
  }

  dispose(): void {
    this.material.dispose();
    this.told.clear();
  }

  private paint(each: Points, told: Told[]): void {
    if (!this.told.has(each)) return;
    this.value(told, () => this.paint(each, told));
    paintBy(each, told.map((own) => [...this.colourOf(own).toArray().map((part) => Math.round(part * 255)), 255]));
    const hidden = told.map(this.isHidden);
    const ids = each.geometry.getAttribute("_feature_id_0");
    const shown = Array.from({ length: ids.count }, (_, n) => n).filter((n) => !hidden[ids.getX(n)]);
    each.geometry.setIndex(shown.length < ids.count ? shown : null);
    each.visible = shown.length > 0;
  }

  private meet(dots: Points, { ray, camera }: Raycaster, found: Intersection[]): void {
    const at = dots.geometry.getAttribute("position");
    const shown = dots.geometry.index;
    const perPixel = (2 * Math.tan((camera as PerspectiveCamera).fov * HALF_TURN)) / this.height;
    for (let n = 0; n < (shown?.count ?? at.count); n++) {
      const index = shown ? shown.getX(n) : n;
      const point = new Vector3().fromBufferAttribute(at, index).applyMatrix4(dots.matrixWorld);
      const far = point.clone().sub(ray.origin).dot(ray.direction);
      const reach = REACH_PX * perPixel * far;
      if (far > 0 && ray.distanceToPoint(point) <= reach) found.push({ distance: far - reach, point, index, object: dots }); // before what it stands on
    }
  }
}
