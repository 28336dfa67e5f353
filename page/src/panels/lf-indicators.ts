import { html, nothing, type TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";
import type { Indicator } from "../api/types";
import { moment } from "../format";
import { t, tOr } from "../i18n";
import { Piece } from "../shell/element";
import { figure } from "../shell/figure";
import { emptyCard, problemCard, skeleton } from "../shell/parts";
import { loadMoment } from "../state/actions";
import { data, sensed } from "../state/data";
import { datasetOf } from "../state/trend";
import { view } from "../state/view";

/** Return an indicator's sources by id, datasets as links to their pages. */
function sources(indicator: Indicator): TemplateResult[] {
  return indicator.sources.map((source) => {
    const dataset = datasetOf(source);
    if (!dataset) return html`<li>${source}</li>`;
    return html`<li>
      <button type="button" class="link" @click=${() => view.set({ room: "data", dataset })}>${dataset}</button>
    </li>`;
  });
}

/** The city's indicators: value, unit and time in sight; formula, standard and sources one click away. */
@customElement("lf-indicators")
export class IndicatorsPiece extends Piece {
  protected override render(): TemplateResult {
    return html`<section class="panel" aria-labelledby="indicators-title">
      <h2 id="indicators-title">${t("indicators.title")}</h2>
      ${this.content()}
    </section>`;
  }

  private content(): TemplateResult {
    const { indicators } = data.value;
    if (indicators.state === "asked") return skeleton(3);
    if (indicators.state === "refused") return problemCard(indicators.problem, () => void loadMoment());
    if (indicators.value.length === 0) {
      return emptyCard(t(sensed() ? "indicators.none" : "indicators.unsensed"), sensed() ? "lifang scene run air_quality_early_warning" : "lifang demo chengdu");
    }
    const known = indicators.value.filter(({ value }) => value !== null);
    const lacking = indicators.value.filter(({ value }) => value === null);
    return html`<ul class="indicators">${known.map((indicator) => this.one(indicator))}</ul>
      ${lacking.length
        ? html`<details class="rules"><summary>${t("indicators.lacking", { n: lacking.length })}</summary>
            <ul class="indicators">${lacking.map((indicator) => this.one(indicator))}</ul>
          </details>`
        : nothing}`;
  }

  private one(indicator: Indicator): TemplateResult {
    const beside = html`<time class="fine" datetime=${indicator.moment ?? nothing}>${moment(indicator.moment, this.zone).slice(5)}</time>`;
    const more = html`<dt>${t("indicators.quality")}</dt>
      <dd>${tOr(`quality.${indicator.quality}`, indicator.quality)}</dd>
      <dt>${t("time")}</dt>
      <dd>${moment(indicator.moment, this.zone)}</dd>
      <dt>${t("source")}</dt>
      <dd><ul class="plain">${sources(indicator)}</ul></dd>`;
    return html`<li>${figure(indicator, this.tongue, { beside, more })}</li>`;
  }
}
