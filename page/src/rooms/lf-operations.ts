import { html, nothing, type TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";
import type { AirReport, Forecast } from "../api/types";
import { nameOf, number, unitOf } from "../format";
import { t, tOr } from "../i18n";
import "../panels/lf-alerts";
import { Piece } from "../shell/element";
import { emptyCard, problemCard, skeleton } from "../shell/parts";
import { loadMoment } from "../state/actions";
import { data } from "../state/data";
import { datasetOf } from "../state/trend";
import { view } from "../state/view";

const SHARES = /coverage|skill/;

/** The room of what is to be done: alerts, the measures advised, and how good the forecast has been. */
@customElement("lf-operations")
export class OperationsPiece extends Piece {
  protected override render(): TemplateResult {
    return html`<lf-alerts .full=${true}></lf-alerts>${this.scene()}`;
  }

  private scene(): TemplateResult {
    const { air } = data.value;
    if (air.state === "asked") return html`<section class="panel">${skeleton(5)}</section>`;
    if (air.state === "refused") {
      const { problem } = air;
      const card = problem.status === 404
        ? emptyCard(t("operations.none"), "lifang scene run air_quality_early_warning")
        : problemCard(problem, () => void loadMoment());
      return html`<section class="panel">${card}</section>`;
    }
    return html`${this.advice(air.value)}${this.backtest(air.value)}${this.about(air.value)}`;
  }

  private advice({ result: { advice, city } }: AirReport): TemplateResult {
    return html`<section class="panel" aria-labelledby="advice-title">
      <h2 id="advice-title">${t("operations.advice")}</h2>
      ${advice.length
        ? html`<ul class="advice">
            ${advice.map((one) => html`<li><b>${nameOf(one.audience, this.tongue)}</b> ${nameOf(one, this.tongue)} <small>${nameOf(one.citation, this.tongue)}</small></li>`)}
          </ul>`
        : html`<p class="calm">${t(city.aqi === null ? "operations.advice.unknown" : "operations.advice.none")}</p>`}
    </section>`;
  }

  private backtest({ result: { forecast } }: AirReport): TemplateResult | typeof nothing {
    if (!forecast) return nothing;
    const unit = unitOf(forecast.unit, this.tongue);
    const what = { variable: forecast.variable, unit: unit || t("unit.none"), model: nameOf(forecast.model, this.tongue) };
    return html`<section class="panel secondary" aria-labelledby="backtest-title">
      <h2 id="backtest-title">${t("operations.backtest")}</h2>
      <p class="fine">${t("operations.backtest.what", what)}</p>
      <table class="facts">
        <tbody>
          ${Object.entries(forecast.backtest).map(
            ([key, value]) => html`<tr><th scope="row">${tOr(`backtest.${key}`, key)}</th><td class="number">${this.figure(key, value, forecast)}</td></tr>`,
          )}
        </tbody>
      </table>
    </section>`;
  }

  private figure(key: string, value: number | string | null, forecast: Forecast): string {
    if (typeof value !== "number") return value ?? "–";
    if (SHARES.test(key)) return `${number(value * 100, this.tongue)} %`;
    const unit = /mae|rmse|bias|error/.test(key) ? ` ${unitOf(forecast.unit, this.tongue)}` : "";
    return `${number(value, this.tongue, 2)}${unit}`;
  }

  private about({ spec, result }: AirReport): TemplateResult {
    const linked = (id: string): TemplateResult => {
      const dataset = datasetOf(id);
      if (!dataset) return html`<li>${id}</li>`;
      return html`<li><button type="button" class="link" @click=${() => view.set({ room: "data", dataset })}>${id}</button></li>`;
    };
    return html`<section class="panel secondary" aria-labelledby="scene-title">
      <h2 id="scene-title" tabindex="-1">${t("operations.scene")} · ${nameOf(spec.name, this.tongue)}</h2>
      <dl class="pairs">
        <dt>${t("operations.reads")}</dt>
        <dd><ul>${spec.reads.map(linked)}</ul></dd>
        <dt>${t("operations.writes")}</dt>
        <dd><ul>${spec.writes.map(linked)}</ul></dd>
        <dt>${t("operations.citation")}</dt>
        <dd>${nameOf(spec.citation, this.tongue)}</dd>
        ${result.notes.length ? html`<dt>${t("operations.notes")}</dt>` : nothing}
        ${result.notes.map((note) => html`<dd>${nameOf(note, this.tongue)}</dd>`)}
      </dl>
    </section>`;
  }
}
