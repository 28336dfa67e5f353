import type { Capability } from "../api/network";
import type { Names } from "../api/types";
import { nameOf } from "../format";
import type { Lang } from "../state/url";

/** One parameter of a capability, as its form shows it. */
export interface Parameter {
  name: string;
  label: string;
  kind: string;
  unit: string;
  choices: (string | number)[];
  least: number | null;
  most: number | null;
  optional: boolean;
  /** Datastream that shows its present value. */
  stateOf: string | null;
  step: number | null;
  rate: number | null;
}

export interface Interlock {
  datastream: string;
  must: string;
  value: number;
  max_age_s?: number;
  when?: { parameter: string; is: unknown };
}

export const SIGNS: Record<string, string> = { ge: "≥", gt: ">", le: "≤", lt: "<", eq: "=", ne: "≠" };

interface Field {
  name: string;
  type: string;
  label?: string;
  optional?: boolean;
  uom?: { code?: string; symbol?: string };
  constraint?: { value?: (string | number)[]; interval?: [unknown, unknown][] };
}

interface Limits {
  ranges?: Record<string, [number, number]>;
  steps?: Record<string, number>;
  rates?: Record<string, number>;
  state_of?: Record<string, string>;
  interlocks?: Interlock[];
  minimum_interval_s?: number;
  deadline_s?: number;
}

/** Return the limits that a capability declares. */
export function limitsOf(capability: Capability): Limits {
  return capability.limits as Limits;
}

function bound(values: unknown[], pick: (...numbers: number[]) => number): number | null {
  const numbers = values.filter((value): value is number => typeof value === "number" && Number.isFinite(value));
  return numbers.length ? pick(...numbers) : null;
}

/** Return the parameters of a capability (a SWE Common DataRecord) with the limits that hold for each, named in a language. */
export function parametersOf(capability: Capability, lang: Lang): Parameter[] {
  const labels = (capability.properties.labels ?? {}) as Record<string, Names | undefined>;
  const { field = [] } = capability.parameters as { field?: Field[] };
  const { ranges = {}, steps = {}, rates = {}, state_of = {} } = limitsOf(capability);
  return field.map(({ name, type, label, optional, uom, constraint }) => {
    const intervals = constraint?.interval ?? [];
    const [low, high] = ranges[name] ?? [null, null];
    const allowed = bound(intervals.map(([start]) => start), Math.min);
    const beyond = bound(intervals.map(([, end]) => end), Math.max);
    return {
      name,
      label: nameOf(labels[name], lang) || (label ?? name),
      kind: type,
      unit: uom?.symbol ?? uom?.code ?? "",
      choices: constraint?.value ?? [],
      least: bound([low, allowed], Math.max),
      most: bound([high, beyond], Math.min),
      optional: optional ?? false,
      stateOf: state_of[name] ?? null,
      step: steps[name] ?? null,
      rate: rates[name] ?? null,
    };
  });
}

/** Return what a form's text means as a parameter's value, or null where nothing is given. */
export function valueOf(parameter: Parameter, text: string): string | number | boolean | null {
  if (text === "") return null;
  if (parameter.kind === "Boolean") return text === "true";
  if (parameter.kind === "Quantity" || parameter.kind === "Count") return Number(text);
  const choice = parameter.choices.find((one) => String(one) === text);
  return choice ?? text;
}

/** Return a key that makes sending the same command twice one command. */
export function orderKey(): string {
  const parts = window.crypto.getRandomValues(new Uint32Array(4));
  return `page-${[...parts].map((part) => part.toString(36)).join("")}`;
}
