import { get, getOutside, send, sendFile, type Query } from "./client";
import { everyItem, type After } from "./pages";
import type * as P from "./portal";
import type * as T from "./types";
import type { FeatureCollection } from "geojson";

const part = encodeURIComponent;
export const AIR_SCENE = "air_quality_early_warning";

function form(files: Record<string, File | undefined>): FormData {
  const parts = new FormData();
  for (const [name, file] of Object.entries(files)) if (file) parts.append(name, file, file.name);
  return parts;
}

/** A page of alerts, the newest first; with the first one comes all that fires, however old it is. */
async function alerts(after: After): Promise<T.Page<T.Alert>> {
  const page = get<T.Page<T.Alert>>("/alerts", { limit: 200, after });
  if (after !== null) return page;
  const firing = await get<T.Page<T.Alert>>("/alerts", { state: "firing", limit: 1000 });
  const { items, next } = await page;
  return { items: [...firing.items, ...items], next };
}

/** The address of the tileset of a model, or of all, at a moment (ISO 8601 or `now`). */
export function tilesetOf(model: string, when: string): string {
  return `/tiles/3d/${part(model)}/${part(when)}/tileset.json`;
}

/** The tileset of the twin at a moment (ISO 8601 or `now`): where its objects are. */
async function twinExtent(model: string, when: string): Promise<T.TwinExtent> {
  return getOutside<T.TwinExtent>(tilesetOf(model, when));
}

