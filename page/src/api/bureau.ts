import { get, send, text } from "./client";
import { everyItem, type After } from "./pages";
import type { Issue as Told } from "./portal";
import type { Cell, Names, Page, RefusedRow } from "./types";

const part = encodeURIComponent;

/** A data standard in one edition. */
export interface StandardSummary {
  reference: string;
  id: string;
  edition: number;
  title: Names;
  kind: "base" | "theme" | "department";
  theme: string;
  source: string;
  shipped: boolean;
  recorded: string | null;
  element_count: number;
}

export interface StandardElement {
  id: string;
  name: Names;
  definition: Names;
  type: string;
  unit: string;
  minimum: number | string | null;
  maximum: number | string | null;
  pattern: string;
  code_list: string;
  check_digit: string;
  key: boolean;
  required: boolean;
  unique: boolean;
  grade: "general" | "important" | "core";
  personal: "" | "personal" | "sensitive";
  source: string;
}

export interface Standard extends StandardSummary {
  summary: Names;
  note: string;
  elements: StandardElement[];
}

export interface StandardChange {
  kind: string;
  element: string;
  field: string;
  before: Cell;
  after: Cell;
  breaking: boolean;
  text: string;
}

/** A fault of a standard's text: on which line, of which key, and how to mend it. */
export interface Fault {
  line: number;
  where: string;
  what: string;
  mend: string;
  warning: boolean;
}

/** What one bureau delivers to one dataset, and how its source does. */
export interface Feed {
  id: string;
  organisation: string;
  dataset: string;
  source: string;
  active: boolean;
  trouble: { what?: string; where?: string; mend?: string } | null;
}

export interface ColumnDrift {
  kind: "missing" | "added" | "type";
  column: string;
  expected: string;
  found: string;
}

export interface Delivery {
  id: string;
  feed: string;
  organisation: string;
  dataset: string;
  reference: string;
  kind: "full" | "incremental";
  name: string;
  sha256: string;
  bytes: number;
  state: "received" | "admitted" | "refused";
  counts: Record<string, number | boolean | null>;
  problem: { detail: string; where?: string; mend?: string; rule?: string; differences?: ColumnDrift[] } | null;
  release: string;
  received: string;
  settled: string | null;
}

/** A signed statement of a delivery: the compact signature, what it says, by which key, and its SHA-256. */
export interface Receipt {
  stage: "received" | "admitted" | "refused" | "acknowledged";
  kid: string;
  recorded: string;
  jws: string;
  sha256: string;
}

export interface Taken extends Delivery {
  receipts: Receipt[];
}

/** A bureau, or another body that people belong to. */
export interface Organisation {
  id: string;
  name: Names;
}

export type PublicKey = JsonWebKey & { kid: string; organisation?: string; retired?: string | null };

/** An issue with its history, for those who settle it. */
export interface Issue extends Told {
  dataset: string;
  row_key: string;
  dimension: string;
  due: string | null;
  updated: string;
  events: { move: string; recorded: string; by: string | null; note: string | null }[];
  moves: string[];
}

/** How many issues wait for one's own step: of late datasets, and others. */
export interface Waiting {
  late: number;
  others: number;
}

export interface IssueMove {
  move: string;
  note: string;
  assignee: string;
  due: string | null;
}

/** Where a dataset is in its life, and what can be done with it. */
export interface Life {
  state: string;
  since: string;
  reason: string;
  successor: string | null;
  retention: string;
  retained_until: string | null;
  held: boolean | null;
  moves: { id: string; name: Names; reasoned: boolean }[];
  holds: { id: string; reason: string; authority: string; placed: string; lifted: string | null; lifted_reason: string }[];
  destruction: string | null;
  made_from_it: string[];
  history: { seq: number; kind: string; recorded: string; by: string | null; detail: Record<string, Cell> }[];
}

