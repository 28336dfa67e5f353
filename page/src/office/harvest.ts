import type { HarvestedPortal } from "../api/office";

/** Which kinds of portal there are; `auto` asks the portal. */
export const KINDS = ["auto", "dcat", "data.json", "ckan"] as const;
/** Every how many days a portal is read by itself; 0: only when asked. */
export const PERIODS = [0, 1, 7, 30] as const;
const COUNTS = ["found", "added", "changed", "unchanged", "withdrawn", "refused"] as const;

export type Count = (typeof COUNTS)[number];
export type Standing = "failed" | "resting" | "never" | "well";
type Told = { detail: string; where: string; mend: string; zh?: { detail: string; where: string; mend: string } };

/** Return what a form says of a portal, as it is sent. */
export function asked(form: FormData): { url: string; kind: string; title: string; classification: string; every_days: number } {
  const told = (name: string): string => String(form.get(name) ?? "").trim();
  return { url: told("url"), kind: told("kind") || "auto", title: told("title"), classification: told("classification") || "open", every_days: Number(told("every_days")) || 0 };
}

/** Return how a portal stands: a failure comes first, for it is to be mended. */
export function standing({ trouble, active, harvested }: Pick<HarvestedPortal, "trouble" | "active" | "harvested">): Standing {
  if (trouble) return "failed";
  return active ? (harvested ? "well" : "never") : "resting";
}

/** Return what came of the last harvest: the counts that say something, found always. */
export function counts(report: HarvestedPortal["report"]): [Count, number][] {
  const told = (report ?? {}) as Partial<Record<Count, number>>;
  return COUNTS.map((name): [Count, number] => [name, told[name] ?? 0]).filter(([name, n]) => n > 0 || (name === "found" && report !== null));
}

/** Return what could not be taken in, and why. */
export function refusals(report: HarvestedPortal["report"]): { identifier: string; why: string }[] {
  return ((report ?? {}) as { reasons?: { identifier: string; why: string }[] }).reasons ?? [];
}

/** Return why the last harvest failed, as a problem is shown. */
export function problem(trouble: HarvestedPortal["trouble"]): Told & { title: string; status: number } {
  return { title: "", status: 409, ...(trouble as unknown as Told) };
}
