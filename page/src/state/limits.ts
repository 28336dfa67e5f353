import type { CodePage, Datastream } from "../api/types";
import { number } from "../format";
import { t } from "../i18n";
import type { Lang } from "./url";

export const LIMITS = "gb3095_limits";
/** Means that an hourly series can be read beside; yearly limits say nothing about days. */
const SHOWN = ["1h", "8h", "24h"];

export interface Limit {
  averaging: string;
  value: number;
}

/** Return the limits for residential areas (grade 2) that apply to a series of hours, the shortest mean first. */
export function limitsOf(page: CodePage | null, stream: Datastream): Limit[] {
  const property = stream.observed_property;
  return (page?.items ?? [])
    .filter(({ parent, properties }) => parent === property && properties["unit"] === stream.unit.code)
    .map(({ properties }) => ({ averaging: properties["averaging"] ?? "", value: Number(properties["grade2"]) }))
    .filter(({ averaging, value }) => SHOWN.includes(averaging) && Number.isFinite(value))
    .sort((a, b) => SHOWN.indexOf(a.averaging) - SHOWN.indexOf(b.averaging));
}

/** Return an averaging time as words: `24h` as 24 hours. */
export function averagingWords(averaging: string): string {
  return t("limits.averaging", { n: averaging.replace("h", "") });
}

/** Return the limits as the lines of a chart. */
export function limitLines(limits: Limit[], lang: Lang): { value: number; name: string }[] {
  return limits.map(({ averaging, value }) => ({ value, name: `${averagingWords(averaging)} ${number(value, lang)}` }));
}
