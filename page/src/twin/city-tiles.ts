import { TilesRenderer } from "3d-tiles-renderer/three";

declare module "3d-tiles-renderer/three" {
  interface TilesRenderer {
    /** Not in its types: how many tiles failed, among other counts. */
    stats: { failed: number };
    /** Not in its types: writes how wrong a tile is in the picture, px, into `target`. */
    calculateTileViewError(tile: { refine?: string }, target: { error: number }): void;
  }
}

/** How many times smaller things are shown than shapes are made finer: what is left out altogether is missed sooner. */
const MOST_SHOWN = 4;
/** How wide a city is whose small things are shown as late as finer shapes, km: there are too many of them. */
const WIDE_KM = 40;
const DEGREE_KM = 111.32;

/** Tiles of a city. Where finer tiles add smaller things (`ADD`), the error of a tile is how great a thing is not shown. */
export class CityTiles extends TilesRenderer {
  private readonly shown: number;

  constructor(address: string, [west = 0, south = 0, east = 0, north = 0]: readonly number[]) {
    super(address);
    const wide = Math.max((east - west) * Math.cos((south * Math.PI) / 180), north - south) * DEGREE_KM;
    this.shown = Math.min(MOST_SHOWN, Math.max(1, WIDE_KM / wide));
  }

  override calculateTileViewError(tile: { refine?: string }, target: { error: number }): void {
    super.calculateTileViewError(tile, target);
    if (tile.refine === "ADD") target.error *= this.shown;
  }

  /** Ask for the tileset once more if it failed. Its tiles are not sought: some below were not read yet, at which it would end. */
  override resetFailedTiles(): void {
    this.stats.failed = 0;
    super.resetFailedTiles();
  }
}
