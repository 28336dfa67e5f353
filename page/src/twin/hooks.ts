import type { Vector3 } from "three";
import type { Cut } from "../state/twin-url";

/** Where an object stands: degrees on WGS 84, metres above the model's height datum. */
export interface Place {
  bbox: readonly number[];
  bottom_m: number;
  top_m: number;
}

/** What a tileset says of where it is: west, south, east, north in degrees; lowest and highest, m. */
export interface Extent {
  box: readonly number[];
  low: number;
  high: number;
  /** Whether the ground is there as terrain. */
  ground: boolean;
}

export interface SceneHooks {
  /** A click: the object under it, the place in degrees and metres, and the section along the face that was clicked. */
  onPick(id: string | null, place: [number, number, number] | null, point: Vector3 | null, cut: Cut | null): void;
  /** How much of what the camera asks for is there, 0 to 1, and how many tiles could not be had. */
  onDue(share: number, failed: number): void;
  /** All tiles that the camera asks for are there and drawn. */
  onSettled(): void;
  /** A person has moved the camera: longitude, latitude, metres of it and of what it looks at. */
  onMoved(eye: number[]): void;
  /** The scene stands on the earth: places in degrees can be asked for. */
  onPlaced(): void;
  onFailed(): void;
}
