import type { components } from "../openapi";
import { get, send } from "./client";
import type { Page } from "./types";

type S = components["schemas"];

export type Agreement = S["AgreementBody"];
export type Assessment = S["AssessmentBody"];
export type BaseDatabase = S["BaseDatabase"];
export type Change = S["lifang__doors__api__bodies__changes__ChangeBody"];
export type Conflict = S["ConflictBody"];
export type Form = S["FormBody"];
export type LawPage = S["LawPage"];
export type MasterRecord = S["RecordBody"];
export type NewWebhook = S["NewWebhookBody"];
export type Usage = S["UsageBody"];
export type Use = S["UseBody"];
export type Webhook = S["WebhookBody"];
export type WebhookDelivery = S["WebhookDelivery"];
type After = string | null;

const part = encodeURIComponent;

/** The calls of the data officer's and the developer's work, one line each. */
export const office = {
  agreements: (status: string | null, after: After) => get<Page<Agreement>>("/sharing/agreements", { status, after, limit: 50 }),
  agreement: (id: string) => get<Agreement>(`/sharing/agreements/${part(id)}`),
  answer: (id: string, step: "approve" | "refuse" | "end", body: object) => send<Agreement>("POST", `/sharing/agreements/${part(id)}/${step}`, body),
  usage: (agreement: string) => get<Page<Usage>>("/usage", { agreement, limit: 100 }),
  assessments: (id: string) => get<Page<Assessment>>(`/sharing/agreements/${part(id)}/assessments`),
  assess: (id: string, answers: Record<string, string>, acceptable: boolean) =>
    send<Assessment>("POST", `/sharing/agreements/${part(id)}/assessments`, { answers, acceptable }),
  form: () => get<Form>("/ethics/form"),
  register: (after: After) => get<Page<Use>>("/ethics/register", { after, limit: 50 }),
  laws: () => get<LawPage>("/ethics/laws"),
  databases: async () => (await get<Page<BaseDatabase>>("/masterdata")).items,
  conflicts: (kind: string, state: string, after: After) => get<Page<Conflict>>(`/masterdata/${part(kind)}/conflicts`, { state, after, limit: 50 }),
  settle: (id: string, organisation: string, reason: string) => send<Conflict>("POST", `/masterdata/conflicts/${part(id)}`, { organisation, reason }),
  consolidate: (kind: string) => send<S["ConsolidatedBody"]>("POST", `/masterdata/${part(kind)}/consolidation`),
  record: (kind: string, key: string[]) => get<MasterRecord>(`/masterdata/${part(kind)}/record?${key.map((each) => `key=${part(each)}`).join("&")}`),
  changes: () => get<{ items: Change[]; more: boolean }>("/changes", { latest: true, limit: 50 }),
  webhooks: async () => (await get<Page<Webhook>>("/webhooks")).items,
  addWebhook: (url: string, datasets: string[]) => send<NewWebhook>("POST", "/webhooks", { url, datasets }),
  setWebhook: (id: string, state: "active" | "paused") => send<Webhook>("PATCH", `/webhooks/${part(id)}`, { state }),
  endWebhook: (id: string) => send<null>("DELETE", `/webhooks/${part(id)}`),
  tryWebhook: (id: string) => send<WebhookDelivery>("POST", `/webhooks/${part(id)}/test`),
  renewSecret: (id: string) => send<{ secret: string }>("POST", `/webhooks/${part(id)}/secret`),
  deliveries: async (id: string) => (await get<Page<WebhookDelivery>>(`/webhooks/${part(id)}/deliveries`, { limit: 20 })).items,
};
