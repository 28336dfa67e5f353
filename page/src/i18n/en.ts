import { shell } from "./en/shell";
import { map } from "./en/map";
import { city } from "./en/city";
import { network } from "./en/network";
import { readings } from "./en/readings";
import { sensing } from "./en/sensing";
import { catalogue } from "./en/catalogue";
import { portal } from "./en/portal";
import { twin } from "./en/twin";
import { bureau } from "./en/bureau";
import { office } from "./en/office";
import type { Key } from "./zh";

/** Every message of the page in English, by part of the page. */
export const en: Record<Key, string> = { ...shell, ...map, ...city, ...network, ...readings, ...sensing, ...catalogue, ...portal, ...twin, ...bureau, ...office };
