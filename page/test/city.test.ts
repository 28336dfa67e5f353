import type { FeatureCollection } from "geojson";
import { describe, expect, it } from "vitest";
import type { Alert, Datastream, Indicator } from "../src/api/types";
import { arrange } from "../src/catalogue/lineage";
import { area, inside } from "../src/map/kinds/geometry";
import { KINDS } from "../src/map/kinds";
import { boxAround, collide } from "../src/map/labels";
import { alertsAt, stateAt } from "../src/state/moment";
import { inOrder } from "../src/state/streams";
import { datasetOf, indicatorOf } from "../src/state/trend";

const square = (x: number, size: number): number[][][] => [
  [[x, 0], [x + size, 0], [x + size, size], [x, size], [x, 0]],
];

function collection(...features: FeatureCollection["features"]): FeatureCollection {
  return { type: "FeatureCollection", features };
}

const polygon = (name: string, x: number, size: number): FeatureCollection["features"][number] => ({
  type: "Feature",
  properties: { name },
  geometry: { type: "Polygon", coordinates: square(x, size) },
});

describe("districts", () => {
  it("label every part inside itself and not the whole", () => {
    const prepared = KINDS.district.prepare(collection(polygon("city", 0, 2), polygon("east", 1, 1), polygon("west", 0, 1)));
    const labels = KINDS.district.labels(prepared, "name", "zh");
    expect(labels.map(({ text }) => text)).toEqual(["east", "west"]);
    expect(labels[0]?.lng).toBeCloseTo(1.5);
  });

  it("have places inside even where the middle is outside", () => {
    const u = [[[0, 0], [6, 0], [6, 5], [5, 5], [5, 1], [1, 1], [1, 5], [0, 5], [0, 0]]];
    const at = inside({ type: "Polygon", coordinates: u });
    expect(at).not.toBeNull();
    expect(at![0] < 1 || at![0] > 5 || at![1] < 1).toBe(true);
    expect(area({ type: "Polygon", coordinates: u })).toBe(14);
  });
});

describe("metro lines", () => {
  it("keep their own colour and refuse what is none", () => {
    const line = (colour: unknown): FeatureCollection["features"][number] => ({
      type: "Feature",
      properties: { colour },
      geometry: { type: "LineString", coordinates: [[0, 0], [1, 1]] },
    });
    const prepared = KINDS["metro-line"].prepare(collection(line("#263D96"), line("263d96"), line("url(x)"), line(7)));
    expect(prepared.features.map(({ properties }) => properties?.["_colour"])).toEqual(["#263D96", "#263d96", null, null]);
  });
});

describe("labels", () => {
  it("collide when they share more than an edge", () => {
    expect(collide(boxAround(0, 0, 10, 10, 0), boxAround(9, 0, 10, 10, 0))).toBe(true);
    expect(collide(boxAround(0, 0, 10, 10, 0), boxAround(10, 0, 10, 10, 0))).toBe(false);
  });
});

describe("alerts through time", () => {
  const alert = {
    id: "a",
    severity: "blue",
    opened: "2019-01-01T00:00Z",
    fired: "2019-01-02T00:00Z",
    cleared: "2019-01-03T00:00Z",
    closed: null,
  } as Alert;
  const at = (day: number): number => Date.parse(`2019-01-0${day}T12:00Z`);

  it("have the state of the moment looked at", () => {
    expect(stateAt(alert, at(1) - 86_400_000)).toBeNull();
    expect([1, 2, 3].map((day) => stateAt(alert, at(day)))).toEqual(["pending", "firing", "cleared"]);
  });

  it("have the state the server tells while the city's now is looked at", () => {
    expect(alertsAt([{ ...alert, state: "closed" } as Alert], null)[0]?.state).toBe("closed");
  });

  it("come the firing first and the gravest first", () => {
    const red = { ...alert, id: "r", severity: "red" } as Alert;
    const open = { ...alert, id: "p", fired: null, cleared: null } as Alert;
    expect(alertsAt([open, alert, red], at(2)).map(({ id }) => id)).toEqual(["r", "a", "p"]);
  });
});

describe("series", () => {
  it("come by station in the usual order of pollutants", () => {
    const stream = (thing: string, property: string) =>
      ({ id: `${thing}.${property}`, thing: { id: thing }, observed_property: property }) as Datastream;
    const sorted = inOrder([stream("b", "AQI"), stream("a", "CO"), stream("a", "X"), stream("a", "PM2.5")]);
    expect(sorted.map(({ id }) => id)).toEqual(["a.PM2.5", "a.CO", "a.X", "b.AQI"]);
  });

  it("find the indicator that a forecast foretells", () => {
    const list = [{ id: "city_pm25_24h" }, { id: "city_aqi" }] as Indicator[];
    expect(indicatorOf(list, "AQI")?.id).toBe("city_aqi");
    expect(indicatorOf(list, "PM2.5")?.id).toBe("city_pm25_24h");
    expect(indicatorOf([], "AQI")).toBeNull();
  });

  it("tell datasets from other sources", () => {
    expect([datasetOf("dataset:districts"), datasetOf("release:districts@2"), datasetOf("alert:x")]).toEqual(["districts", "districts", null]);
  });
});

describe("lineage", () => {
  it("runs from left to right and survives a circle", () => {
    const node = (id: string) => ({ id, kind: "dataset", name: null });
    const edge = (source: string, target: string) => ({ source, target, activity: "a", activity_name: { zh: "做", en: "made" }, recorded: "" });
    const chain = arrange({ nodes: ["c", "a", "b"].map(node), edges: [edge("a", "b"), edge("b", "c")] });
    expect(Object.fromEntries(chain.map(({ id, column }) => [id, column]))).toEqual({ a: 0, b: 1, c: 2 });
    const circle = arrange({ nodes: ["a", "b"].map(node), edges: [edge("a", "b"), edge("b", "a")] });
    expect(circle.every(({ column }) => column <= 2)).toBe(true);
  });
});
