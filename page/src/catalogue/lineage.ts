import { html, svg, type TemplateResult } from "lit";
import type { Lineage } from "../api/types";
import { nameOf } from "../format";
import { t, tOr } from "../i18n";
import type { Lang } from "../state/url";

const BOX = { width: 190, height: 44, across: 100, down: 18 };

export interface Spot {
  id: string;
  column: number;
  row: number;
}

/** Return each node's place: its column is its longest way from a source, its row its order there. */
export function arrange(lineage: Lineage): Spot[] {
  const column = new Map(lineage.nodes.map(({ id }) => [id, 0]));
  for (let round = 0; round < lineage.nodes.length; round++) {
    let moved = false;
    for (const { source, target } of lineage.edges) {
      const least = (column.get(source) ?? 0) + 1;
      if (source === target || !column.has(target) || (column.get(target) ?? 0) >= least) continue;
      column.set(target, Math.min(least, lineage.nodes.length));
      moved = true;
    }
    if (!moved) break;
  }
  const taken = new Map<number, number>();
  return lineage.nodes.map(({ id }) => {
    const at = column.get(id) ?? 0;
    const row = taken.get(at) ?? 0;
    taken.set(at, row + 1);
    return { id, column: at, row };
  });
}

/** How many of a kind with the same neighbours are drawn one by one. */
const ALIKE = 6;

/** Return the lineage with more than six of a kind that come of the same, and to which the same comes, as one node of many. */
export function folded(lineage: Lineage): Lineage & { counts: Map<string, number> } {
  const around = (id: string): string => {
    const to = lineage.edges.filter(({ target }) => target === id).map(({ source, activity }) => `${source}>${activity}`);
    const from = lineage.edges.filter(({ source }) => source === id).map(({ target, activity }) => `${activity}>${target}`);
    return [...to.sort(), "|", ...from.sort()].join(" ");
  };
  const groups = new Map<string, Lineage["nodes"]>();
  for (const node of lineage.nodes) {
    const key = `${node.kind} ${around(node.id)}`;
    groups.set(key, [...(groups.get(key) ?? []), node]);
  }
  const many = [...groups.values()].filter((nodes) => nodes.length > ALIKE);
  const gone = new Set(many.flatMap((nodes) => nodes.slice(1).map(({ id }) => id)));
  return {
    ...lineage,
    nodes: lineage.nodes.filter(({ id }) => !gone.has(id)),
    edges: lineage.edges.filter(({ source, target }) => !gone.has(source) && !gone.has(target)),
    counts: new Map(many.map((nodes) => [nodes[0]?.id ?? "", nodes.length])),
  };
}

function corner({ column, row }: Spot): { x: number; y: number } {
  return { x: column * (BOX.width + BOX.across) + 2, y: row * (BOX.height + BOX.down) + 2 };
}

/** Return an id without its kind, a long one by its beginning. */
function short(id: string): string {
  const rest = id.slice(id.indexOf(":") + 1);
  return rest.length > 30 ? rest.slice(0, 12) : rest;
}

function clip(text: string, most = 25): string {
  const wide = /[\u2e80-\uffff]/.test(text) ? Math.ceil(most / 2) : most;
  return text.length > wide ? `${text.slice(0, wide)}…` : text;
}

/** Return where the data came from and what came of it, drawn from left to right, and the same as a list. */
export function lineageDrawing(whole: Lineage, self: string, lang: Lang): TemplateResult {
  if (whole.edges.length === 0) return html`<p class="calm">${t("dataset.lineage.none")}</p>`;
  const lineage = folded(whole);
  const spots = arrange(lineage);
  const spotOf = new Map(spots.map((spot) => [spot.id, corner(spot)]));
  const width = Math.max(...spots.map((spot) => corner(spot).x)) + BOX.width + 4;
  const height = Math.max(...spots.map((spot) => corner(spot).y)) + BOX.height + 4;
  const edges = lineage.edges.map(({ source, target, activity_name: how }) => {
    const [a, b] = [spotOf.get(source), spotOf.get(target)];
    if (!a || !b) return svg``;
    const [x1, y1, x2, y2] = [a.x + BOX.width, a.y + BOX.height / 2, b.x, b.y + BOX.height / 2];
    const middle = x1 + BOX.across / 3;
    return svg`<path class="edge" d="M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2 - 7} ${y2}" />
      <path class="tip" d="M${x2 - 8} ${y2 - 4}L${x2} ${y2}L${x2 - 8} ${y2 + 4}Z" />
      <text class="activity" x=${x2 - 10} y=${y2 - 6} text-anchor="end">${clip(nameOf(how, lang), 18)}</text>`;
  });
  const nodes = lineage.nodes.map(({ id, kind, name }) => {
    const { x, y } = spotOf.get(id) ?? { x: 0, y: 0 };
    const mine = id === self || id.endsWith(`:${self}`);
    return svg`<g class=${mine ? "node self" : "node"}>
      <rect x=${x} y=${y} width=${BOX.width} height=${BOX.height} />
      <text class="kind" x=${x + 10} y=${y + 16}>${tOr(`lineage.${kind}`, kind)}</text><text x=${x + 10} y=${y + 34}>${lineage.counts.has(id) ? t("dataset.lineage.many", { n: lineage.counts.get(id) ?? 0 }) : clip(nameOf(name, lang) || short(id))}</text>
    </g>`;
  });
  const named = new Map(whole.nodes.map(({ id, name }) => [id, nameOf(name, lang) || short(id)]));
  return html`<div class="table lineage" tabindex="0" role="region" aria-label=${t("dataset.lineage")}>
    <svg width=${width} height=${height} viewBox="0 0 ${width} ${height}" aria-hidden="true">${edges}${nodes}</svg>
    <ul class="sr">
      ${whole.edges.map(({ source, target, activity_name: how }) => html`<li>${named.get(source)} → ${nameOf(how, lang)} → ${named.get(target)}</li>`)}
    </ul>
  </div>`;
}