export interface Destruction {
  id: string;
  dataset: string;
  state: "asked" | "refused" | "lapsed" | "removing" | "done";
  asked_by: string;
  asked: string;
  asked_reason: string;
  decided_by: string;
  completed: string | null;
  with_derived: boolean;
  made_from_it: string[];
  certificate: Record<string, unknown> | null;
}

export interface Verdict {
  ok: boolean;
  checks: { what: string; ok: boolean; seen: string }[];
}

/** The calls of the bureau clerk's work, one line each. */
export const bureau = {
  standards: () => get<Page<StandardSummary>>("/standards/data"),
  standard: (reference: string) => get<Standard>(`/standards/data/${part(reference)}`),
  standardText: (reference: string) => text(`/standards/data/${part(reference)}/text`),
  standardDiff: (reference: string, to: string) => get<{ breaking: boolean; changes: StandardChange[] }>(`/standards/data/${part(reference)}/diff`, { to }),
  lint: (toml: string) => send<{ ok: boolean; faults: Fault[] }>("POST", "/standard-faults", { toml }),
  register: (toml: string) => send<{ standard: Standard; unchanged: boolean; changes: StandardChange[] }>("POST", "/standards/data", { toml }),

  organisations: () => everyItem((after) => get<Page<Organisation>>("/organisations", { after, limit: 1000 })),
  addOrganisation: (id: string, zh: string, en: string) => send<Organisation>("POST", "/organisations", { id, zh, en }),
  begin: (card: Record<string, unknown>) => send<{ id: string }>("POST", "/drafts", { card }),

  feeds: () => everyItem((after) => get<Page<Feed>>("/exchange/feeds", { after, limit: 1000 })),
  putFeed: (id: string, feed: Record<string, unknown>, secrets: Record<string, string>) => send<Feed>("PUT", `/exchange/feeds/${part(id)}`, { feed, secrets }),
  setFeed: (id: string, active: boolean) => send<Feed>("PATCH", `/exchange/feeds/${part(id)}`, { active }),
  pullFeed: (id: string) => send<Feed>("POST", `/exchange/feeds/${part(id)}/pull`),
  deliveries: (state: string, after: After) => get<Page<Delivery>>("/exchange/deliveries", { state, after, limit: 50 }),
  delivery: (id: string) => get<Taken>(`/exchange/deliveries/${part(id)}`),
  refused: (id: string, after: After) => get<Page<RefusedRow>>(`/exchange/deliveries/${part(id)}/refused`, { after, limit: 100 }),
  deliver: (feed: string, file: File, query: Record<string, string | number | null>) =>
    send<Taken>("POST", `/exchange/feeds/${part(feed)}/deliveries`, file, { ...query, filename: file.name }),
  keys: () => get<{ keys: PublicKey[] }>("/exchange/keys"),
  addKey: (organisation: string, key: JsonWebKey) => send<{ keys: PublicKey[] }>("POST", `/exchange/inboxes/${part(organisation)}/keys`, { key }),
  retireKey: (organisation: string, kid: string) => send<null>("DELETE", `/exchange/inboxes/${part(organisation)}/keys/${part(kid)}`),
  acknowledge: (id: string, jws: string) => send<Receipt>("POST", `/exchange/deliveries/${part(id)}/acknowledgement`, { jws }),

  issues: (state: string, overdue: boolean, after: After) => get<Page<Issue>>("/issues", { state, overdue, after, limit: 100 }),
  waiting: () => get<Waiting>("/waiting-issues"),
  issue: (id: string) => get<Issue>(`/issues/${part(id)}`),
  moveIssue: (id: string, move: IssueMove) => send<Issue>("POST", `/issues/${part(id)}`, move),

  life: (dataset: string) => get<Life>(`/datasets/${part(dataset)}/life`),
  moveLife: (dataset: string, move: Record<string, string | boolean>) => send<Life>("POST", `/datasets/${part(dataset)}/life`, move),
  destructions: (after: After) => get<Page<Destruction>>("/destructions", { after, limit: 50 }),
  verifyCertificate: (certificate: Record<string, unknown>) => send<Verdict>("POST", "/certificates/verify", { certificate }),
};
