import { html, svg, type SVGTemplateResult, type TemplateResult } from "lit";
import type { HealthWord, Picture } from "../api/network";
import type { Names } from "../api/types";
import { nameOf } from "../format";
import { PALETTES } from "../map/palette";
import type { Lang } from "../state/url";
import { view } from "../state/view";

/** The shapes that the map draws, so that colour never stands alone. */
const SHAPES: Record<HealthWord, SVGTemplateResult> = {
  ok: svg`<circle cx="8" cy="8" r="6" />`,
  unknown: svg`<circle cx="8" cy="8" r="5" class="hollow" />`,
  explained: svg`<rect x="3" y="3" width="10" height="10" class="hollow" />`,
  suspect: svg`<path d="M8 .8 15.2 8 8 15.2.8 8Z" />`,
  partial: svg`<path d="M8 1.5 15 14.5H1Z" />`,
  silent: svg`<rect x="2" y="2" width="12" height="12" /><path class="cross" d="m5 5 6 6m0-6-6 6" />`,
};
const CODES: readonly HealthWord[] = ["ok", "unknown", "explained", "suspect", "partial", "silent"];

/** Return a health as shape and colour; the word stands beside it. */
export function healthSign(word: HealthWord): TemplateResult {
  const colour = PALETTES[view.value.theme].health[CODES.indexOf(word)] ?? "";
  return html`<svg class="health-sign" viewBox="0 0 16 16" aria-hidden="true" style="--health:${colour}">${SHAPES[word]}</svg>`;
}

/** Return a health as shape, colour and word. */
export function healthMark(word: HealthWord, names: Names | undefined, lang: Lang): TemplateResult {
  return html`<span class="health" data-health=${word}>${healthSign(word)}<span>${nameOf(names, lang) || word}</span></span>`;
}

/** Return the health that a place in a picture's list stands for. */
export function healthAt(picture: Picture, place: number): HealthWord {
  return (picture.healths[place]?.code as HealthWord | undefined) ?? "unknown";
}
