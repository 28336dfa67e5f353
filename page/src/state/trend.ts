import type { Forecast, Indicator, IndicatorHistory } from "../api/types";
import type { BandPoint, Point } from "../charts/scale";

const plain = (text: string): string => text.toLowerCase().replaceAll(/[^a-z0-9]/g, "");

/** Return the indicator that records what the forecast foretells, by its id; else one of the AQI; else null. */
export function indicatorOf(indicators: readonly Indicator[], variable: string): Indicator | null {
  const match = (word: string): Indicator | undefined =>
    indicators.find(({ id }) => plain(id) === word) ?? indicators.find(({ id }) => plain(id).includes(word));
  return match(plain(variable)) ?? match("aqi") ?? null;
}

/** Return an indicator's history as points of a chart. */
export function historyPoints(history: IndicatorHistory | null): Point[] {
  return (history?.items ?? [])
    .map(({ moment, value }) => ({ time: Date.parse(moment), value }))
    .sort((a, b) => a.time - b.time);
}

/** Return a forecast's values and its interval, as a chart draws them. */
export function forecastPoints(forecast: Forecast | null): { line: Point[]; band: BandPoint[] } {
  const items = forecast?.items ?? [];
  return {
    line: items.map(({ time, value }) => ({ time: Date.parse(time), value })),
    band: items.flatMap(({ time, low, high }) =>
      low === null || high === null ? [] : [{ time: Date.parse(time), low, high }],
    ),
  };
}

/** Return the dataset's id of a source such as `dataset:districts@2`, or null where the source is something else. */
export function datasetOf(source: string): string | null {
  return /^(?:dataset|release):([^@]+)/.exec(source)?.[1] ?? null;
}

/** Return the datasets that the indicators are made from, each once. */
export function datasetsOf(indicators: readonly Indicator[]): string[] {
  return [...new Set(indicators.flatMap(({ sources }) => sources.flatMap((source) => datasetOf(source) ?? [])))];
}