/** The city's calls, one line each: what is asked and the type of what comes back. */
export const calls = {
  city: () => get<T.City>("/city"),
  signIn: (name: string, password: string) => send<{ subject: T.Subject }>("POST", "/session", { name, password }),
  signOut: () => send<null>("DELETE", "/session"),

  datasets: (query: Record<string, string | number | null>, signal?: AbortSignal) =>
    get<T.DatasetPage>("/datasets", query, signal),
  dataset: (id: string) => get<T.Dataset>(`/datasets/${part(id)}`),
  rows: (id: string, query: Record<string, string | number | null>) =>
    get<T.Rows>(`/datasets/${part(id)}/rows`, { format: "json", ...query }),
  features: (id: string, limit: number | null = null) => get<FeatureCollection>(`/datasets/${part(id)}/rows`, { format: "geojson", limit }),
  difference: (id: string, from: number, to: number, after: After) => get<P.DatasetDifference>(`/datasets/${part(id)}/diff`, { from, to, after, limit: 50 }),
  standing: (id: string) => get<P.Standing>(`/datasets/${part(id)}/quality`),
  dictionary: (id: string) => get<P.Dictionary>(`/datasets/${part(id)}/dictionary`),
  used: (id: string) => get<P.DatasetUse>(`/datasets/${part(id)}/usage`),
  snippets: (id: string) => get<{ items: P.Snippet[] }>(`/datasets/${part(id)}/snippets`),
  citation: (id: string) => get<P.Citation>(`/datasets/${part(id)}/citation`),
  issues: (id: string, after: After) => get<T.Page<P.Issue>>(`/datasets/${part(id)}/issues`, { after, limit: 20 }),
  tellIssue: (id: string, issue: { text: string; column: string }) => send<P.Issue>("POST", `/datasets/${part(id)}/issues`, issue),
  offers: (after: After) => get<T.Page<P.Offer>>("/sharing/offers", { after, limit: 20 }),
  everyOffer: () => everyItem((after) => get<T.Page<P.Offer>>("/sharing/offers", { after, limit: 1000 })),
  requestShare: (request: { dataset: string; purpose: string; fields: string[]; until: string }) => send<{ id: string }>("POST", "/sharing/requests", request),
  query: (sql: string) => send<P.QueryAnswer>("POST", "/query", { sql, limit: 20_000 }),
  refused: (id: string, after: After) =>
    get<T.Page<T.RefusedRow>>(`/datasets/${part(id)}/refused`, { limit: 20, after }),
  lineage: (id: string) => get<T.Lineage>(`/datasets/${part(id)}/lineage`),
  upload: (file: File, card?: File) => send<T.Job>("POST", "/datasets", form({ card, file }), { filename: file.name }),

  datastreams: (after: After = null) =>
    get<T.Page<T.Datastream>>("/datastreams", { limit: 1000, after }),
  series: (datastream: string, start: string, end: string, at: string | null) =>
    get<T.Series>("/observations", { datastream, start, end, points: 720, at }),

  indicators: (at: string | null) => get<T.Page<T.Indicator>>("/indicators", { at }),
  history: (id: string, start: string, end: string) =>
    get<T.IndicatorHistory>(`/indicators/${part(id)}`, { start, end }),
  alerts,
  acknowledge: (id: string, note: string) => send<T.Alert>("POST", `/alerts/${part(id)}/acknowledge`, { note }),
  close: (id: string, note: string) => send<T.Alert>("POST", `/alerts/${part(id)}/close`, { note }),

  air: (at: string | null) => get<T.AirReport>(`/scenes/${AIR_SCENE}`, { at }),
  replay: (change: { speed?: number; paused?: boolean }) => send<T.Clock>("POST", "/replay", change),
  codes: (list: string, prefix: string) => get<T.CodePage>(`/standards/${part(list)}`, { prefix, limit: 1000 }),
  job: (id: string) => get<T.Job>(`/jobs/${part(id)}`),
  objects: (query: Record<string, string | number | null>) => get<T.Page<T.CityObject>>("/twin/objects", query),
  object: (id: string, at: string | null) => get<T.About>(`/twin/objects/${part(id)}`, { at }),
  everything: (id: string, at: string | null) => get<T.Everything>(`/twin/objects/${part(id)}/everything`, { at }),
  twinStates: (of: { parent: string } | { object: string }, at: string | null) => get<T.Page<T.TwinLive>>("/twin/states", { ...of, at }),
  examination: (model: string, at: string | null) => get<T.TwinExamination>(`/twin/models/${part(model)}/examination`, { at }),
  clashReports: () => get<{ items: T.TwinClashes[] }>("/twin/clashes"),
  clashes: (one: string, other: string) => get<T.TwinClashes>(`/twin/clashes/${part(one)}/${part(other)}`),
  findClashes: (asked: { one: string; other: string; tolerance_m: number; clearance_m: number }) => send<T.Job>("POST", "/twin/clashes", asked),
  compareModels: (asked: { one: string; other: string; other_at: string | null; at: string | null; scenario: string | null }) => get<T.TwinComparison>("/twin/analyses/comparison", asked),
  history3d: (id: string) => get<{ items: T.CityObject[] }>(`/twin/objects/${part(id)}/history`),
  twinDifference: (before: string, after: string, more: Record<string, string | null>) => get<T.TwinDifference>("/twin/difference", { before, after, ...more }),
  twinModels: (at: string | null, scenario: string | null) => get<{ items: T.TwinModel[] }>("/twin/models", { at, scenario }),
  twinScenarios: () => get<{ items: T.TwinScenario[] }>("/twin/scenarios"),
  adoptScenario: (id: string, since: string) => send<T.TwinScenario>("POST", `/twin/scenarios/${part(id)}/adoption`, { valid_from: since }),
  takeBackScenario: (id: string) => send<T.TwinScenario>("DELETE", `/twin/scenarios/${part(id)}/adoption`),
  twinTopics: () => get<{ items: T.TwinTopic[] }>("/twin/topics"),
  addTopic: (topic: object) => send<T.TwinTopic>("POST", "/twin/topics", topic),
  settleTopic: (guid: string, status: string) => send<T.TwinTopic>("POST", `/twin/topics/${part(guid)}/status`, { status }),
  twinMoments: () => get<{ items: { moment: string; begins: number }[] }>("/twin/moments"),
  twinProperties: (at: string | null, scenario: string | null) => get<{ items: T.TwinProperty[] }>("/twin/properties", { at, scenario }),
  twinExtent,
  addModel: (file: File, query: Query, told: (share: number) => void, signal: AbortSignal) => sendFile<T.Job>("/twin/models", file, query, told, signal),
  addOutlines: (file: File, told: (share: number) => void, signal: AbortSignal) => sendFile<T.Job>("/datasets", form({ file }), { filename: file.name }, told, signal),
  raiseOutlines: (asked: object) => send<T.Job>("POST", "/twin/outlines", asked),
  endModel: (model: string, at: string) => send<T.Job>("POST", `/twin/models/${part(model)}/end`, undefined, { at }),
  cancel: (id: string) => send<null>("DELETE", `/jobs/${part(id)}`),
};
