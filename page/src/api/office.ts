import type { components } from "../openapi";
import { calls } from "./calls";
import { get, ProblemError, send } from "./client";
import { everyItem, type After } from "./pages";
import type { Job, Page } from "./types";

type S = components["schemas"];

export type Agreement = S["AgreementBody"];
export type Assessment = S["AssessmentBody"];
export type BaseDatabase = S["BaseDatabase"];
export type Change = S["lifang__doors__api__bodies__changes__ChangeBody"];
export type Conflict = S["ConflictBody"];
export type Duplicate = S["DuplicateBody"];
export type Form = S["FormBody"];
export type HarvestTrial = S["HarvestTrialBody"];
export type HarvestedPortal = S["SourceBody"];
export type LawPage = S["LawPage"];
export type IssuedToken = S["IssuedToken"];
export type MasterRecord = S["RecordBody"];
export type NewWebhook = S["NewWebhookBody"];
export type Person = S["PersonBody"];
export type Token = S["TokenBody"];
export type Usage = S["UsageBody"];
export type Use = S["UseBody"];
export type Webhook = S["WebhookBody"];
export type WebhookDelivery = S["WebhookDelivery"];

/** The roles that a person may have. */
export const ROLES = ["citizen", "analyst", "operator", "data_officer", "administrator"] as const;

type Consolidated = { records: number; conflicts: number; duplicates: number };

const part = encodeURIComponent;
const POLL_MS = 300;

/** Return a job once it is over; throw its problem if it failed. */
async function ended(begun: Job): Promise<Job> {
  let job = begun;
  while (job.state === "queued" || job.state === "running") {
    await new Promise((resolve) => window.setTimeout(resolve, POLL_MS));
    job = await calls.job(job.id);
  }
  if (job.state !== "done") throw new ProblemError({ title: job.state, status: 409, detail: "", ...(job.error ?? {}) });
  return job;
}

const NEWEST = 50;
const NEWEST_MOST = 1000;

/** The newest changes, the newest first: the API's cursor goes forward only, so more is asked for from the front. */
async function changes(after: After): Promise<Page<Change>> {
  const shown = Number(after ?? 0);
  const { items, more } = await get<{ items: Change[]; more: boolean }>("/changes", { latest: true, limit: shown + NEWEST });
  return { items: items.slice(shown), next: more && items.length < NEWEST_MOST ? items.length : null };
}

/** The calls of the data officer's and the developer's work, one line each. */
export const office = {
  people: () => everyItem((after) => get<Page<Person>>("/people", { after, limit: 1000 })),
  addPerson: (body: object) => send<Person>("POST", "/people", body),
  changePerson: (id: string, body: object) => send<Person>("PATCH", `/people/${part(id)}`, body),
  tokens: async (person: string) => (await get<Page<Token>>("/tokens", { person: person || null })).items,
  issueToken: (body: object) => send<IssuedToken>("POST", "/tokens", body),
  revokeToken: (id: string) => send<null>("DELETE", `/tokens/${part(id)}`),
  agreements: (status: string | null, after: After) => get<Page<Agreement>>("/sharing/agreements", { status, after, limit: 50 }),
  agreement: (id: string) => get<Agreement>(`/sharing/agreements/${part(id)}`),
  answer: (id: string, step: "approve" | "refuse" | "end", body: object) => send<Agreement>("POST", `/sharing/agreements/${part(id)}/${step}`, body),
  usage: (agreement: string, after: After) => get<Page<Usage>>("/usage", { agreement, after, limit: 100 }),
  assessments: (id: string) => get<Page<Assessment>>(`/sharing/agreements/${part(id)}/assessments`),
  assess: (id: string, answers: Record<string, string>, acceptable: boolean) =>
    send<Assessment>("POST", `/sharing/agreements/${part(id)}/assessments`, { answers, acceptable }),
  form: () => get<Form>("/ethics/form"),
  register: (after: After) => get<Page<Use>>("/ethics/register", { after, limit: 50 }),
  laws: () => get<LawPage>("/ethics/laws"),
  databases: async () => (await get<Page<BaseDatabase>>("/masterdata")).items,
  conflicts: (kind: string, state: string, after: After) => get<Page<Conflict>>(`/masterdata/${part(kind)}/conflicts`, { state, after, limit: 50 }),
  settle: (id: string, organisation: string, reason: string) => send<Conflict>("POST", `/masterdata/conflicts/${part(id)}`, { organisation, reason }),
  consolidate: async (kind: string) =>
    ((await ended(await send<Job>("POST", `/masterdata/${part(kind)}/consolidation`))).result?.["items"] ?? []) as Consolidated[],
  duplicates: (kind: string, state: string, after: After) => get<Page<Duplicate>>(`/masterdata/${part(kind)}/duplicates`, { state, after, limit: 50 }),
  decide: (id: string, body: { decision: "same" | "different"; kept: string; reason: string }) => send<Duplicate>("POST", `/masterdata/duplicates/${part(id)}`, body),
  record: (kind: string, key: string[]) => get<MasterRecord>(`/masterdata/${part(kind)}/record?${key.map((each) => `key=${part(each)}`).join("&")}`),
  portals: async () => (await get<Page<HarvestedPortal>>("/harvests")).items,
  tryPortal: (asked: object) => send<HarvestTrial>("POST", "/harvest-trials", asked),
  addPortal: async (asked: object) => ended(await send<Job>("POST", "/harvests", asked)),
  harvest: async (id: string) => ended(await send<Job>("POST", `/harvests/${part(id)}`)),
  setPortal: (id: string, changes: { every_days?: number; active?: boolean }) => send<HarvestedPortal>("PATCH", `/harvests/${part(id)}`, changes),
  removePortal: (id: string) => send<null>("DELETE", `/harvests/${part(id)}`),
  changes,
  webhooks: async () => (await get<Page<Webhook>>("/webhooks")).items,
  addWebhook: (url: string, datasets: string[]) => send<NewWebhook>("POST", "/webhooks", { url, datasets }),
  setWebhook: (id: string, state: "active" | "paused") => send<Webhook>("PATCH", `/webhooks/${part(id)}`, { state }),
  endWebhook: (id: string) => send<null>("DELETE", `/webhooks/${part(id)}`),
  tryWebhook: (id: string) => send<WebhookDelivery>("POST", `/webhooks/${part(id)}/test`),
  renewSecret: (id: string) => send<{ secret: string }>("POST", `/webhooks/${part(id)}/secret`),
  deliveries: (id: string, after: After) => get<Page<WebhookDelivery>>(`/webhooks/${part(id)}/deliveries`, { after, limit: 20 }),
};
