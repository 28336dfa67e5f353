import type { Theme } from "../state/url";

/** The map's own colours; those that mean something (metro lines, AQI classes) come with the data. */
export interface Palette {
  ground: string;
  land: string;
  bound: string;
  roadMajor: string;
  roadMinor: string;
  casing: string;
  stop: string;
  stopEdge: string;
  ring: string;
  nodata: string;
  ink: string;
  halo: string;
  /** Colours of a device's health, in the order of its codes: well, unknown, explained, suspect, partial, silent. */
  health: readonly string[];
}

export const PALETTES: Record<Theme, Palette> = {
  paper: {
    ground: "#efe9dc",
    land: "#fdfaf2",
    bound: "#b3a88f",
    roadMajor: "#b9a888",
    roadMinor: "#d8ccb4",
    casing: "#fffdf8",
    stop: "#fffdf8",
    stopEdge: "#3a352d",
    ring: "#c8321a",
    nodata: "#a79f90",
    ink: "#1c1a17",
    halo: "#fffdf8",
    health: ["#1d7a70", "#847b6c", "#5f5aa2", "#a87f00", "#d26400", "#c01030"],
  },
  night: {
    ground: "#080d13",
    land: "#111a24",
    bound: "#3f5265",
    roadMajor: "#5a6b7b",
    roadMinor: "#34424f",
    casing: "#0b1118",
    stop: "#0b1118",
    stopEdge: "#cfd8e0",
    ring: "#ff8a6e",
    nodata: "#6b7885",
    ink: "#eef2f5",
    halo: "#0b1118",
    health: ["#56c2b4", "#8796a5", "#aaa2f2", "#ffd633", "#ff9433", "#ff6070"],
  },
};
