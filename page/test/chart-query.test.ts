import { describe, expect, it } from "vitest";
import type { Column } from "../src/api/types";
import { byColumns, chartSql, choicesSql, firstWish, formsBy, wishOf, wishText, type Wish } from "../src/catalogue/chart-query";
import { barsOf, plotTable, seriesOf } from "../src/charts/plot";

const column = (name: string, type: string, unit: string | null = null, code_list: string | null = null): Column => ({ name, type, unit, code_list, title: { zh: name, en: name } });
const AIR = [column("code", "text"), column("hour", "time"), column("kind", "category"), column("n", "integer"), column("pm25", "number", "ug/m3"), column("geometry", "geometry")];
const WISH: Wish = { form: "bars", by: "kind", measure: "count", of: "", step: "day", apart: "", where: "", is: "" };

describe("a chart of a dataset", () => {
  it("goes by moments first, then by what has few values, and never by shapes", () => {
    expect(byColumns(AIR).map(({ name }) => name)).toEqual(["hour", "kind", "code", "n", "pm25"]);
  });

  it("begins with the mean of what has a unit through time, or with how many rows there are", () => {
    expect(firstWish(AIR)).toEqual({ ...WISH, form: "line", by: "hour", measure: "avg", of: "pm25" });
    expect(firstWish([column("kind", "category"), column("n", "integer")])).toMatchObject({ by: "kind", measure: "count" });
    expect(firstWish([column("geometry", "geometry")])).toBeNull();
  });

  it("never begins with one mean over values of several kinds", () => {
    const mixed = [column("time", "time"), column("what", "category", null, "pollutants"), column("value", "number")];
    expect(firstWish(mixed)).toMatchObject({ measure: "avg", of: "value", apart: "what" });
  });

  it("asks for one SELECT whose names and values are quoted, so that none is a statement", () => {
    const odd = column('a" ; DROP', "category");
    const sql = chartSql('d"s', [odd, ...AIR], { ...WISH, by: odd.name, measure: "max", of: "pm25", where: "kind", is: "x' OR 'y" });
    expect(sql).toBe(`SELECT "a"" ; DROP" AS "by", max("pm25") AS "value" FROM "d""s" WHERE "a"" ; DROP" IS NOT NULL AND CAST("kind" AS VARCHAR) = 'x'' OR ''y' GROUP BY 1 ORDER BY 2 DESC NULLS LAST, 1 LIMIT 24`);
    expect(choicesSql('d"s', odd.name)).toContain('CAST("a"" ; DROP" AS VARCHAR)');
  });

  it("asks for moments rising, by the step chosen, and apart by the eight commonest values", () => {
    const wish: Wish = { ...WISH, form: "line", by: "hour", step: "month" };
    expect(chartSql("air", AIR, wish)).toBe(`SELECT date_trunc('month', "hour") AS "by", count(*) AS "value" FROM "air" WHERE "hour" IS NOT NULL GROUP BY 1 ORDER BY 1 LIMIT 2000`);
    expect(chartSql("air", AIR, { ...wish, apart: "kind" })).toMatch(/AS "apart" FROM .*"kind" IN \(SELECT "kind" FROM "air" WHERE "hour" IS NOT NULL GROUP BY 1 ORDER BY count\(\*\) DESC, 1 LIMIT 8\) GROUP BY 1, 3 ORDER BY 1, 3 LIMIT 16000$/);
  });

  it("draws points from a sample that is the same every time", () => {
    expect(chartSql("air", AIR, { ...WISH, form: "points", by: "n", of: "pm25" })).toBe(
      `SELECT "n" AS "by", "pm25" AS "value" FROM "air" WHERE "n" IS NOT NULL AND "pm25" IS NOT NULL USING SAMPLE reservoir(2000 ROWS) REPEATABLE (1)`,
    );
  });

  it("has the forms that its columns allow", () => {
    expect(formsBy(AIR[1], AIR)).toEqual(["line", "bars", "points"]);
    expect(formsBy(AIR[2], AIR)).toEqual(["bars"]);
    expect(formsBy(AIR[3], [column("n", "integer")])).toEqual(["line", "bars"]);
  });

  it("is told by its address, and what does not fit the columns is as at first", () => {
    const wish: Wish = { form: "line", by: "hour", measure: "max", of: "n", step: "month", apart: "code", where: "kind", is: "a&b=c" };
    expect(wishOf(wishText(wish), AIR)).toEqual(wish);
    expect(wishOf("form=points&by=kind&of=nothing&measure=drop&step=age&where=geometry&is=x", AIR)).toEqual({ ...WISH, of: "n" });
    expect(wishOf(null, AIR)).toEqual(firstWish(AIR));
  });
});

describe("a plot", () => {
  const series = seriesOf([[1, 10, "a"], [2, 20, "a"], [2, null, "b"], [4, 5, "b"]], "all");

  it("has a series for each name, and a table with a gap where one has nothing", () => {
    expect(series.map(({ name, spots }) => [name, spots.length])).toEqual([["a", 2], ["b", 2]]);
    expect(plotTable(series)).toEqual({ xs: [1, 2, 4], cells: [[10, null], [20, null], [null, 5]] });
    expect(seriesOf([["x", 1]], "all")).toEqual([{ name: "all", spots: [{ x: "x", y: 1 }] }]);
  });

  it("has bars that never overlap, however near their moments", () => {
    const { group, each } = barsOf(series, 400);
    expect(group).toBe(60);
    expect(each).toBe(30);
    expect(barsOf(seriesOf(Array.from({ length: 1000 }, (_, i) => [i, 1]), "all"), 400).group).toBeLessThanOrEqual(0.5);
  });
});
