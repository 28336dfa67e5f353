import { html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { TwinDifference, TwinExtent, TwinLive, TwinModel } from "../api/types";
import { bytes, moment, nameOf, number, pictureAttributionOf } from "../format";
import { t, tOr } from "../i18n";
import { picturesShown } from "../map/shown";
import { Piece } from "../shell/element";
import { view } from "../state/view";
import { type Dress, FOCUS, GREY, NONE, OTHER, type Swatch } from "./colours";
import { roleOf } from "./states";

/** What the legend's words are taken from. */
export interface Told {
  extent: TwinExtent | null;
  changes: TwinDifference | null;
}

/** Return the words of a colour of the legend in the language of the page, with how many have it where that is known. */
export function wordsOf({ key }: Swatch, { extent, changes }: Told): string {
  const { by, lang, twin } = view.value;
  if (key === NONE || key === OTHER) return t(key === NONE ? "twin.value.none" : "twin.value.other");
  if (twin.against && changes) {
    const count = changes.counts[key as "added"];
    return `${tOr(`twin.change.${key}`, key)}${count ? ` ${number(count, lang, 0)}` : ""}`;
  }
  if (by === "model" && key === "plain") return t("twin.plain");
  const found = (by ?? "class") === "class" && extent?.asset.extras.classes.find(({ id }) => id === key);
  return found ? `${nameOf(found, lang)} ${number(found.count, lang, 0)}` : key;
}

/** What the colours of the scene mean; a click on one hides what has it. */
@customElement("lf-twin-legend")
export class TwinLegendPiece extends Piece {
  @property({ attribute: false }) dress: Dress | null = null;
  @property({ attribute: false }) told: Told = { extent: null, changes: null };
  /** One of the live values that the rooms are coloured by. */
  @property({ attribute: false }) live: TwinLive | null = null;
  /** Models that are shown and were made by rule. */
  @property({ attribute: false }) generated: TwinModel[] = [];
  @property({ attribute: false }) cost: { calls: number; triangles: number; bytes: number } | null = null;

  protected override render(): TemplateResult {
    const { by, twin } = view.value;
    const { cost, live } = this;
    return html`<div class="twin-legend">
      ${live ? html`<p>${roleOf(live)} · ${moment(live.time, this.zone)}</p>` : by?.startsWith("p:") && !twin.against ? html`<p>${by.slice(2)}</p>` : nothing}
      <ul aria-label=${t("legend.title")}>${this.dress?.swatches.map((each) => this.swatch(each))}</ul>
      ${twin.focus.map((id, n) => html`<p class="twin-focus"><i style="background:${FOCUS[n] ?? GREY}"></i>${id.split(":").slice(1).join(":")}</p>`)}
      ${twin.focus.length ? html`<button type="button" class="link" @click=${() => view.set({ twin: { ...twin, focus: [], clear: 0 } })}>${t("twin.single.end")}</button>` : nothing}
      ${this.generated.map(({ title }) => html`<p class="twin-generated">${nameOf(title, this.tongue)}</p>`)}
      ${picturesShown().map((each) => html`<p class="fine">${pictureAttributionOf(each, this.tongue)}</p>`)}
      ${live?.simulated ? html`<p class="twin-generated">${t("twin.live.simulated")}</p>` : nothing}
      <p class="fine twin-cost">${cost ? t("twin.cost", { calls: cost.calls, triangles: number(cost.triangles, this.tongue, 0), size: bytes(cost.bytes, this.tongue) }) : nothing}</p>
    </div>`;
  }

  private swatch(each: Swatch): TemplateResult {
    const { twin } = view.value;
    const hidden = twin.hide.includes(each.key);
    const hide = hidden ? twin.hide.filter((key) => key !== each.key) : [...twin.hide, each.key];
    return html`<li><button type="button" class="twin-key" aria-pressed=${hidden} title=${t(hidden ? "twin.hide.not" : "twin.hide")}
      @click=${() => view.set({ twin: { ...twin, hide } })}><i style="background:${each.colour}"></i><span>${wordsOf(each, this.told)}</span></button></li>`;
  }
}
