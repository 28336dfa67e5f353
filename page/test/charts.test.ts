import { describe, expect, it } from "vitest";
import { chartCsv, csvField } from "../src/charts/export";
import { localInput } from "../src/format";
import { bandPath, linear, linePath, nearest, roundTicks, runs, timeTicks } from "../src/charts/scale";

const HOUR = 3_600_000;
const same = (value: number): number => value;

describe("ticks", () => {
  it("are round and reach over the data", () => {
    expect(roundTicks(0, 187)).toEqual([0, 50, 100, 150, 200]);
    expect(roundTicks(0, 1.1)).toEqual([0, 0.25, 0.5, 0.75, 1, 1.25]);
    expect(roundTicks(-3, 4, 4)).toEqual([-4, -2, 0, 2, 4]);
  });

  it("stand on local hours", () => {
    const start = Date.parse("2019-01-12T00:30:00Z");
    const ticks = timeTicks(start, start + 24 * HOUR, "Asia/Shanghai", 4);
    expect(ticks.map((tick) => (tick / HOUR + 8) % 6)).toEqual([0, 0, 0, 0]);
  });

  const local = (ticks: number[], zone: string): string[] => ticks.map((tick) => localInput(tick, zone));

  it("of a year stand on the first days of quarters in the city's zone, through a change of clocks", () => {
    const start = Date.parse("2019-01-20T00:00:00Z");
    const year = ["2019-04-01T00:00", "2019-07-01T00:00", "2019-10-01T00:00", "2020-01-01T00:00"];
    expect(local(timeTicks(start, start + 365 * 24 * HOUR, "Asia/Shanghai", 5), "Asia/Shanghai")).toEqual(year);
    expect(local(timeTicks(start, start + 365 * 24 * HOUR, "Europe/Berlin", 5), "Europe/Berlin")).toEqual(year);
  });

  it("of weeks stand on Mondays", () => {
    const start = Date.parse("2019-12-03T00:00:00Z");
    expect(local(timeTicks(start, start + 30 * 24 * HOUR, "Asia/Shanghai", 5), "Asia/Shanghai")).toEqual([
      "2019-12-09T00:00", "2019-12-16T00:00", "2019-12-23T00:00", "2019-12-30T00:00",
    ]);
  });
});

describe("gaps", () => {
  const points = [0, 1, 2, 6, 7].map((hour) => ({ time: hour * HOUR, value: hour }));

  it("break the line at a missing hour and at a missing value", () => {
    expect(runs(points).map((run) => run.length)).toEqual([3, 2]);
    const holed = points.map((point, i) => (i === 1 ? { ...point, value: null } : point));
    expect(runs(holed).map((run) => run.length)).toEqual([1, 1, 2]);
  });

  it("are bridged where what it goes by has no usual step", () => {
    expect(linePath(points, same, same, false).split("L")).toHaveLength(5);
  });

  it("leave a lone point to be seen", () => {
    expect(linePath([{ time: 5, value: 3 }], same, same)).toBe("M4.0,3.0h2");
    expect(linePath([], same, same)).toBe("");
  });
});

describe("drawing", () => {
  it("closes a band round its low side", () => {
    const band = [
      { time: 0, low: 1, high: 3 },
      { time: 1, low: 2, high: 5 },
    ];
    expect(bandPath(band, same, same)).toBe("M0.0,3.0L1.0,5.0L1.0,2.0L0.0,1.0Z");
    expect(bandPath([], same, same)).toBe("");
  });

  it("maps linearly, also a span of nothing", () => {
    expect(linear(0, 10, 100, 200)(5)).toBe(150);
    expect(linear(3, 3, 0, 1)(3)).toBe(0);
  });

  it("finds the nearest point in time", () => {
    const points = [{ time: 0, value: 1 }, { time: 10, value: null }, { time: 20, value: 2 }];
    expect([nearest(points, 4), nearest(points, 11), nearest(points, 99), nearest([], 0)]).toEqual([0, 1, 2, -1]);
  });
});

describe("CSV", () => {
  it("quotes what must be and starts no formula", () => {
    expect(csvField('a "b", c')).toBe('"a ""b"", c"');
    expect(csvField("=1+1")).toBe("'=1+1");
    expect(csvField("-cmd")).toBe("'-cmd");
    expect([csvField(-3.5), csvField(null), csvField("成都")]).toEqual(["-3.5", "", "成都"]);
  });

  it("has times in the chart's zone and empty fields for gaps", () => {
    const text = chartCsv("PM2.5", "µg/m³", "Asia/Shanghai", [{ time: 0, value: null }], [{ time: HOUR, low: 1, high: 2 }]);
    expect(text.split("\r\n")).toEqual([
      "time,PM2.5 (µg/m³),kind,low,high",
      "1970-01-01T08:00:00+08:00,,observed,,",
      "1970-01-01T09:00:00+08:00,,forecast,1,2",
      "",
    ]);
  });
});
