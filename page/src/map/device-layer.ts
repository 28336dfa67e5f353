import type { MapLibreMap } from "maplibre-gl";
import type { Picture } from "../api/network";
import { nameOf } from "../format";
import { DEVICES_LAYER, deviceName } from "../state/network";
import type { Lang } from "../state/url";
import { cellPoints, devicePoints } from "./device-points";
import type { Palette } from "./palette";
import { PointLayer, type Points } from "./points";

declare global {
  interface Window {
    /** What drawing the devices costs, for those who measure. */
    lifangPoints?: PointLayer["cost"];
  }
}

/** The devices on the map: one layer of points, what is under the pointer, and a word beside it. */
export class DeviceLayer {
  readonly layer = new PointLayer(DEVICES_LAYER);
  private picture: Picture | null = null;
  private rows: number[] = [];
  private points: Points | null = null;
  private lang: Lang = "zh";
  private readonly tip = document.createElement("div");

  constructor(private readonly map: MapLibreMap) {
    window.lifangPoints = this.layer.cost;
    this.tip.className = "map-tip";
    this.tip.hidden = true;
    map.getCanvasContainer().append(this.tip);
    map.on("mousemove", ({ point }) => this.hover(point.x, point.y));
    map.on("mouseout", () => (this.tip.hidden = true));
  }

  show(picture: Picture | null, rows: readonly number[], picked: string | null, lang: Lang, palette: Palette): void {
    this.picture = picture;
    this.lang = lang;
    if (picture?.cells) Object.assign(this, { points: cellPoints(picture.cells), rows: [] });
    else if (picture) Object.assign(this, devicePoints(picture, rows, picked));
    else Object.assign(this, { points: null, rows: [] });
    this.dress(palette);
  }

  dress(palette: Palette): void {
    this.layer.show(this.points, [...palette.health, palette.ring], palette.halo);
  }

  /** Return the id of the device at a place on the screen, or null. */
  at(x: number, y: number): string | null {
    const row = this.rowAt(x, y);
    return row === null ? null : (this.picture?.id[row] ?? null);
  }

  /** Return where a device lies, in degrees, or null where it is not known. */
  placeOf(id: string): [number, number] | null {
    const row = this.picture?.id.indexOf(id) ?? -1;
    const [lon, lat] = [this.picture?.columns.lon?.[row], this.picture?.columns.lat?.[row]];
    return typeof lon === "number" && typeof lat === "number" ? [lon, lat] : null;
  }

  private rowAt(x: number, y: number): number | null {
    return this.rows[this.layer.nearest(x, y)] ?? null;
  }

  private hover(x: number, y: number): void {
    const row = this.map.isMoving() ? null : this.rowAt(x, y);
    const { picture } = this;
    this.tip.hidden = row === null;
    this.map.getCanvas().style.cursor = row === null ? "" : "pointer";
    if (row === null || !picture) return;
    const health = nameOf(picture.healths[picture.columns.health[row] ?? 0]?.name, this.lang);
    this.tip.textContent = `${deviceName(picture, row, this.lang)} · ${health}`;
    this.tip.style.left = `${Math.round(x)}px`;
    this.tip.style.top = `${Math.round(y)}px`;
  }
}
