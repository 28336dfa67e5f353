import type { LayerStyle } from "../../api/types";
import { district } from "./district";
import type { LayerKind } from "./kind";
import { metroLine } from "./metro-line";
import { metroStation } from "./metro-station";
import { road } from "./road";

/** How each style of the city's layers is drawn. */
export const KINDS: Record<LayerStyle, LayerKind> = {
  district,
  road,
  "metro-line": metroLine,
  "metro-station": metroStation,
};

export type { Label, LayerKind } from "./kind";
