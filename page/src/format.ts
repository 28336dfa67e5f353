import type { Names, Unit } from "./api/types";
import type { Lang } from "./state/url";

const LOCALE: Record<Lang, string> = { zh: "zh-CN", en: "en-GB" };
export const ABSENT = "–";
/** UCUM codes of numbers without a unit: 1 and annotations such as {index}. */
const DIMENSIONLESS = /^(1|\{.*\})$/;

/** Return a name in the language, or in the other where it is missing; plain text as it is. */
export function nameOf(names: Names | string | number | boolean | null | undefined, lang: Lang): string {
  if (names === null || names === undefined) return "";
  if (typeof names !== "object") return String(names);
  return names[lang] || names.zh || names.en || "";
}

/** Return a citation of a law, its articles as the language writes them: `Art. 56(1)` is 第56条(1). */
export function lawOf(law: string, lang: Lang): string {
  return lang === "zh" ? law.replace(/Arts?\. ?(\d+)/g, "第$1条") : law;
}

/** Return whether a text holds Chinese characters, so that a reader can speak it as Chinese. */
export function hasHan(text: string): boolean {
  return /\p{Script=Han}/u.test(text);
}

/** Return a text in brackets as they follow a word in a tongue. */
export function bracketed(text: string, lang: Lang): string {
  return lang === "zh" ? `（${text}）` : ` (${text})`;
}

/** Return a word and what is said of it, with the tongue's colon between. */
export function headed(word: string, of: string, lang: Lang): string {
  return `${word}${lang === "zh" ? "：" : ": "}${of}`;
}

/** Return a licence by its identifier, in Chinese with its name before it. */
export function licenceOf(item: { licence: string; licence_name: Names }, lang: Lang): string {
  const { zh } = item.licence_name;
  return lang === "en" || zh === item.licence ? item.licence : `${zh}（${item.licence}）`;
}

/** Return a layer's attribution, followed by its licence where the attribution does not name it. */
export function attributionOf(layer: { attribution: Names; licence: string }, lang: Lang): string {
  const text = nameOf(layer.attribution, lang);
  const family = layer.licence.split(/[-\s]/)[0] ?? "";
  return text.includes(family) ? text : text + bracketed(layer.licence, lang);
}

/** Return where a picture of the ground is from and its licence, or its name where it says neither. */
export function pictureAttributionOf(layer: { name: Names; source: string; licence: string }, lang: Lang): string {
  return [layer.source || nameOf(layer.name, lang), layer.licence && `(${layer.licence})`].filter(Boolean).join(" ");
}

/** Return a number with thousands separators and at most `digits` decimals; a dash for none. */
export function number(value: number | null | undefined, lang: Lang, digits = 1): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return ABSENT;
  return new Intl.NumberFormat(LOCALE[lang], { maximumFractionDigits: digits }).format(value);
}

/** Return a size in bytes as kB, MB or GB. */
export function bytes(value: number, lang: Lang): string {
  const units = ["B", "kB", "MB", "GB"];
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(value, 1)) / 3));
  return `${number(value / 1000 ** power, lang)} ${units[power]}`;
}

/** Return a unit's sign: its symbol (in English its name where that is Chinese), or its code; nothing for a number without one. */
export function unitOf(unit: Unit | string | null | undefined, lang: Lang): string {
  if (!unit) return "";
  const sign = typeof unit === "string" ? unit : unit.symbol || unit.code;
  if (lang === "en" && typeof unit !== "string" && hasHan(sign)) return unit.en;
  return DIMENSIONLESS.test(sign) ? "" : sign;
}

type Parts = Record<"year" | "month" | "day" | "hour" | "minute" | "second", string>;

const formats = new Map<string, Intl.DateTimeFormat>();

function parts(ms: number, zone: string): Parts {
  let format = formats.get(zone);
  if (!format) {
    const two = "2-digit";
    const fields = { year: "numeric", month: two, day: two, hour: two, minute: two, second: two } as const;
    format = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hourCycle: "h23", ...fields });
    formats.set(zone, format);
  }
  return Object.fromEntries(format.formatToParts(ms).map(({ type, value }) => [type, value])) as Parts;
}

/** Return the zone's offset from UTC at a moment, in minutes, east positive. */
export function offsetMinutes(ms: number, zone: string): number {
  const p = parts(ms, zone);
  const local = Date.UTC(+p.year, +p.month - 1, +p.day, +p.hour, +p.minute, +p.second);
  return Math.round((local - Math.floor(ms / 1000) * 1000) / 60_000);
}

/** Return the zone named by its offset, as in `UTC+8`. */
export function zoneName(ms: number, zone: string): string {
  const minutes = offsetMinutes(ms, zone);
  const sign = minutes < 0 ? "−" : "+";
  const rest = Math.abs(minutes) % 60;
  return `UTC${sign}${Math.floor(Math.abs(minutes) / 60)}${rest ? `:${String(rest).padStart(2, "0")}` : ""}`;
}

/** Return a moment's local `YYYY-MM-DDTHH:MM` in a zone, as date-time inputs want it. */
export function localInput(ms: number, zone: string): string {
  const p = parts(ms, zone);
  return `${p.year}-${p.month}-${p.day}T${p.hour}:${p.minute}`;
}

/** Return `YYYY-MM-DD HH:MM` in a zone; a dash for no moment. */
export function moment(value: number | string | null | undefined, zone: string): string {
  const ms = typeof value === "string" ? Date.parse(value) : value;
  if (ms === null || ms === undefined || Number.isNaN(ms)) return ABSENT;
  return localInput(ms, zone).replace("T", " ");
}

/** Return `MM-DD HH:MM` in a zone, for axes and readouts. */
export function shortMoment(ms: number, zone: string): string {
  return moment(ms, zone).slice(5);
}

/** Return the ms since 1970 of a local `YYYY-MM-DDTHH:MM` in a zone, or null when it is no date. */
export function fromLocal(text: string, zone: string): number | null {
  const naive = Date.parse(`${text}Z`);
  if (Number.isNaN(naive)) return null;
  const guess = naive - offsetMinutes(naive, zone) * 60_000;
  return naive - offsetMinutes(guess, zone) * 60_000;
}

/** Return a moment as ISO 8601 with the zone's offset, to the second. */
export function isoIn(ms: number, zone: string): string {
  const minutes = offsetMinutes(ms, zone);
  const p = parts(ms, zone);
  const two = (value: number): string => String(Math.floor(value)).padStart(2, "0");
  const offset = `${minutes < 0 ? "-" : "+"}${two(Math.abs(minutes) / 60)}:${two(Math.abs(minutes) % 60)}`;
  return `${p.year}-${p.month}-${p.day}T${p.hour}:${p.minute}:${p.second}${offset}`;
}
