import { Plane, Vector3 } from "three";
import type { Cut } from "../state/twin-url";

/** Where a point of degrees and metres lies in the scene: x to the west, y up, z to the north. */
export type Placing = (lon: number, lat: number, up: number) => Vector3;

const LEVEL = 0.7; // of a face's normal that points up or down: it is cut level

/** Return the level direction of a bearing, degrees clockwise from north. */
function along(bearing: number): Vector3 {
  const turn = (bearing * Math.PI) / 180;
  return new Vector3(-Math.sin(turn), 0, Math.cos(turn));
}

/** Return how far a box of degrees reaches in a direction of the scene, from and to, m. */
function reach([west = 0, south = 0, east = 0, north = 0]: readonly number[], place: Placing, way: Vector3): [number, number] {
  const far = [west, east].flatMap((lon) => [south, north].map((lat) => place(lon, lat, 0).dot(way)));
  return [Math.min(...far), Math.max(...far)];
}

/** Return the bearing across which a section lies: west to east, south to north, or as it was turned. */
export function bearingOf({ axis, turn }: Cut): number {
  return axis === "e" ? 90 : axis === "n" ? 0 : turn;
}

/** Return the plane of a section through the box of a tileset; what lies on its back is cut away. */
export function planeOf(cut: Cut, box: readonly number[], place: Placing): Plane {
  if (cut.axis === "h") return new Plane(new Vector3(0, cut.flip ? 1 : -1, 0), cut.flip ? -cut.at : cut.at);
  const way = along(bearingOf(cut));
  const [from, to] = reach(box, place, way);
  const far = from + cut.at * (to - from);
  const ahead = (cut.axis === "n") !== cut.flip; // whether what lies further on stays
  return ahead ? new Plane(way, -far) : new Plane(way.negate(), far);
}

/** Return the section along a face that was clicked: level, or upright, with what lies before the face cut away. */
export function cutAlong(point: Vector3, normal: Vector3, box: readonly number[], place: Placing): Cut {
  if (Math.abs(normal.y) > LEVEL) return { axis: "h", at: Math.round(point.y * 100) / 100, turn: 0, flip: normal.y < 0 };
  const turn = (Math.round((Math.atan2(-normal.x, normal.z) * 180) / Math.PI) + 360) % 360;
  const way = along(turn);
  const [from, to] = reach(box, place, way);
  const at = Math.min(1, Math.max(0, (point.dot(way) - from) / (to - from)));
  return { axis: "a", at: Math.round(at * 10_000) / 10_000, turn, flip: false };
}
