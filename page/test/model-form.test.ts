import { describe, expect, it } from "vitest";
import { holdsOf, idOf, placementOf } from "../src/twin/model-form";

describe("the form of a model", () => {
  it("knows by a file's name what it holds", () => {
    expect(["a.ifc", "a.IFC.gz", "a.ifczip"].map(holdsOf)).toEqual(["ifc", "ifc", "ifc"]);
    expect(["a.city.json", "a.city.jsonl", "a.city.zip", "a.osm.pbf", "a.inp", "grid.json", "dem.tif"].map(holdsOf)).toEqual(Array(7).fill("model"));
    expect(["a.geojson", "a.gpkg", "shapes.zip"].map(holdsOf)).toEqual(["outlines", "outlines", "outlines"]);
    expect(holdsOf("a.docx")).toBeNull();
  });

  it("makes an id of a file's name", () => {
    expect(idOf("New Town-Hall (3).ifc")).toBe("new_town_hall_3");
    expect(idOf("2024_block.city.json.gz")).toBe("block");
    expect(idOf("市政厅.ifc")).toBe("");
  });

  it("writes a placement only where something is said of it", () => {
    const none = { crs: "", east: " ", north: "", height: "", turn: "" };
    expect(placementOf(none)).toBe("");
    expect(placementOf({ ...none, crs: "EPSG:4544", east: "500000", north: "3.4e6" })).toBe('crs = "EPSG:4544"\nposition = [500000, 3.4e6]');
    expect(placementOf({ crs: "EPSG:4544", east: "1", north: "2", height: "5.5", turn: "-30" })).toContain("height_m = 5.5\nrotation_deg = -30");
  });
});
