import { problemOf } from "../api/client";
import { net, type HealthWord, type Picture } from "../api/network";
import type { Names } from "../api/types";
import { nameOf } from "../format";
import { ask } from "./actions";
import { data, here } from "./data";
import { DEVICE_FACETS, type DeviceFacet, type Lang, type View } from "./url";
import { view } from "./view";

export const DEVICES_LAYER = "devices";
export const LINKS_TABLE = "links";
/** In the list of layers of an address: the devices are hidden. */
export const DEVICES_HIDDEN = "-devices";
/** The columns that change from minute to minute. */
const LIVE = "health,uptime,lag_s,loss,last,battery";
const FLOWS_KEPT = 120;

/** How a device can be, the gravest first. */
export const HEALTHS: readonly HealthWord[] = ["silent", "partial", "suspect", "explained", "unknown", "ok"];
export const SORTS = ["name", "health", "type", "organisation", "district", "link", "last", "lag_s", "loss", "uptime", "battery", "certificate"] as const;
export type Sort = (typeof SORTS)[number];

/** Return the code that a device has for a facet; empty where it has none. */
export function codeOf(picture: Picture, facet: DeviceFacet, row: number): string {
  const place = picture.columns[facet][row] ?? 0;
  return codesOf(picture, facet)[place]?.code ?? "";
}

/** Return the codes of a facet with their names, by place; place 0 stands for none where the facet may lack. */
export function codesOf(picture: Picture, facet: DeviceFacet): { code: string; name: Names }[] {
  const plain = (text: string): { code: string; name: Names } => ({ code: text, name: { zh: text, en: text } });
  const lists: Record<DeviceFacet, () => { code: string; name: Names }[]> = {
    health: () => picture.healths,
    type: () => picture.types,
    organisation: () => picture.organisations.map(plain),
    district: () => picture.districts,
    link: () => picture.links,
    state: () => picture.states.map(plain),
  };
  return lists[facet]();
}

/** Return the name of a device in the language. */
export function deviceName(picture: Picture, row: number, lang: Lang): string {
  return nameOf({ zh: picture.columns.zh[row] ?? "", en: picture.columns.en[row] ?? "" }, lang) || (picture.id[row] ?? "");
}

function places(picture: Picture, facet: DeviceFacet, code: string): Set<number> {
  return new Set(codesOf(picture, facet).flatMap((one, place) => (one.code === code ? [place] : [])));
}

/** Return the rows of the devices that meet every facet and hold every word of `find`, the facet `except` left aside. */
export function matching(picture: Picture, asked: View["devices"], find: string, except: DeviceFacet | null = null): number[] {
  const wanted = DEVICE_FACETS.flatMap((facet) => {
    const code = facet === except ? undefined : asked[facet];
    return code === undefined ? [] : [{ column: picture.columns[facet], places: places(picture, facet, code) }];
  });
  const words = find.toLowerCase().split(/\s+/).filter(Boolean);
  const { zh, en } = picture.columns;
  const rows: number[] = [];
  for (let row = 0; row < picture.id.length; row += 1) {
    if (!wanted.every(({ column, places: held }) => held.has(column[row] ?? 0))) continue;
    const text = words.length ? `${picture.id[row]} ${zh[row]} ${en[row]}`.toLowerCase() : "";
    if (words.every((word) => text.includes(word))) rows.push(row);
  }
  return rows;
}

/** Return how many of the rows are at each place of a facet's list. */
export function tally(picture: Picture, facet: DeviceFacet, rows: readonly number[]): number[] {
  const counts = codesOf(picture, facet).map(() => 0);
  const column = picture.columns[facet];
  for (const row of rows) counts[column[row] ?? 0] = (counts[column[row] ?? 0] ?? 0) + 1;
  return counts;
}

type Key = string | number | null;

function keyOf(picture: Picture, sort: Sort, row: number, lang: Lang): Key {
  if (sort === "name") return deviceName(picture, row, lang);
  if (sort === "health") return picture.columns.health[row] ?? 0;
  if (sort === "type" || sort === "organisation" || sort === "district" || sort === "link") {
    return nameOf(codesOf(picture, sort)[picture.columns[sort][row] ?? 0]?.name, lang);
  }
  return picture.columns[sort][row] ?? null;
}

