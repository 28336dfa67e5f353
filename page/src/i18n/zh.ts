import { shell } from "./zh/shell";
import { map } from "./zh/map";
import { city } from "./zh/city";
import { network } from "./zh/network";
import { readings } from "./zh/readings";
import { sensing } from "./zh/sensing";
import { twin } from "./zh/twin";

/** The page's messages in Chinese that are there from the first screen on, by part of the page. */
export const zh = { ...shell, ...map, ...city, ...network, ...readings, ...sensing, ...twin } as const;
