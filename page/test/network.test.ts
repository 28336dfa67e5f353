import { describe, expect, it, vi } from "vitest";
import type { Capability, Picture } from "../src/api/network";

vi.mock("../src/api/client", () => ({ get: vi.fn(), send: vi.fn(), problemOf: vi.fn(), ProblemError: Error }));
const { cellPoints, devicePoints } = await import("../src/map/device-points");
const { matching, sorted, tally } = await import("../src/state/network");
const { parametersOf, valueOf } = await import("../src/sensing/orders");
const { duration, kilometres, listed } = await import("../src/sensing/words");

const named = (code: string): { code: string; name: { zh: string; en: string } } => ({ code, name: { zh: code, en: code } });
const none = named("");

function picture(): Picture {
  const zh = ["东三泵", "西井", "南杆"];
  const places = [1, 1, 2];
  return {
    moment: "2026-01-01T00:00:00Z",
    total: 3,
    id: ["pump-3", "well-1", "pole-2"],
    cells: null,
    healths: ["ok", "unknown", "explained", "suspect", "partial", "silent"].map(named),
    types: [none, named("pump"), named("pole")],
    organisations: ["", "water", "roads"],
    districts: [none, named("a"), named("b")],
    links: [none, named("core"), named("lora")],
    poles: [""],
    states: ["in_service", "maintenance", "retired"],
    columns: {
      zh, en: ["Pump 3", "Well 1", "Pole 2"], lon: [104, 104.1, null], lat: [30, 30.1, null], health: [5, 0, 3],
      type: places, organisation: places, district: places, link: places, pole: [0, 0, 0], state: [0, 1, 0],
      battery: [10, null, 90], battery_low: [20, null, null], certificate: [null, null, null], uptime: [1, 0.5, null],
      lag_s: [3, null, 7], loss: [0, 0, 0], last: [1, 2, null],
    },
  };
}

describe("the devices of a picture", () => {
  it("are those that meet every facet and hold every word", () => {
    expect(matching(picture(), {}, "")).toEqual([0, 1, 2]);
    expect(matching(picture(), { type: "pump" }, "")).toEqual([0, 1]);
    expect(matching(picture(), { type: "pump", state: "maintenance" }, "")).toEqual([1]);
    expect(matching(picture(), { type: "pump", health: "silent" }, "", "health")).toEqual([0, 1]);
    expect(matching(picture(), {}, "东 pump")).toEqual([0]);
    expect(matching(picture(), { type: "no-such" }, "")).toEqual([]);
  });

  it("are counted by the places of a facet's list", () => {
    expect(tally(picture(), "type", [0, 1, 2])).toEqual([0, 2, 1]);
  });

  it("are sorted the gravest first, and what is not known comes last either way", () => {
    expect(sorted(picture(), [0, 1, 2], null, "en")).toEqual([0, 2, 1]);
    expect(sorted(picture(), [0, 1, 2], "lag_s", "en")).toEqual([0, 2, 1]);
    expect(sorted(picture(), [0, 1, 2], "-lag_s", "en")).toEqual([2, 0, 1]);
    expect(sorted(picture(), [0, 1, 2], "name", "en")).toEqual([2, 0, 1]);
  });

  it("are points with the gravest on top, the picked ringed, and none without a place", () => {
    const { points, rows } = devicePoints(picture(), [0, 1, 2], "well-1");
    expect(rows).toEqual([1, 0, 1]);
    expect([...points.shape]).toEqual([0, 5, 6]);
  });

  it("are cells with a second sign where some are silent", () => {
    const points = cellPoints({ lon: [1, 2], lat: [3, 4], health: [[9, 0, 0, 0, 0, 1], [100, 0, 0, 0, 0, 0]] });
    expect([...points.shape]).toEqual([0, 0, 5]);
    expect(points.size[1]).toBeGreaterThan(points.size[0] ?? 0);
  });
});

describe("a capability", () => {
  const capability = {
    parameters: { type: "DataRecord", field: [
      { name: "speed", type: "Quantity", uom: { code: "%" }, constraint: { interval: [[0, 100]] } },
      { name: "mode", type: "Category", constraint: { value: ["on", "off"] } },
    ] },
    properties: {},
    limits: { ranges: { speed: [10, 80] }, steps: { speed: 20 }, state_of: { speed: "p.speed" } },
  } as unknown as Capability;

  it("shows for each parameter the narrowest of its limits", () => {
    const [speed, mode] = parametersOf(capability, "en");
    expect(speed).toMatchObject({ least: 10, most: 80, step: 20, stateOf: "p.speed", unit: "%" });
    expect(mode).toMatchObject({ choices: ["on", "off"], least: null });
    const labels = { speed: { zh: "转速", en: "Speed" } };
    expect(parametersOf({ ...capability, properties: { labels } }, "zh").map(({ label }) => label)).toEqual(["转速", "mode"]);
  });

  it("takes a form's text as the kind of value that the parameter wants", () => {
    const [speed, mode] = parametersOf(capability, "en");
    if (!speed || !mode) throw new Error("two parameters");
    expect(valueOf(speed, "45")).toBe(45);
    expect(valueOf(mode, "on")).toBe("on");
    expect(valueOf(speed, "")).toBeNull();
  });
});

describe("the words of the sensing room", () => {
  it("say a time span in the largest unit that is exact enough", () => {
    expect(duration(3.456, "zh")).toBe("3.46 秒");
    expect(duration(600, "zh")).toBe("10 分");
    expect(duration(null, "zh")).toBe("–");
  });

  it("name several things with the comma of the language", () => {
    expect([listed(["光", "电"], "zh"), listed(["light", "power"], "en"), listed([], "en")]).toEqual(["光、电", "light, power", ""]);
  });

  it("say how far two places are from each other", () => {
    expect(kilometres({ lon: 104, lat: 30 }, { lon: 104, lat: 31 })).toBeCloseTo(111.19, 1);
  });
});
