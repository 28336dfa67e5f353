import { shell } from "./en/shell";
import { map } from "./en/map";
import { city } from "./en/city";
import { network } from "./en/network";
import { readings } from "./en/readings";
import { sensing } from "./en/sensing";
import { twin } from "./en/twin";
import type { zh } from "./zh";

/** The page's messages in English that are there from the first screen on, by part of the page. */
export const en: Record<keyof typeof zh, string> = { ...shell, ...map, ...city, ...network, ...readings, ...sensing, ...twin };
