import type { Vector3 } from "three";
import { Store } from "../state/store";
import type { Measure } from "./measure";

/** What a click in the scene does, and the points that were set with it. */
export interface Hand {
  tool: Measure | "note" | "cut" | null;
  points: Vector3[];
}

export const hand = new Store<Hand>({ tool: null, points: [] });

/** Return what a tool measures; null for one that does not. */
export function measuring(tool: Hand["tool"]): Measure | null {
  return tool === "note" || tool === "cut" ? null : tool;
}

/** Take up a tool, or put it down when it is held already. */
export function take(tool: Hand["tool"]): void {
  hand.set({ tool: hand.value.tool === tool ? null : tool, points: [] });
}
