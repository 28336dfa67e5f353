import { describe, expect, it } from "vitest";
import type { Column } from "../src/api/types";
import { byColumns, chartSql, firstWish } from "../src/catalogue/chart-query";

const column = (name: string, type: string, unit: string | null = null): Column => ({ name, type, unit, title: { zh: name, en: name } });
const AIR = [column("code", "text"), column("hour", "time"), column("kind", "category"), column("n", "integer"), column("pm25", "number", "ug/m3"), column("geometry", "geometry")];

describe("a chart of a dataset", () => {
  it("goes by moments first, then by what has few values, and never by shapes", () => {
    expect(byColumns(AIR).map(({ name }) => name)).toEqual(["hour", "kind", "code", "n", "pm25"]);
  });

  it("begins with the mean of what has a unit through time, or with how many rows there are", () => {
    expect(firstWish(AIR)).toEqual({ by: "hour", measure: "avg", of: "pm25", step: "day" });
    expect(firstWish([column("kind", "category"), column("n", "integer")])).toMatchObject({ by: "kind", measure: "count" });
    expect(firstWish([column("geometry", "geometry")])).toBeNull();
  });

  it("asks for one SELECT whose names are quoted, so that no name is a statement", () => {
    const odd = column('a" ; DROP', "category");
    const sql = chartSql('d"s', [odd, ...AIR], { by: odd.name, measure: "max", of: "pm25", step: "day" });
    expect(sql).toBe('SELECT "a"" ; DROP" AS "by", max("pm25") AS "value" FROM "d""s" WHERE "a"" ; DROP" IS NOT NULL GROUP BY 1 ORDER BY 2 DESC NULLS LAST, 1 LIMIT 24');
  });

  it("asks for moments rising, by the step chosen", () => {
    expect(chartSql("air", AIR, { by: "hour", measure: "count", of: "", step: "month" })).toBe(
      `SELECT date_trunc('month', "hour") AS "by", count(*) AS "value" FROM "air" WHERE "hour" IS NOT NULL GROUP BY 1 ORDER BY 1 LIMIT 2000`,
    );
  });
});
