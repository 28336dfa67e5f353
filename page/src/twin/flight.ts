import type { Vector3 } from "three";

const FLIGHT_MS = 700;

/** The way of a camera from where it is to where it shall be: what is looked at, and from where. */
export class Flight {
  private readonly begun = performance.now();

  constructor(
    private readonly from: readonly [Vector3, Vector3],
    private readonly to: readonly [Vector3, Vector3],
  ) {}

  /** Return where it is now, and whether it has come to its end. */
  now(): { at: Vector3; eye: Vector3; over: boolean } {
    const part = Math.min((performance.now() - this.begun) / FLIGHT_MS, 1);
    const eased = part * part * (3 - 2 * part);
    const [at, eye] = [0, 1].map((n) => (this.from[n] as Vector3).clone().lerp(this.to[n] as Vector3, eased)) as [Vector3, Vector3];
    return { at, eye, over: part === 1 };
  }
}
