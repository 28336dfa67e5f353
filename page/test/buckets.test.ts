import { describe, expect, it, vi } from "vitest";
import type { Buckets } from "../src/api/network";

const asked = vi.hoisted(() => ({ get: vi.fn() }));
vi.mock("../src/api/client", () => ({ get: asked.get, send: vi.fn(), problemOf: vi.fn(), ProblemError: Error }));
vi.mock("../src/map/picture", () => ({ saveBlob: vi.fn(), savePicture: vi.fn() }));
const { bucketsCsv, bucketsOf, drawnOf, everyOf, meansOf, spreadPath } = await import("../src/sensing/buckets");

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const same = (value: number): number => value;

function columns(time: number[], count: number[], bucket_s = 3_600): Buckets {
  const min = time.map((_, i) => i);
  return { bucket_s, columns: { time, count, min, max: min.map((value) => value + 10), avg: min.map((value) => value + 4) } } as Buckets;
}

describe("the length of a bucket", () => {
  it("goes from days over hours, quarters and minutes down to every value as the span narrows", () => {
    expect([365, 60, 15, 1.1, 1].map((days) => everyOf(days * DAY, 60))).toEqual([86_400, 3_600, 900, 900, 0]);
    expect([365 * DAY, 60 * DAY, 15 * DAY, DAY, 4 * HOUR, HOUR / 3].map((span) => everyOf(span, 1))).toEqual([86_400, 3_600, 900, 60, 10, 0]);
  });

  it("is longer than the datastream's period, and found without one", () => {
    expect(everyOf(365 * DAY, 3_600)).toBe(86_400);
    expect(everyOf(20 * 365 * DAY, 86_400)).toBe(604_800);
    expect([everyOf(DAY, 0), everyOf(60_000, 0)]).toEqual([60, 1]);
  });
});

describe("buckets", () => {
  const told = bucketsOf(columns([0, HOUR, 5 * HOUR], [60, 60, 1]));

  it("keep lowest, mean and highest, and days meet however long the clock makes them", () => {
    expect(told[1]).toEqual({ time: HOUR, end: 2 * HOUR, low: 1, mean: 5, high: 11, count: 60 });
    expect(bucketsOf(columns([0, DAY - HOUR, 2 * DAY], [1, 1, 1], 86_400)).map(({ end }) => end)).toEqual([DAY - HOUR, 2 * DAY, 3 * DAY]);
  });

  it("have their mean in the middle of what is seen of them, and nothing where nothing was observed", () => {
    const means = meansOf(told, [HOUR / 2, 9 * HOUR]);
    expect(means.map(({ time, value }) => [time / HOUR, value])).toEqual([[0.75, 4], [1.5, 5], [3.5, null], [5.5, 6]]);
  });

  it("are drawn as steps that end where a gap begins", () => {
    const path = spreadPath(told, (time) => time / HOUR, same);
    expect(path).toBe("M0.0,10.0H1.0L1.0,11.0H2.0L2.0,1.0H1.0L1.0,0.0H0.0ZM5.0,12.0H6.0L6.0,2.0H5.0Z");
  });

  it("are CSV with a row a bucket", () => {
    expect(bucketsCsv("Level", "m", "Asia/Shanghai", told.slice(0, 1)).split("\r\n")).toEqual([
      "time,end,count,Level min (m),Level mean (m),Level max (m)",
      "1970-01-01T08:00:00+08:00,1970-01-01T09:00:00+08:00,60,0,4,10",
      "",
    ]);
  });
});

describe("what is drawn", () => {
  const series = { items: [{ time: "t", value: 1, quality: "good" }], downsampled: false };
  const draws = async (period_s: number, count: number, downsampled = false): Promise<[number, string[]]> => {
    asked.get.mockReset();
    asked.get.mockImplementation((path: string) => Promise.resolve(path.endsWith("aggregates") ? columns([0], [count]) : { ...series, downsampled }));
    const { every } = await drawnOf({ id: "a", period_s }, DAY, "start", "end");
    return [every, asked.get.mock.calls.map(([path]) => String(path).split("/").at(-1) ?? "")];
  };

  it("is every value where a span can hold no more than are drawn", async () => {
    expect(await draws(60, 0)).toEqual([0, ["observations"]]);
  });

  it("is buckets where a span holds more, whatever period was declared", async () => {
    expect(await draws(1, 86_400)).toEqual([60, ["aggregates"]]);
    expect(await draws(600, 9_000, true)).toEqual([60, ["observations", "aggregates"]]);
  });

  it("is every value after all where few of them came", async () => {
    expect(await draws(0, 12)).toEqual([0, ["aggregates", "observations"]]);
  });
});
