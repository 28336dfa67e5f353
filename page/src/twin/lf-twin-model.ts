import { html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { calls } from "../api/calls";
import type { TwinExamination, TwinModel } from "../api/types";
import { moment, nameOf, number } from "../format";
import { t } from "../i18n";
import { Piece } from "../shell/element";
import { Fetched } from "../shell/fetched";
import { problemCard, skeleton } from "../shell/parts";
import { view } from "../state/view";
import { downloads } from "./downloads";
import "./lf-twin-clashes";
import "./lf-twin-compare";

const TOLD = 60;

/** One model: where it is from, what the checks found in it when it came in, and the model to take away. */
@customElement("lf-twin-model")
export class TwinModelPiece extends Piece {
  @property({ attribute: false }) model: TwinModel | null = null;
  @property({ attribute: false }) models: TwinModel[] = [];
  private readonly found = new Fetched<TwinExamination>(this, "twin-examination");

  protected override render(): TemplateResult | typeof nothing {
    const { model } = this;
    if (!model) return nothing;
    const { at } = view.value;
    const found = this.found.want(`${model.id} ${at}`, () => calls.examination(model.id, at));
    return html`<section class="panel" aria-labelledby="model-title">
      <h2 id="model-title">${nameOf(model.title, this.tongue)}</h2>
      ${model.generated ? html`<p class="twin-generated">${t("twin.generated.object")}</p>` : nothing}
      <p class="fine">${t("twin.source")} ${model.source}${model.licence ? ` · ${model.licence}` : ""}</p>
      ${downloads({ model: model.id, at })}
      <lf-twin-compare .models=${this.models} .model=${model}></lf-twin-compare>
      <lf-twin-clashes .models=${this.models} .model=${model}></lf-twin-clashes>
      ${found.state === "here" ? this.report(found.value) : found.state === "refused" ? problemCard(found.problem) : skeleton(3)}
    </section>`;
  }

  private report({ checked, refused, warnings, rules, faults }: TwinExamination): TemplateResult {
    const figures = { refused: number(refused, this.tongue, 0), warnings: number(warnings, this.tongue, 0) };
    return html`<details class="twin-report"><summary>${t("twin.examination")}: ${refused || warnings ? t("twin.examination.found", figures) : t("twin.examination.clean")}</summary>
      <p class="fine">${t("twin.examination.checked", { time: moment(checked, this.zone) })}</p>
      ${rules.length ? html`<ul>${rules.map((each) => html`<li>${this.severity(each.severity)} <b>${this.tongue === "zh" ? each.rule_zh : each.rule}</b> × ${number(each.count, this.tongue, 0)}</li>`)}</ul>` : nothing}
      ${faults.length ? html`<ol class="twin-faults">${faults.slice(0, TOLD).map((each) => html`<li>
          ${this.severity(each.severity)} ${each.severity === "warning" ? html`<button type="button" class="link" @click=${() => view.set({ pick: each.object })}>${each.object}</button>` : html`<code>${each.object}</code>`}
          <span>${this.said(each, "what")}</span> <span class="fine">${this.said(each, "rule")} · ${this.said(each, "mend")}</span></li>`)}</ol>` : nothing}
      ${faults.length > TOLD ? html`<p class="fine">${t("twin.examination.more", { n: number(refused + warnings - TOLD, this.tongue, 0) })}</p>` : nothing}
    </details>`;
  }

  /** Return a part of what a check found in the tongue of the page, as it was said where there are no other words. */
  private said(fault: TwinExamination["faults"][number], part: "rule" | "what" | "mend"): string {
    return (this.tongue === "zh" && fault.zh[part]) || fault[part];
  }

  private severity(grade: string): TemplateResult {
    return html`<span class="state">${t(grade === "error" ? "twin.examination.error" : "twin.examination.warning")}</span>`;
  }
}
