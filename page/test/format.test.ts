import { describe, expect, it } from "vitest";
import { ABSENT, attributionOf, bytes, fromLocal, isoIn, licenceOf, localInput, moment, nameOf, number, offsetMinutes, pictureAttributionOf, unitOf, zoneName } from "../src/format";

const ms = Date.parse("2019-01-12T01:30:00Z");

describe("times", () => {
  it("are shown in the city's zone", () => {
    expect(moment(ms, "Asia/Shanghai")).toBe("2019-01-12 09:30");
    expect(moment("2019-01-12T01:30:00Z", "UTC")).toBe("2019-01-12 01:30");
    expect(localInput(ms, "Asia/Shanghai")).toBe("2019-01-12T09:30");
    expect(isoIn(ms, "Asia/Shanghai")).toBe("2019-01-12T09:30:00+08:00");
    expect(isoIn(ms, "America/St_Johns")).toBe("2019-01-11T22:00:00-03:30");
  });

  it("name the zone by its offset", () => {
    expect(zoneName(ms, "Asia/Shanghai")).toBe("UTC+8");
    expect(zoneName(ms, "Asia/Kathmandu")).toBe("UTC+5:45");
    expect(zoneName(ms, "America/New_York")).toBe("UTC−5");
    expect(offsetMinutes(Date.parse("2019-07-01T00:00Z"), "America/New_York")).toBe(-240);
  });

  it("come back from the input, also over a change to summer time", () => {
    expect(fromLocal("2019-01-12T09:30", "Asia/Shanghai")).toBe(ms);
    expect(fromLocal("2019-03-31T03:30", "Europe/Berlin")).toBe(Date.parse("2019-03-31T01:30:00Z"));
    expect(fromLocal("yesterday", "UTC")).toBeNull();
  });

  it("are a dash when there are none", () => {
    for (const none of [null, undefined, "not a time"]) expect(moment(none, "UTC")).toBe(ABSENT);
  });
});

describe("numbers, units and names", () => {
  it("have separators and a stated number of decimals", () => {
    expect(number(452978, "en", 0)).toBe("452,978");
    expect(number(3.14159, "zh", 2)).toBe("3.14");
    for (const none of [null, undefined, NaN, Infinity]) expect(number(none, "en")).toBe(ABSENT);
  });

  it("show the unit's symbol, its code where there is none, and nothing for a bare number", () => {
    expect(unitOf({ code: "ug/m3", symbol: "µg/m³", zh: "", en: "" }, "en")).toBe("µg/m³");
    expect(unitOf({ code: "K", symbol: "", zh: "", en: "" }, "en")).toBe("K");
    const rate = { code: "{count}/{10k persons}", symbol: "个/万人", zh: "个每万人", en: "per 10,000 persons" };
    expect([unitOf(rate, "zh"), unitOf(rate, "en")]).toEqual(["个/万人", "per 10,000 persons"]);
    expect([unitOf("1", "en"), unitOf("{index}", "en"), unitOf(null, "en")]).toEqual(["", "", ""]);
  });

  it("fall back to the other language", () => {
    expect(nameOf({ zh: "成都", en: "" }, "en")).toBe("成都");
    expect(nameOf({ zh: "成都", en: "Chengdu" }, "en")).toBe("Chengdu");
    expect(nameOf(null, "zh")).toBe("");
  });

  it("name a licence once", () => {
    const of = (text: string, licence: string) => attributionOf({ attribution: { zh: text, en: text }, licence }, "en");
    expect(of("© OpenStreetMap contributors (ODbL)", "ODbL-1.0")).toBe("© OpenStreetMap contributors (ODbL)");
    expect(of("Somebody", "MIT")).toBe("Somebody (MIT)");
  });

  it("name where a picture is from and its licence, or the picture", () => {
    const of = (source: string, licence: string) => pictureAttributionOf({ name: { zh: "影像", en: "Photo" }, source, licence }, "en");
    expect([of("Bureau, 2026", "CC-BY-4.0"), of("", "MIT"), of("", "")]).toEqual(["Bureau, 2026 (CC-BY-4.0)", "Photo (MIT)", "Photo"]);
  });

  it("tell a licence by its Chinese name where it has one", () => {
    const of = (licence: string, zh: string) => licenceOf({ licence, licence_name: { zh, en: "Somebody's" } }, "zh");
    expect(of("CC-BY-4.0", "知识共享 署名 4.0")).toBe("知识共享 署名 4.0（CC-BY-4.0）");
    expect(of("as agreed", "as agreed")).toBe("as agreed");
    expect(licenceOf({ licence: "MIT", licence_name: { zh: "MIT 许可", en: "MIT License" } }, "en")).toBe("MIT");
  });

  it("measure files in powers of a thousand", () => {
    expect([bytes(0, "en"), bytes(999, "en"), bytes(1500, "en"), bytes(2.5e6, "en")]).toEqual(["0 B", "999 B", "1.5 kB", "2.5 MB"]);
  });
});
