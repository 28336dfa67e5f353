import { html, nothing, svg, type SVGTemplateResult, type TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";
import type { Flow } from "../api/network";
import { linear } from "../charts/scale";
import { moment, number } from "../format";
import { t } from "../i18n";
import { Piece } from "../shell/element";
import { problemLines } from "../shell/parts";
import { data } from "../state/data";
import { duration, percent } from "./words";

const SPARK = { width: 120, height: 26 };

/** Return the rates of the last minutes as a line. */
function spark(flows: readonly Flow[]): SVGTemplateResult | typeof nothing {
  if (flows.length < 2) return nothing;
  const x = linear(0, flows.length - 1, 1, SPARK.width - 1);
  const y = linear(0, Math.max(...flows.map(({ rate }) => rate), 1), SPARK.height - 2, 2);
  const path = flows.map(({ rate }, i) => `${x(i).toFixed(1)},${y(rate).toFixed(1)}`).join("L");
  return svg`<path class="line" d="M${path}" />`;
}

/** The live strip: how many values a second come in, how late they are, and which share of the devices says nothing. */
@customElement("lf-flow")
export class FlowPiece extends Piece {
  protected override render(): TemplateResult {
    const { flow, flows } = data.value;
    if (flow.state === "refused") return html`<section class="problem" role="alert">${problemLines(flow.problem)}</section>`;
    const told = flow.state === "here" ? flow.value : null;
    const lang = this.tongue;
    const figure = (name: string, value: string, unit: string, about: string): TemplateResult =>
      html`<div data-flow=${name} title=${about}><dt>${t(`flow.${name}` as "flow.rate")}</dt><dd><b>${value}</b>${unit ? html` <small>${unit}</small>` : nothing}</dd></div>`;
    return html`<section class="flow" aria-labelledby="flow-title">
      <h2 class="sr" id="flow-title">${t("flow.title")}</h2>
      <dl>
        ${figure("rate", number(told?.rate, lang), t("flow.perSecond"), t("flow.rate.about", { s: told?.rate_s ?? 10 }))}
        ${figure("p50", duration(told?.lag_p50_s, lang), "", t("flow.lag.about", { s: told?.window_s ?? 60 }))}
        ${figure("p99", duration(told?.lag_p99_s, lang), "", t("flow.lag.about", { s: told?.window_s ?? 60 }))}
        ${figure("silent", percent(told?.silent_share, lang), "", t("flow.silent.about", { silent: told?.silent ?? 0, devices: told?.devices ?? 0 }))}
      </dl>
      <svg class="spark" viewBox="0 0 ${SPARK.width} ${SPARK.height}" preserveAspectRatio="none" aria-hidden="true">${spark(flows)}</svg>
      <p class="fine">${told ? t("flow.moment", { time: moment(told.moment, this.zone), n: number(told.values, lang, 0), s: told.window_s }) : t("app.loading")}</p>
    </section>`;
  }
}