/** Return the rows in order; what is not known comes last either way. */
export function sorted(picture: Picture, rows: readonly number[], by: string | null, lang: Lang): number[] {
  const falling = by === null || by.startsWith("-");
  const sort = SORTS.find((one) => one === (by ?? "-health").replace("-", "")) ?? "health";
  const letters = new Intl.Collator(lang === "zh" ? "zh-Hans-CN" : "en", { numeric: true });
  const turn = falling ? -1 : 1;
  const keyed = rows.map((row) => ({ row, key: keyOf(picture, sort, row, lang) }));
  keyed.sort((a, b) => {
    if (a.key === null || b.key === null) return Number(a.key === null) - Number(b.key === null) || a.row - b.row;
    const order = typeof a.key === "string" ? letters.compare(a.key, String(b.key)) : a.key - Number(b.key);
    return turn * order || a.row - b.row;
  });
  return keyed.map(({ row }) => row);
}

interface Seen {
  picture: Picture;
  devices: View["devices"];
  find: string;
  rows: number[];
}

let seen: Seen | null = null;

/** Return the rows of the devices that the view asks for, worked out once for all who show them. */
export function shownRows(picture: Picture): number[] {
  const { devices, find } = view.value;
  if (!seen || seen.picture !== picture || seen.devices !== devices || seen.find !== find) {
    seen = { picture, devices, find, rows: matching(picture, devices, find) };
  }
  return seen.rows;
}

/** Return whether the map shows the devices now. */
export function devicesShown({ room, layers }: Pick<View, "room" | "layers">): boolean {
  return room === "sensing" && !(layers ?? []).includes(DEVICES_HIDDEN);
}

/** Return whether the map shows the air at the stations now: beside the devices only if it was asked for. */
export function airShown({ room, layers }: Pick<View, "room" | "layers">): boolean {
  const word = airWord({ room });
  return layers === null ? word === "air" : layers.includes(word);
}

/** Return the word that stands for the air in an address's list of layers: beside the devices it has its own. */
export function airWord({ room }: Pick<View, "room">): string {
  return room === "sensing" && anyDevices() ? "+air" : "air";
}

let box: string | null = null;
/** Whether the city has more devices than can be told at once: then the box and the facets are part of the question. */
let crowded = false;

function query(): Record<string, string | undefined> {
  const { health, type, organisation, district, link } = view.value.devices;
  return { health, type, organisation, district, link };
}

/** Say which box the map shows: of a city with too many devices only those in it are asked for. */
export function lookAt(bbox: string): void {
  const before = box;
  box = bbox;
  if (crowded && before !== bbox) void loadPicture();
}

/** Ask for every device; where they are too many, for those in the map's box that meet the facets. */
export async function loadPicture(): Promise<void> {
  await ask("picture", () => net.picture(crowded ? { ...query(), bbox: box } : {}));
  crowded ||= Boolean(here(data.value.picture)?.cells);
}

async function refreshHealth(picture: Picture): Promise<void> {
  const fresh = await net.picture({ columns: LIVE });
  const same = fresh.total === picture.total && fresh.id.every((id, row) => id === picture.id[row]);
  if (!same) return loadPicture();
  if (here(data.value.picture) !== picture) return;
  data.set({ picture: { state: "here", value: { ...picture, moment: fresh.moment, columns: { ...picture.columns, ...fresh.columns } } } });
}

/** Ask how values flow now, and keep what was told in the minutes before. */
export async function loadFlow(): Promise<void> {
  await ask("flow", net.flow);
  const flow = here(data.value.flow);
  if (flow) data.set({ flows: [...data.value.flows, flow].slice(-FLOWS_KEPT) });
}

const FLOW_MS = 2_000;
const HEALTH_EVERY = 5;

/** Return whether the city has any devices, be they in sight or not. */
export function anyDevices(): boolean {
  return crowded || (here(data.value.picture)?.total ?? 0) > 0;
}

/** Return whether a thing may be a device: one of those told, or of more than are told at once. */
export function mayBeDevice(id: string): boolean {
  return crowded || (here(data.value.picture)?.id.includes(id) ?? false);
}

/** Ask again where what is asked for is part of the question. */
export function narrowed(): void {
  if (crowded) queueMicrotask(() => void loadPicture());
}

/** Keep flow and health up to date until the returned function is called; nothing is asked while nobody looks. */
export function followNetwork(): () => void {
  let beats = 0;
  let busy = false;
  const beat = async (): Promise<void> => {
    if (busy || document.hidden) return;
    busy = true;
    beats += 1;
    const picture = here(data.value.picture);
    try {
      await loadFlow();
      if (picture && beats % HEALTH_EVERY === 0) await (crowded ? loadPicture() : refreshHealth(picture));
    } catch (error) {
      data.set({ flow: { state: "refused", problem: problemOf(error) } });
    } finally {
      busy = false;
    }
  };
  void beat();
  const timer = window.setInterval(() => void beat(), FLOW_MS);
  return () => window.clearInterval(timer);
}
