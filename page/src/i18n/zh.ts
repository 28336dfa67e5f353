import { shell } from "./zh/shell";
import { map } from "./zh/map";
import { city } from "./zh/city";
import { network } from "./zh/network";
import { readings } from "./zh/readings";
import { sensing } from "./zh/sensing";
import { catalogue } from "./zh/catalogue";
import { portal } from "./zh/portal";
import { twin } from "./zh/twin";
import { bureau } from "./zh/bureau";
import { office } from "./zh/office";

/** Every message of the page in Chinese, by part of the page. */
export const zh = { ...shell, ...map, ...city, ...network, ...readings, ...sensing, ...catalogue, ...portal, ...twin, ...bureau, ...office } as const;

export type Key = keyof typeof zh;
