import { fromLocal, localInput, offsetMinutes } from "../format";

export interface Point {
  time: number;
  value: number | null;
}

export interface BandPoint {
  time: number;
  low: number;
  high: number;
}

const STEPS = [1, 2, 2.5, 5, 10];

/** Return about `count` round values from at most `low` to at least `high`. */
export function roundTicks(low: number, high: number, count = 5): number[] {
  const span = high - low || Math.abs(high) || 1;
  const raw = span / Math.max(count, 1);
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = (STEPS.find((one) => one * power >= raw * 0.999) ?? 10) * power;
  const first = Math.floor(low / step);
  const last = Math.ceil(high / step);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

const HOUR = 3_600_000;
const SECOND_STEPS = [1, 5, 15, 30, 60, 120, 300, 600, 900, 1800].map((seconds) => seconds * 1000);
const TIME_STEPS = [...SECOND_STEPS, ...[1, 2, 3, 6, 12, 24, 48, 168].map((hours) => hours * HOUR)];
const MONTH_STEPS = [1, 2, 3, 6, 12, 24, 60, 120];
const MONTH = 730.5 * HOUR;
/** From 1970-01-01, a Thursday, to the Monday from which weeks are counted. */
const MONDAY = 4 * 24 * HOUR;

/** Return the moments (ms) between two where an axis has its marks: round hours, Mondays, or first days of months in the zone. */
export function timeTicks(start: number, end: number, zone: string, count = 6): number[] {
  const raw = (end - start) / count;
  const step = TIME_STEPS.find((one) => one >= raw);
  if (step === undefined) return monthTicks(start, end, zone, MONTH_STEPS.find((months) => months * MONTH >= raw) ?? 240);
  const shift = offsetMinutes(end, zone) * 60_000 - (step === 168 * HOUR ? MONDAY : 0);
  const first = Math.ceil((start + shift) / step) * step - shift;
  const ticks: number[] = [];
  for (let time = first; time <= end; time += step) ticks.push(time);
  return ticks;
}

function monthTicks(start: number, end: number, zone: string, months: number): number[] {
  const [year = 1970, month = 1] = localInput(start, zone).split("-").map(Number);
  const ticks: number[] = [];
  for (let at = Math.floor((year * 12 + month - 1) / months) * months; ; at += months) {
    const first = fromLocal(`${Math.floor(at / 12)}-${String((at % 12) + 1).padStart(2, "0")}-01T00:00`, zone) ?? end + 1;
    if (first > end) return ticks;
    if (first >= start) ticks.push(first);
  }
}

/** Return the linear map of [from, to] onto [start, end]. */
export function linear(from: number, to: number, start: number, end: number): (value: number) => number {
  const span = to - from || 1;
  return (value) => start + ((value - from) / span) * (end - start);
}

const GAP_FACTOR = 1.6;

/** Return the usual step between points, ms: their median; 0 for fewer than two. */
export function usualStep(points: readonly Point[]): number {
  const steps = points.slice(1).map((point, i) => point.time - (points[i]?.time ?? 0));
  steps.sort((a, b) => a - b);
  return steps[Math.floor(steps.length / 2)] ?? 0;
}

/** Return the points as runs without gaps: a missing value or a step far over the usual ends a run. */
export function runs(points: readonly Point[]): { time: number; value: number }[][] {
  const longest = usualStep(points) * GAP_FACTOR;
  const found: { time: number; value: number }[][] = [];
  let run: { time: number; value: number }[] = [];
  let last: number | null = null;
  for (const { time, value } of points) {
    if (value === null || (last !== null && longest > 0 && time - last > longest)) {
      if (run.length) found.push(run);
      run = [];
    }
    if (value !== null) run.push({ time, value });
    last = time;
  }
  if (run.length) found.push(run);
  return found;
}

type Map1 = (value: number) => number;
const at = (x: number, y: number): string => `${x.toFixed(1)},${y.toFixed(1)}`;

/** Return the SVG path of the runs, unless all are one; a lone point becomes a short dash, so that it is seen. */
export function linePath(points: readonly Point[], x: Map1, y: Map1, apart = true): string {
  const whole = points.flatMap(({ time, value }) => (value === null ? [] : [{ time, value }]));
  return (apart ? runs(points) : [whole])
    .map((run) => {
      const [only] = run;
      if (only && run.length === 1) return `M${at(x(only.time) - 1, y(only.value))}h2`;
      return `M${run.map(({ time, value }) => at(x(time), y(value))).join("L")}`;
    })
    .join("");
}

/** Return the SVG path that closes round a band. */
export function bandPath(band: readonly BandPoint[], x: Map1, y: Map1): string {
  if (band.length === 0) return "";
  const up = band.map(({ time, high }) => at(x(time), y(high)));
  const down = [...band].reverse().map(({ time, low }) => at(x(time), y(low)));
  return `M${up.join("L")}L${down.join("L")}Z`;
}

/** Return the index of the point nearest in time, or -1 for none. */
export function nearest(points: readonly Point[], time: number): number {
  let best = -1;
  points.forEach((point, i) => {
    const held = points[best];
    if (!held || Math.abs(point.time - time) < Math.abs(held.time - time)) best = i;
  });
  return best;
}
