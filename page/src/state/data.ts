import type { Command, Flow, Picture } from "../api/network";
import type { After } from "../api/pages";
import type { AirReport, Alert, City, Datastream, Indicator, Job, Names, Problem, Subject } from "../api/types";
import { Store } from "./store";

/** What was asked of the server: under way, here, or refused with the reason. */
export type Asked<T> = { state: "asked" } | { state: "here"; value: T } | { state: "refused"; problem: Problem };
export const ASKED = { state: "asked" } as const;

export interface Data {
  city: Asked<City>;
  air: Asked<AirReport>;
  indicators: Asked<Indicator[]>;
  alerts: Asked<Alert[]>;
  datastreams: Asked<Datastream[]>;
  /** Where these lists go on; null where all of one is here. */
  next: { alerts: After; datastreams: After };
  /** Every device of the city, in columns; how values flow now, and how they did in the minutes before. */
  picture: Asked<Picture>;
  flow: Asked<Flow>;
  flows: Flow[];
  /** Last seen state of the commands told of since the page opened, by id. */
  commands: Record<string, Command>;
  subject: Subject | null;
  /** The city's now in ms since 1970, its replay's speed and whether it stands still. */
  now: number;
  speed: number;
  paused: boolean;
  /** Whether `/events` is up; since when it is not, ms. */
  line: "opening" | "up" | "down";
  downSince: number | null;
  /** Last seen state of the jobs this page started, by id. */
  jobs: Record<string, Job>;
  /** How many changes of the catalogue were told of since the page opened. */
  changes: number;
  /** Number of the last change of the twin that was told of since the page opened. */
  twin: number;
  /** The dataset whose page was last opened, with its name. */
  titled: { dataset: string; name: Names } | null;
  /** Sentence for the live region. */
  said: string;
  /** Which dialog is open. */
  dialog: "help" | "sign-in" | "purpose" | "share" | null;
  /** What a purpose is asked for, while its window is open. */
  wanted: { scope: string; problem: Problem } | null;
}

export const data = new Store<Data>({
  city: ASKED,
  air: ASKED,
  indicators: ASKED,
  alerts: ASKED,
  datastreams: ASKED,
  next: { alerts: null, datastreams: null },
  picture: ASKED,
  flow: ASKED,
  flows: [],
  commands: {},
  subject: null,
  now: 0,
  speed: 1,
  paused: false,
  line: "opening",
  downSince: null,
  jobs: {},
  changes: 0,
  twin: 0,
  titled: null,
  said: "",
  dialog: null,
  wanted: null,
});

/** Return the value that is here, or null while asked or refused. */
export function here<T>(asked: Asked<T>): T | null {
  return asked.state === "here" ? asked.value : null;
}

/** Return whether the city has any series of observations. */
export function sensed(): boolean {
  return (here(data.value.datastreams)?.length ?? 0) > 0;
}

/** Return whether the signed-in person may act as one of these roles. */
export function mayAct(subject: Subject | null, ...roles: string[]): boolean {
  return subject !== null && subject.roles.some((role) => role === "administrator" || roles.includes(role));
}
