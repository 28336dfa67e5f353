import { html, type TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";
import { calls } from "../api/calls";
import type { Offer } from "../api/portal";
import type { Page } from "../api/types";
import "../catalogue/lf-request";
import { nameOf } from "../format";
import { t } from "../i18n";
import { Piece } from "../shell/element";
import { Listed } from "../shell/listed";
import { data } from "../state/data";
import { shown } from "../work/acting";

/** The datasets that are shared on conditions: what each holds, on which condition, and where it is asked for. */
@customElement("lf-offers")
export class OffersPiece extends Piece {
  private readonly held = new Listed<Page<Offer>>(this, "work-list");

  protected override render(): TemplateResult {
    const asked = this.held.list(data.value.subject?.id ?? "", calls.offers);
    return html`<h2>${t("agreements.find")}</h2>${shown(asked, () => this.held.forget(), ({ items }) =>
      items.length ? html`<ul class="work-list">${items.map((offer) => this.one(offer))}</ul>${this.held.foot()}` : html`<p class="calm">${t("agreements.nothing")}</p>`)}`;
  }

  private one(offer: Offer): TemplateResult {
    const condition = nameOf(offer.condition, this.tongue);
    return html`<li data-offer=${offer.id}><h3>${nameOf(offer.name, this.tongue)} <code>${offer.id}</code></h3>
      ${[nameOf(offer.summary, this.tongue), condition && t("agreements.condition", { condition }), nameOf(offer.provider, this.tongue)].filter(Boolean).map((each) => html`<p class="fine">${each}</p>`)}
      <lf-request .which=${offer.id} .offer=${offer} @sent=${() => this.dispatchEvent(new CustomEvent("sent"))}></lf-request></li>`;
  }
}
