import type { AqiClass } from "../api/types";
import { t } from "../i18n";

/** The six classes of HJ 633-2012, table 2: level, colour (RGB) and the index where the class ends. */
export const AQI_CLASSES = [
  { level: 1, colour: "#00e400", upTo: 50 },
  { level: 2, colour: "#ffff00", upTo: 100 },
  { level: 3, colour: "#ff7e00", upTo: 150 },
  { level: 4, colour: "#ff0000", upTo: 200 },
  { level: 5, colour: "#99004c", upTo: 300 },
  { level: 6, colour: "#7e0023", upTo: 500 },
] as const;

export type AqiLevel = (typeof AQI_CLASSES)[number]["level"];

/** Return the class's level 1 to 6, or null where there is no class. */
export function levelOf(given: AqiClass | null | undefined): AqiLevel | null {
  return AQI_CLASSES.find(({ level }) => level === given?.level)?.level ?? null;
}

/** Return the class's mark and word, once where they are the same. */
export function classWords(level: AqiLevel): string {
  const [mark, word] = [t(`aqi.mark.${level}`), t(`aqi.level.${level}`)];
  return mark === word ? word : `${mark} ${word}`;
}

/** Return the lines between the classes for a chart of the index, each named by the class below it. */
export function classLines(): { value: number; name: string; below: true }[] {
  return AQI_CLASSES.slice(0, -1).map(({ level, upTo }) => ({ value: upTo, name: t(`aqi.level.${level}`), below: true }));
}

/** Return the colour of a class: the server's word first, the standard's table next, else null. */
export function colourOf(given: AqiClass | null | undefined): string | null {
  return given?.colour ?? AQI_CLASSES.find(({ level }) => level === given?.level)?.colour ?? null;
}
