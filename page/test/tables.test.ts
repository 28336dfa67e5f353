import { describe, expect, it } from "vitest";
import { wayOf } from "../src/panels/alert-way";
import { inZone } from "../src/shell/table";

const WIRE = [
  { name: "time", type: "TIMESTAMP WITH TIME ZONE" },
  { name: "value", type: "DOUBLE" },
];

describe("moments in tables", () => {
  it("are in the city's zone, and the column says which", () => {
    const rows = [{ time: "2018-12-31T16:00:00Z", value: 64 }, { time: "2018-12-31T16:00:05Z", value: null }];
    const local = inZone(["time", "value"], WIRE, rows, "Asia/Shanghai");
    expect(local.rows.map(({ time }) => time)).toEqual(["2019-01-01 00:00", "2019-01-01 00:00:05"]);
    expect(local.columns[0]).toMatchObject({ name: "time", unit: "UTC+8" });
    expect(local.columns[1]).toBe("value");
  });

  it("name the zone itself where its clocks changed between them", () => {
    const rows = [{ time: "2019-01-01T00:00:00Z" }, { time: "2019-07-01T00:00:00Z" }];
    expect(inZone(["time"], WIRE, rows, "Europe/Berlin").columns[0]).toMatchObject({ unit: "Europe/Berlin" });
  });
});

describe("an alert leads", () => {
  const alert = { scene: "sensor_thresholds", resource: "datastream:noise-1.laeq", detail: {} };

  it("to its device", () => {
    expect(wayOf({ ...alert, detail: { thing: "noise-1" } })).toMatchObject({ room: "sensing", pick: "noise-1" });
    expect(wayOf({ ...alert, resource: "device:noise-2" })).toMatchObject({ room: "sensing", pick: "noise-2" });
  });

  it("to its scene where it is about the whole city", () => {
    const air = { scene: "air_quality_early_warning", resource: "city:chengdu", detail: { peak: 190 } };
    expect(wayOf(air)).toMatchObject({ room: "operations", pick: null });
  });
});
