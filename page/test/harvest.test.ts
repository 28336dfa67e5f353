import { describe, expect, it } from "vitest";
import { asked, counts, problem, refusals, standing } from "../src/office/harvest";

const form = (fields: Record<string, string>): FormData => {
  const told = new FormData();
  for (const [name, value] of Object.entries(fields)) told.set(name, value);
  return told;
};

describe("harvests of other portals", () => {
  it("says what a form says, and asks the portal for its kind where none is chosen", () => {
    const told = asked(form({ url: " https://a.example/c.ttl ", kind: "", title: " A ", every_days: "7", classification: "shared" }));
    expect(told).toEqual({ url: "https://a.example/c.ttl", kind: "auto", title: "A", classification: "shared", every_days: 7 });
    expect(asked(form({ url: "https://a.example", every_days: "" }))).toMatchObject({ every_days: 0, classification: "open", title: "" });
  });

  it("puts a failure before all else, then rest", () => {
    const trouble = { detail: "It answers 404.", where: "a", mend: "b" };
    expect(standing({ trouble, active: false, harvested: "2026-01-01T00:00:00Z" })).toBe("failed");
    expect(standing({ trouble: null, active: false, harvested: null })).toBe("resting");
    expect(standing({ trouble: null, active: true, harvested: null })).toBe("never");
    expect(standing({ trouble: null, active: true, harvested: "2026-01-01T00:00:00Z" })).toBe("well");
    expect(problem(trouble)).toMatchObject({ status: 409, detail: "It answers 404." });
  });

  it("tells the counts that say something, and how many were found even if none", () => {
    const report = { found: 3, added: 2, changed: 0, unchanged: 0, withdrawn: 0, refused: 1, reasons: [{ identifier: "x", why: "no title" }] };
    expect(counts(report)).toEqual([["found", 3], ["added", 2], ["refused", 1]]);
    expect(counts({ found: 0 })).toEqual([["found", 0]]);
    expect(counts(null)).toEqual([]);
    expect([refusals(report), refusals(null)]).toEqual([[{ identifier: "x", why: "no title" }], []]);
  });
});
