import { describe, expect, it } from "vitest";
import { DEFAULT_VIEW, formatView, parseCamera, parseView, type View } from "../src/state/url";

const full: View = {
  room: "sensing",
  lang: "en",
  theme: "night",
  kiosk: true,
  elder: true,
  embed: true,
  layers: ["districts", "air"],
  pick: "cnemc-1431a",
  series: "pm2.5",
  hours: 168,
  at: "2019-01-12T09:00:00+08:00",
  days: 30,
  camera: { zoom: 11.25, lat: 30.65, lng: 104.06 },
  table: "roads",
  dataset: "districts",
  chart: "form=line&by=hour",
  by: "height",
  twin: {
    scenario: "park",
    against: "2008-12-31T00:00:00Z",
    split: "side",
    eye: [104.06, 30.65, 900, 104.07, 30.66, 0],
    cut: { axis: "h", at: 12.5, turn: 0, flip: false },
    clear: 40,
    under: true,
    model: "centre",
    storey: "duplex:1",
    notes: [{ lon: 104.06, lat: 30.65, up: 3, text: "a/b 井" }],
    focus: ["a:1", "b:2"],
    hide: ["< 6 m", "?none"],
    off: ["a:3"],
    marks: [{ name: "广场 / square", query: "?room=twin&t.eye=1/2/3/4/5/6&t.note=1.000000/2.000000/3.0/a+b%3F" }],
  },
  tab: "ethics",
  item: "a/b",
  q: "空气 quality",
  devices: { health: "silent", type: "pump", district: "510104" },
  find: "东 3",
  sort: "-lag_s",
  stream: "pump-1.level",
  span: [Date.parse("2019-12-07T00:00:00Z"), Date.parse("2019-12-08T06:30:00Z")],
  facets: { theme: "ecology", provider: "中国环境监测总站" },
};

describe("the address", () => {
  it("is empty for the default view", () => {
    expect(formatView(DEFAULT_VIEW)).toBe("");
    expect(parseView("")).toEqual(DEFAULT_VIEW);
  });

  it("gives back every part of a view", () => {
    expect(parseView(formatView(full))).toEqual(full);
    const beside: View = { ...full, twin: { ...full.twin, against: "~park", cut: { axis: "a", at: 0.25, turn: 215, flip: true } } };
    expect(parseView(formatView(beside))).toEqual(beside);
  });

  it("keeps an empty list of layers apart from all layers", () => {
    expect(parseView(formatView({ ...full, layers: [] })).layers).toEqual([]);
    expect(parseView(formatView({ ...full, layers: null })).layers).toBeNull();
  });

  it("falls back where it is misstated", () => {
    const view = parseView("?room=attic&lang=fr&theme=pink&hours=1e9&at=2019-02-30x&map=a/b/c&days=-4");
    expect(view).toEqual({ ...DEFAULT_VIEW, hours: 8784, days: 1 });
  });

  it("keeps an offset's plus sign", () => {
    expect(formatView({ ...DEFAULT_VIEW, at: full.at })).toBe("?at=2019-01-12T09:00:00%2B08:00");
  });
});

describe("a camera", () => {
  it("must be three numbers on the earth", () => {
    expect(parseCamera("11/30.5/104")).toEqual({ zoom: 11, lat: 30.5, lng: 104 });
    for (const bad of [null, "", "11", "11/30.5", "11/91/104", "11/30/181", "x/y/z", "//"]) {
      expect(parseCamera(bad)).toBeNull();
    }
  });
});
