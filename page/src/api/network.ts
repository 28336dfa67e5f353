import type { components } from "../openapi";
import { ProblemError, get, send, type Query } from "./client";
import { everyItem, type After } from "./pages";
import type { Datastream, Page, Series } from "./types";

type S = components["schemas"];
type Whole<T> = { [K in keyof T]-?: NonNullable<T[K]> };

export type HealthWord = S["DeviceHealth"]["state"];
export type Device = S["DeviceBody"];
export type DeviceDetail = S["DeviceDetail"];
export type DeviceEvent = S["DeviceEventBody"];
export type Link = S["LinkBody"];
export type Columns = Whole<S["DeviceColumns"]>;
/** All devices in columns, every column there. */
export type Picture = Omit<S["DevicePicture"], "columns"> & { columns: Columns };
export type Flow = S["FlowBody"];
export type HealthReport = S["HealthBody"];
export type GapReport = S["GapReport"];
export type RuleBody = S["RuleBody"];
export type Statistics = S["StatisticsBody"];
export type Coverage = S["CoverageBody"];
export type CoverageFigure = S["CoverageFigure"];
export type Buckets = S["BucketsBody"];
export type Actuator = S["ActuatorBody"];
export type Capability = S["CapabilityBody"];
export type Command = S["CommandBody"];
export type NewCommand = Pick<S["NewCommand"], "capability" | "parameters" | "deadline" | "expect" | "key">;
export type By = "district" | "type" | "organisation" | "link";

/** Where a thing was, newest first (SensorThings HistoricalLocations). */
export interface Place {
  time: string;
  lon: number;
  lat: number;
}

interface HistoricalLocation {
  time: string;
  Locations: { location: { coordinates?: [number, number]; geometry?: { coordinates: [number, number] } } }[];
}

const part = encodeURIComponent;
const LINKS_AT_ONCE = 1_000;

async function places(thing: string, after: After): Promise<Page<Place>> {
  const id = part(`'${thing.replaceAll("'", "''")}'`);
  const first = `/sta/v1.1/Things(${id})/HistoricalLocations?$expand=Locations&$orderby=time%20desc&$top=20`;
  const answer = await fetch(after === null ? first : String(after), { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new ProblemError({ title: answer.statusText, status: answer.status, detail: "" });
  const { value, "@iot.nextLink": next } = (await answer.json()) as { value: HistoricalLocation[]; "@iot.nextLink"?: string };
  const items = value.flatMap(({ time, Locations }) =>
    Locations.flatMap(({ location }) => {
      const [lon, lat] = location.coordinates ?? location.geometry?.coordinates ?? [];
      return lon === undefined || lat === undefined ? [] : [{ time, lon, lat }];
    }),
  );
  return { items, next: next ?? null };
}

/** The calls of the sensing network, one line each. */
export const net = {
  picture: (query: Query) => get<Picture>("/network/picture", query),
  flow: () => get<Flow>("/network/flow"),
  health: (by: By) => get<HealthReport>("/network/health", { by }),
  coverage: () => get<Coverage>("/network/coverage"),
  links: () => everyItem((after) => get<Page<Link>>("/network/links", { limit: LINKS_AT_ONCE, after })),
  devices: (query: Query, after: After) => get<Page<Device>>("/network/devices", { ...query, limit: 50, after }),
  device: (id: string) => get<DeviceDetail>(`/network/devices/${part(id)}`),
  history: (id: string, after: After) => get<Page<DeviceEvent>>(`/network/devices/${part(id)}/history`, { limit: 20, after }),
  places,
  streamsOf: (thing: string, after: After) => get<Page<Datastream>>("/datastreams", { thing, limit: 50, after }),
  near: async (property: string, bbox: string) =>
    (await get<Page<Datastream>>("/datastreams", { property, bbox, limit: 500 })).items,
  stream: (id: string) => get<Datastream>(`/datastreams/${part(id)}`),
  series: (datastream: string, start: string, end: string, points: number) =>
    get<Series>("/observations", { datastream, start, end, points }),
  buckets: (datastream: string, start: string, end: string, every: number) =>
    get<Buckets>("/observations/aggregates", { datastream, start, end, every }),
  statistics: (datastream: string, start: string, end: string) =>
    get<Statistics>("/observations/statistics", { datastream, start, end }),
  gaps: (datastream: string, start: string, end: string) => get<GapReport>("/network/gaps", { datastream, start, end }),
  rules: async (datastream: string) =>
    (await get<Page<RuleBody>>("/network/quality-rules", { datastream })).items,
  actuators: (thing: string, after: After) => get<Page<Actuator>>("/actuators", { thing, limit: 20, after }),
  commands: (device: string, after: After) => get<Page<Command>>("/commands", { device, limit: 10, after }),
  command: (order: NewCommand) => send<Command>("POST", "/commands", order),
  cancel: (id: string, note: string) => send<Command>("POST", `/commands/${part(id)}/cancel`, { note }),
};
