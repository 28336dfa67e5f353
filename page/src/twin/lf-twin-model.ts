import { html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { calls } from "../api/calls";
import type { TwinExamination, TwinModel } from "../api/types";
import { nameOf } from "../format";
import { t } from "../i18n";
import { Piece } from "../shell/element";
import { Fetched } from "../shell/fetched";
import { problemCard, skeleton } from "../shell/parts";
import { data } from "../state/data";
import { view } from "../state/view";
import { downloads } from "./downloads";
import { examined } from "./examination";
import "./lf-twin-clashes";
import "./lf-twin-compare";

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
    const found = this.found.want(`${model.id} ${at} ${data.value.twin}`, () => calls.examination(model.id, at));
    return html`<section class="panel" aria-labelledby="model-title">
      <h2 id="model-title">${nameOf(model.title, this.tongue)}</h2>
      ${model.generated ? html`<p class="twin-generated">${t("twin.generated.object")}</p>` : nothing}
      <p class="fine">${t("twin.source")} ${model.source}${model.licence ? ` · ${model.licence}` : ""}</p>
      ${downloads({ model: model.id, at })}
      <lf-twin-compare .models=${this.models} .model=${model}></lf-twin-compare>
      <lf-twin-clashes .models=${this.models} .model=${model}></lf-twin-clashes>
      ${found.state === "here" ? examined(found.value, this.tongue, this.zone) : found.state === "refused" ? problemCard(found.problem) : skeleton(3)}
    </section>`;
  }
}
