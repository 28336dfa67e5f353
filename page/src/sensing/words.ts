import { ABSENT, number } from "../format";
import { t } from "../i18n";
import type { Lang } from "../state/url";

export { healthAt, healthMark, healthSign } from "../shell/health";

const STEPS = [
  ["second", 1, 120],
  ["minute", 60, 7_200],
  ["hour", 3_600, 172_800],
  ["day", 86_400, Infinity],
] as const;

/** Return a time span in the largest unit that still says enough: 42 s, 3.5 h; a dash for none. */
export function duration(seconds: number | null | undefined, lang: Lang): string {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return ABSENT;
  const size = Math.abs(seconds);
  const [unit, per] = STEPS.find(([, , below]) => size < below) ?? STEPS[0];
  const digits = unit === "second" && size < 10 ? 2 : 1;
  return `${number(seconds / per, lang, digits)} ${t(`duration.${unit}`)}`;
}

/** Return a share as per cent; a dash for none. */
export function percent(share: number | null | undefined, lang: Lang, digits = 1): string {
  return share === null || share === undefined ? ABSENT : `${number(share * 100, lang, digits)} %`;
}

/** Return names one after the other, with the comma of the language. */
export function listed(names: readonly string[], lang: Lang): string {
  return names.join(lang === "zh" ? "、" : ", ");
}

/** Return how far two places are from each other, km (on a sphere of 6,371 km). */
export function kilometres(a: { lon: number; lat: number }, b: { lon: number; lat: number }): number {
  const rad = Math.PI / 180;
  const half = Math.sin(((b.lat - a.lat) * rad) / 2) ** 2;
  const wide = Math.cos(a.lat * rad) * Math.cos(b.lat * rad) * Math.sin(((b.lon - a.lon) * rad) / 2) ** 2;
  return 2 * 6_371 * Math.asin(Math.sqrt(half + wide));
}
