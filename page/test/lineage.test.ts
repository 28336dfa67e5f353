import { describe, expect, it } from "vitest";
import { folded } from "../src/catalogue/lineage";

const edge = (source: string, target: string) => ({ source, target, activity: "made", activity_name: { zh: "", en: "" }, recorded: "" });
const node = (id: string, kind: string) => ({ id, kind, name: null });

describe("a lineage", () => {
  it("draws as one what comes of the same in great number, and nothing that differs", () => {
    const streams = Array.from({ length: 9 }, (_, i) => node(`s${i}`, "datastream"));
    const lineage = {
      nodes: [node("d", "dataset"), ...streams, node("i", "indicator"), node("j", "indicator")],
      edges: [...streams.map(({ id }) => edge("d", id)), edge("d", "i"), edge("s8", "j")],
    };
    const found = folded(lineage);
    expect(found.nodes.map(({ id }) => id)).toEqual(["d", "s0", "s8", "i", "j"]);
    expect([...found.counts]).toEqual([["s0", 8]]);
    expect(found.edges).toHaveLength(4);
  });
});
