import { add } from "./index";
import { admit as admitEn } from "./en/admit";
import { begin as beginEn } from "./en/begin";
import { bureau as bureauEn } from "./en/bureau";
import { catalogue as catalogueEn } from "./en/catalogue";
import { harvests as harvestsEn } from "./en/harvests";
import { office as officeEn } from "./en/office";
import { portal as portalEn } from "./en/portal";
import { admit } from "./zh/admit";
import { begin } from "./zh/begin";
import { bureau } from "./zh/bureau";
import { catalogue } from "./zh/catalogue";
import { harvests } from "./zh/harvests";
import { office } from "./zh/office";
import { portal } from "./zh/portal";

/** The messages of the rooms of data and of work, and of who changes the twin: they are fetched with these rooms, and not with the first screen. */
export const zhLater = { ...catalogue, ...portal, ...bureau, ...begin, ...harvests, ...office, ...admit } as const;
export const enLater: Record<keyof typeof zhLater, string> = { ...catalogueEn, ...portalEn, ...bureauEn, ...beginEn, ...harvestsEn, ...officeEn, ...admitEn };

add(zhLater, enLater);
