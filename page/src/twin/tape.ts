import { BufferGeometry, type ColorRepresentation, Float32BufferAttribute, Group, Points, PointsMaterial, type Vector3 } from "three";
import { Line2 } from "three/addons/lines/Line2.js";
import { LineGeometry } from "three/addons/lines/LineGeometry.js";
import { LineMaterial } from "three/addons/lines/LineMaterial.js";

const WIDTH_PX = 2.5;
const DOT_PX = 8;
const RING_PX = 15;

/** What is measured, drawn over all else: a line, its points, and where the next point would be set. */
export class Tape {
  readonly group = new Group();
  private readonly next = new Group();
  private readonly stroke = new LineMaterial({ linewidth: WIDTH_PX, depthTest: false, transparent: true });
  private readonly dot = new PointsMaterial({ size: DOT_PX, sizeAttenuation: false, depthTest: false, transparent: true });
  private readonly ring = new PointsMaterial({ size: RING_PX, sizeAttenuation: false, depthTest: false, transparent: true, opacity: 0.6 });

  /** Draw a line through `path` and dots at `points`. */
  trace(path: readonly Vector3[], points: readonly Vector3[], colour: ColorRepresentation): void {
    for (const each of [this.stroke, this.dot, this.ring]) each.color.set(colour);
    empty(this.group);
    empty(this.next);
    if (path.length > 1) this.group.add(lineThrough(path, this.stroke));
    if (points.length) this.group.add(dotsAt(points, this.dot));
    this.group.add(this.next);
  }

  /** Show where the next point would be set, and the line to it; a corner that it snaps to is ringed. */
  aim(to: Vector3 | null, from: Vector3 | null, snapped: boolean): void {
    empty(this.next);
    if (to && from) this.next.add(lineThrough([from, to], this.stroke));
    if (to) this.next.add(dotsAt([to], snapped ? this.ring : this.dot));
  }

  dispose(): void {
    empty(this.next);
    empty(this.group);
    for (const each of [this.stroke, this.dot, this.ring]) each.dispose();
  }
}

function empty(group: Group): void {
  for (const each of group.children) if (each instanceof Line2 || each instanceof Points) (each.geometry as BufferGeometry).dispose();
  group.clear();
}

function lineThrough(path: readonly Vector3[], material: LineMaterial): Line2 {
  const line = new Line2(new LineGeometry().setPositions(path.flatMap((each) => each.toArray())), material);
  line.renderOrder = 9;
  return line;
}

function dotsAt(points: readonly Vector3[], material: PointsMaterial): Points {
  const at = new Float32BufferAttribute(points.flatMap((each) => each.toArray()), 3);
  const dots = new Points(new BufferGeometry().setAttribute("position", at), material);
  dots.renderOrder = 10;
  dots.frustumCulled = false;
  return dots;
}
