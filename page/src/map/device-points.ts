import type { Picture } from "../api/network";
import type { Points } from "./points";

const SILENT = 5;
const RING = 6;
/** Sizes in px by health: what is well is small, what is not stands out. */
const SIZES = [9, 10, 12, 13, 14, 15];
const PICKED_PX = 30;
/** Share of the devices on each side that a first view may leave out. */
const OUTER = 0.02;
const CELL_PX = [10, 9] as const;

function take(count: number): Points {
  return {
    lon: new Float64Array(count),
    lat: new Float64Array(count),
    shape: new Uint8Array(count),
    size: new Float32Array(count),
  };
}

function put(points: Points, at: number, lon: number, lat: number, shape: number, size: number): void {
  points.lon[at] = lon;
  points.lat[at] = lat;
  points.shape[at] = shape;
  points.size[at] = size;
}

/** Return the devices as points, the gravest on top and the picked one ringed, with the row of each. */
export function devicePoints(picture: Picture, shown: readonly number[], picked: string | null): { points: Points; rows: number[] } {
  const { lon, lat, health } = picture.columns;
  const placed = shown.filter((row) => lon[row] !== null && lat[row] !== null);
  const rows = placed.sort((a, b) => (health[a] ?? 0) - (health[b] ?? 0) || a - b);
  const ring = rows.find((row) => picture.id[row] === picked);
  const points = take(rows.length + (ring === undefined ? 0 : 1));
  rows.forEach((row, i) => put(points, i, lon[row] ?? 0, lat[row] ?? 0, health[row] ?? 0, SIZES[health[row] ?? 0] ?? 9));
  if (ring !== undefined) put(points, rows.length, lon[ring] ?? 0, lat[ring] ?? 0, RING, PICKED_PX);
  return { points, rows: ring === undefined ? rows : [...rows, ring] };
}

/** Return cells of devices as points: one sized by how many there are, one on it by how many are silent. */
export function cellPoints({ lon, lat, health }: NonNullable<Picture["cells"]>): Points {
  const counts = health.map((each) => each.reduce((sum, one) => sum + one, 0));
  const silent = health.map((each) => each[SILENT] ?? 0);
  const points = take(lon.length + silent.filter(Boolean).length);
  const [least, more] = CELL_PX;
  const size = (count: number): number => least + more * Math.log10(count);
  counts.forEach((count, i) => put(points, i, lon[i] ?? 0, lat[i] ?? 0, 0, size(count)));
  let at = lon.length;
  silent.forEach((count, i) => {
    if (count) put(points, at++, lon[i] ?? 0, lat[i] ?? 0, SILENT, size(count));
  });
  return points;
}

/** Return the box round all but the outermost devices, or null where none has a place. */
export function deviceBox({ columns, cells }: Picture): [number, number, number, number] | null {
  const rising = (values: readonly (number | null)[]): number[] => values.filter((value) => value !== null).sort((a, b) => a - b);
  const [lons, lats] = [rising(cells?.lon ?? columns.lon), rising(cells?.lat ?? columns.lat)];
  const at = (values: number[], share: number): number => values[Math.round(share * (values.length - 1))] ?? 0;
  const edge = 0.003;
  return lons.length ? [at(lons, OUTER) - edge, at(lats, OUTER) - edge, at(lons, 1 - OUTER) + edge, at(lats, 1 - OUTER) + edge] : null;
}
