/** One value at a moment (ms), number or name. */
export interface Spot {
  x: number | string;
  y: number | null;
}

export interface Series {
  name: string;
  spots: Spot[];
}

/** Return rows of (x, y, name) as series in the order in which their names come; without names, as one called `whole`. */
export function seriesOf(rows: readonly (readonly [number | string, number | null, string?])[], whole: string): Series[] {
  const found = new Map<string, Spot[]>();
  for (const [x, y, name = whole] of rows) {
    const spots = found.get(name) ?? [];
    spots.push({ x, y });
    found.set(name, spots);
  }
  return [...found].map(([name, spots]) => ({ name, spots }));
}

/** Return every x once, in order of coming (numbers rising), and for each the values of all series; null where one has none. */
export function plotTable(series: readonly Series[]): { xs: (number | string)[]; cells: (number | null)[][] } {
  const at = new Map<number | string, (number | null)[]>();
  series.forEach(({ spots }, i) => {
    for (const { x, y } of spots) {
      const row = at.get(x) ?? series.map(() => null);
      row[i] = y;
      at.set(x, row);
    }
  });
  const rows = [...at];
  if (rows.every(([x]) => typeof x === "number")) rows.sort(([a], [b]) => Number(a) - Number(b));
  return { xs: rows.map(([x]) => x), cells: rows.map(([, values]) => values) };
}

/** Return how wide, px, the bars of one x are together and each alone, so that the nearest two do not overlap. */
export function barsOf(series: readonly Series[], width: number): { group: number; each: number } {
  const xs = plotTable(series).xs.map(Number);
  const span = (xs.at(-1) ?? 0) - (xs[0] ?? 0);
  const nearest = Math.min(...xs.slice(1).map((x, i) => x - (xs[i] ?? 0)), span || 1);
  const slots = span / nearest + 1;
  const group = Math.max(Math.min((width / slots) * 0.85, 60), 0.5);
  return { group, each: group / Math.max(series.length, 1) };
}
