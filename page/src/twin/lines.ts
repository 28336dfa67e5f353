import type { LineSegments, Plane } from "three";
import { LineMaterial } from "three/addons/lines/LineMaterial.js";
import { LineSegments2 } from "three/addons/lines/LineSegments2.js";
import { LineSegmentsGeometry } from "three/addons/lines/LineSegmentsGeometry.js";

const WIDTH_PX = 2.5;
/** How much of a line shows that lies under the ground or behind a house. */
const FAINT = 0.55;

/** Return what axes of pipes are drawn with: so many pixels wide, so that they are seen from afar; a near pipe hides its own. */
export function lineMaterial(): LineMaterial {
  return new LineMaterial({ vertexColors: true, linewidth: WIDTH_PX, transparent: true });
}

/** Show lines as what they are among other things, or faintly through all that lies before them. */
export function shine(material: LineMaterial, through: boolean, planes: Plane[] | null): void {
  Object.assign(material, { depthTest: !through, opacity: through ? FAINT : 1, clippingPlanes: planes, needsUpdate: true });
}

/** Return lines of a tile as lines of the material's width, in their place; `ids` are the features of each, `places` both ends of each. */
export function widened(lines: LineSegments, material: LineMaterial): { wide: LineSegments2; ids: Uint16Array; places: Float32Array } {
  const at = lines.geometry.getAttribute("position");
  const features = lines.geometry.getAttribute("_feature_id_0");
  const places = Float32Array.from({ length: at.count * 3 }, (_, n) => at.getComponent(Math.floor(n / 3), n % 3));
  const wide = new LineSegments2(new LineSegmentsGeometry().setPositions(places), material);
  wide.renderOrder = 5;
  wide.position.copy(lines.position);
  wide.quaternion.copy(lines.quaternion);
  wide.scale.copy(lines.scale);
  lines.parent?.add(wide);
  lines.removeFromParent();
  return { wide, places, ids: Uint16Array.from({ length: at.count / 2 }, (_, n) => features.getX(2 * n)) };
}
