import { net, type Buckets } from "../api/network";
import type { Series } from "../api/types";
import { csvField } from "../charts/export";
import type { Point } from "../charts/scale";
import { isoIn } from "../format";

/** More values than these are drawn as buckets. */
export const MOST = 1_500;
/** How long a bucket may be, s; from a minute on the city keeps their sums. */
const LEVELS = [1, 10, 60, 900, 3_600, 86_400, 604_800] as const;
const DAY_S = 86_400;
/** A day in which the clock is changed is longer or shorter by less than this, ms. */
const CLOCK_MS = 7_200_000;

/** The values of a stretch of time, ms since 1970: the lowest, their mean, the highest, and how many they are. */
export interface Bucket {
  time: number;
  end: number;
  low: number;
  mean: number;
  high: number;
  count: number;
}

/** A point of the line of means; without a bucket it stands in a gap. */
export interface BucketPoint extends Point {
  bucket?: Bucket;
}

/** What is drawn of a datastream: every value (`every` is 0), or buckets of `every` seconds. */
export interface Drawn {
  every: number;
  items: Series["items"];
  buckets: Bucket[];
}

/** Return the seconds of the buckets in which a span (ms) is drawn; 0 where every value of that period (s) can be. */
export function everyOf(spanMs: number, periodS: number): number {
  const span = spanMs / 1000;
  if (periodS > 0 && span / periodS <= MOST) return 0;
  return LEVELS.find((level) => level > periodS && span / level <= MOST) ?? LEVELS[LEVELS.length - 1] ?? DAY_S;
}

/** Return the server's columns as buckets, each up to the next where nothing lies between. */
export function bucketsOf({ bucket_s, columns }: Buckets): Bucket[] {
  const { time, count, min, max, avg } = columns;
  return time.flatMap((begin, i) => {
    const [low, mean, high, next] = [min?.[i] ?? null, avg?.[i] ?? null, max?.[i] ?? null, time[i + 1]];
    if (low === null || mean === null || high === null) return [];
    const usual = begin + bucket_s * 1000;
    const joins = next !== undefined && bucket_s >= DAY_S && Math.abs(next - usual) < CLOCK_MS;
    return [{ time: begin, end: joins ? next : usual, low, mean, high, count: count?.[i] ?? 0 }];
  });
}

/** Return the means in the middle of their buckets (of what of them lies in the span), and a point without in each gap. */
export function meansOf(buckets: readonly Bucket[], [start, end]: [number, number]): BucketPoint[] {
  return buckets.flatMap((bucket, i) => {
    const time = (Math.max(bucket.time, start) + Math.min(bucket.end, end)) / 2;
    const before = buckets[i - 1];
    const gap = before && before.end < bucket.time ? [{ time: (before.end + bucket.time) / 2, value: null }] : [];
    return [...gap, { time, value: bucket.mean, bucket }];
  });
}

/** Return the SVG path round lowest and highest: a step a bucket, closed before each gap. */
export function spreadPath(buckets: readonly Bucket[], x: (time: number) => number, y: (value: number) => number): string {
  const runs: Bucket[][] = [];
  buckets.forEach((bucket, i) => {
    if (i > 0 && buckets[i - 1]?.end === bucket.time) runs.at(-1)?.push(bucket);
    else runs.push([bucket]);
  });
  const px = (value: number): string => value.toFixed(1);
  return runs
    .map((run) => {
      const over = run.map(({ time, end, high }) => `${px(x(time))},${px(y(high))}H${px(x(end))}`);
      const under = [...run].reverse().map(({ time, end, low }) => `${px(x(end))},${px(y(low))}H${px(x(time))}`);
      return `M${[...over, ...under].join("L")}Z`;
    })
    .join("");
}

/** Return buckets as CSV: times in the chart's zone, a row a bucket. */
export function bucketsCsv(name: string, unit: string, zone: string, buckets: readonly Bucket[]): string {
  const figures = ["min", "mean", "max"].map((figure) => `${name} ${figure} (${unit})`);
  const rows = [["time", "end", "count", ...figures], ...buckets.map(({ time, end, count, low, mean, high }) => [isoIn(time, zone), isoIn(end, zone), count, low, mean, high])];
  return rows.map((row) => row.map(csvField).join(",")).join("\r\n") + "\r\n";
}

/** Return what is drawn of a datastream from one moment to another: every value where there are no more than can be. */
export async function drawnOf(stream: { id: string; period_s: number }, spanMs: number, start: string, end: string): Promise<Drawn> {
  const summed = async (every: number): Promise<Drawn> => ({ every, items: [], buckets: bucketsOf(await net.buckets(stream.id, start, end, every)) });
  const every = everyOf(spanMs, stream.period_s);
  if (every) {
    const found = await summed(every);
    if (found.buckets.reduce((all, { count }) => all + count, 0) > MOST) return found;
  }
  const series = await net.series(stream.id, start, end, MOST);
  return series.downsampled ? summed(everyOf(spanMs, 0)) : { every: 0, items: series.items, buckets: [] };
}
