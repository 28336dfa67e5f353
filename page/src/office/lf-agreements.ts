import { html, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { office, type Agreement } from "../api/office";
import type { Page } from "../api/types";
import { moment } from "../format";
import { t } from "../i18n";
import { Listed } from "../shell/listed";
import { data, mayAct } from "../state/data";
import { formatView } from "../state/url";
import { view } from "../state/view";
import { ActingPiece, shown } from "../work/acting";
import "./lf-agreement";
import "./lf-offers";

const STATUSES = ["asked", "in_force", "expired", "ended", "refused", "withdrawn"] as const;

/** Requests for data shared on conditions and what was agreed: all for the data officer, one's own for others. */
@customElement("lf-agreements")
export class AgreementsPiece extends ActingPiece {
  @state() private status: string | null = null;
  private readonly held = new Listed<Page<Agreement>>(this, "work-list");

  protected override render(): TemplateResult {
    const { item } = view.value;
    const { status } = this;
    if (item) return html`<lf-agreement .which=${item} @answered=${() => this.held.forget()}></lf-agreement>`;
    const asked = this.held.list(`${this.who}|${status ?? ""}`, (after) => office.agreements(status, after));
    const officer = mayAct(data.value.subject, "data_officer");
    return html`<section class="work-part">
      <p>${t(officer ? "agreements.lead" : "agreements.lead.own")}</p>
      <div class="chips" role="group" aria-label=${t("agreements.status")}>
        ${[null, ...STATUSES].map((each) => html`<button type="button" class="chip" aria-pressed=${this.status === each} @click=${() => (this.status = each)}>
          ${t(each === null ? "agreements.all" : `agreement.${each}`)}</button>`)}
      </div>
      ${shown(asked, () => this.held.forget(), (page) => this.list(page))}
      ${officer ? nothing : html`<lf-offers @sent=${() => this.held.forget()}></lf-offers>`}
    </section>`;
  }

  private list(page: Page<Agreement>): TemplateResult {
    if (!page.items.length) return html`<p class="calm">${t("agreements.none")}</p>`;
    return html`<ul class="work-list">${page.items.map((each) => this.one(each))}</ul>${this.held.foot()}`;
  }

  private one(each: Agreement): TemplateResult {
    const open = (event: MouseEvent): void => {
      if (event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      view.set({ item: each.id });
    };
    const late = each.status === "asked" && Date.parse(each.due) < Date.now();
    return html`<li data-agreement=${each.id}>
      <h2><a href=${formatView({ ...view.value, item: each.id })} @click=${open}>${each.purpose}</a></h2>
      <p class="tags"><span data-status=${each.status}>${t(`agreement.${each.status}`)}</span><code>${each.dataset}</code>
        ${late ? html`<span class="warn">${t("agreements.late")}</span>` : nothing}</p>
      <p class="fine">${each.applicant}${each.for_organisation ? ` · ${each.organisation}` : ""} · ${t("agreements.asked", { time: moment(each.asked, this.zone) })}
        · ${t("agreements.until", { time: moment(each.until, this.zone) })}</p>
    </li>`;
  }
}
