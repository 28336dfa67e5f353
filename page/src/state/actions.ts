import { calls } from "../api/calls";
import { problemOf } from "../api/client";
import { EventLine } from "../api/events";
import type { Alert } from "../api/types";
import { headed } from "../format";
import { t } from "../i18n";
import { pending } from "../shell/ready";
import { data, here, type Asked, type Data } from "./data";
import { list } from "./lists";
import { forgetStated } from "./purpose";
import { view } from "./view";

type AskedKey = { [K in keyof Data]: Data[K] extends Asked<unknown> ? K : never }[keyof Data];

const turns: Partial<Record<AskedKey, number>> = {};

/** Ask and show the answer, unless a later question of the same kind has been asked meanwhile. */
export async function ask<K extends AskedKey>(key: K, call: () => Promise<unknown>): Promise<void> {
  const turn = (turns[key] ?? 0) + 1;
  turns[key] = turn;
  if (data.value[key].state !== "here") pending.add(key);
  const show = (asked: Asked<unknown>): void => {
    if (turns[key] !== turn) return;
    data.set({ [key]: asked } as Partial<Data>);
    pending.delete(key);
  };
  try {
    show({ state: "here", value: await call() });
  } catch (error) {
    show({ state: "refused", problem: problemOf(error) });
  }
}

async function loadCity(): Promise<void> {
  await ask("city", calls.city);
  const city = here(data.value.city);
  if (!city) return;
  const { now, clock, subject } = city;
  data.set({ now: Date.parse(now), speed: clock.speed, paused: clock.paused, subject });
}

/** Ask again for what depends on the moment looked at. */
export async function loadMoment(): Promise<void> {
  const { at } = view.value;
  await Promise.all([
    ask("air", () => calls.air(at)),
    ask("indicators", async () => (await calls.indicators(at)).items),
  ]);
}

/** Load everything the screen shows. */
export async function loadAll(): Promise<void> {
  await Promise.all([
    loadCity(),
    loadMoment(),
    ask("alerts", () => list("alerts")),
    ask("datastreams", () => list("datastreams")),
  ]);
}

function put(alert: Alert): void {
  const known = here(data.value.alerts) ?? [];
  const rest = known.filter((other) => other.id !== alert.id);
  data.set({ alerts: { state: "here", value: [alert, ...rest] } });
}

function hear(alert: Alert): void {
  const before = here(data.value.alerts)?.find((other) => other.id === alert.id);
  put(alert);
  if (before?.state === alert.state && before.severity === alert.severity) return;
  const word = t(`alert.state.${alert.state}`);
  data.set({ said: headed(`${t(`severity.${alert.severity}`)} ${word}`, alert.text[view.value.lang], view.value.lang) });
}

let refreshing = false;
let stale = false;

/** Refresh the live numbers, one request at a time however fast the replay runs. */
async function refreshLive(): Promise<void> {
  stale = true;
  if (refreshing || view.value.at) return;
  refreshing = true;
  while (stale) {
    stale = false;
    await loadMoment();
    await new Promise((resolve) => window.setTimeout(resolve, 1_200));
  }
  refreshing = false;
}

function receive(items: { datastream: number | string; value: number | null; quality: string }[], time: string): void {
  const known = here(data.value.datastreams);
  if (!known) return;
  const latest = new Map(items.map((item) => [String(item.datastream), item]));
  const value = known.map((stream) => {
    const item = latest.get(stream.id) ?? latest.get(String(stream.number));
    return item ? { ...stream, latest: { time, value: item.value, quality: item.quality } } : stream;
  });
  data.set({ datastreams: { state: "here", value } });
}

/** Open the line of events and keep the screen true to it. */
export function followEvents(): void {
  const line = new EventLine(
    {
      clock: ({ now, speed, paused }) => data.set({ now: Date.parse(now), speed, paused }),
      observations: ({ time, items }) => {
        receive(items, time);
        void refreshLive();
      },
      indicator: () => void refreshLive(),
      alert: ({ alert }) => hear(alert),
      command: (command) => data.set({ commands: { ...data.value.commands, [command.id]: command } }),
      catalogue: () => data.set({ changes: data.value.changes + 1 }),
      twin: ({ version }) => data.set({ twin: version }),
      job: (job) => data.set({ jobs: { ...data.value.jobs, [job.id]: job } }),
    },
    (up) => {
      const wasDown = data.value.line === "down";
      if (up && wasDown) void loadAll();
      data.set({ line: up ? "up" : "down", downSince: up ? null : (data.value.downSince ?? Date.now()) });
    },
  );
  line.open();
  window.addEventListener("pagehide", () => line.close());
}

/** Do something to an alert and show what it became. */
export async function actOnAlert(id: string, verb: "acknowledge" | "close", note: string): Promise<void> {
  put(await calls[verb](id, note));
}

/** Sign in; throw ProblemError when refused. */
export async function signIn(name: string, password: string): Promise<void> {
  const { subject } = await calls.signIn(name, password);
  forgetStated();
  data.set({ subject, dialog: null });
  await loadAll();
}

export async function signOut(): Promise<void> {
  await calls.signOut();
  forgetStated();
  data.set({ subject: null });
  await loadAll();
}

/** Set the speed or the pause of the city's replay (operators only). */
export async function setReplay(change: { speed?: number; paused?: boolean }): Promise<void> {
  const clock = await calls.replay(change);
  data.set({ speed: clock.speed, paused: clock.paused });
}
