import { Spherical, Vector3 } from "three";

const UP = new Vector3(0, 1, 0);
const STEP = 0.2; // radians
const NEAR_POLE = 0.02;

/** Return the way from what is looked at to the eye when north is ahead, as far off and as high. */
export function fromSouth(away: Vector3): Vector3 {
  return new Vector3(0, away.y, -Math.max(Math.hypot(away.x, away.z), 0.01));
}

/** Return the way from what is looked at to the eye after a key: nearer, farther, round about, steeper, flatter; null for other keys. */
export function turnedBy(key: string, away: Vector3, deepest: number): Vector3 | null {
  const tilted = (by: number): Vector3 => {
    const round = new Spherical().setFromVector3(away);
    round.phi = Math.min(deepest, Math.max(NEAR_POLE, round.phi + by));
    return new Vector3().setFromSpherical(round);
  };
  const turns: Record<string, () => Vector3> = {
    "+": () => away.clone().multiplyScalar(0.8),
    "=": () => away.clone().multiplyScalar(0.8),
    "-": () => away.clone().multiplyScalar(1.25),
    "[": () => away.clone().applyAxisAngle(UP, -STEP),
    "]": () => away.clone().applyAxisAngle(UP, STEP),
    PageUp: () => tilted(-STEP),
    PageDown: () => tilted(STEP),
  };
  return turns[key]?.() ?? null;
}
