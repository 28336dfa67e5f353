import { html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { office, type Agreement, type Usage } from "../api/office";
import type { Page } from "../api/types";
import { bytes, moment, number } from "../format";
import { t, tOr } from "../i18n";
import { Fetched } from "../shell/fetched";
import { Listed } from "../shell/listed";
import { data, mayAct } from "../state/data";
import { view } from "../state/view";
import { ActingPiece, shown } from "../work/acting";
import "./lf-assessment";

/** One request or agreement: what was asked, by whom, what it became; its review, its end, and what was taken under it. */
@customElement("lf-agreement")
export class AgreementPiece extends ActingPiece {
  @property({ attribute: false }) which = "";
  private readonly held = new Fetched<Agreement>(this, "work-list");
  private readonly taken = new Listed<Page<Usage>>(this);

  protected override render(): TemplateResult {
    const asked = this.held.want(`${this.which}|${this.who}`, () => office.agreement(this.which));
    return html`<section class="work-part">
      <p><button type="button" class="link back" @click=${() => view.set({ item: null })}>← ${t("agreements.back")}</button></p>
      ${shown(asked, () => this.held.forget(), (found) => this.told(found))}
    </section>`;
  }

  private told(found: Agreement): TemplateResult {
    const officer = mayAct(data.value.subject, "data_officer");
    const own = found.subject === data.value.subject?.id;
    const open = found.status === "asked";
    return html`<h2>${found.purpose}</h2>
      <p class="tags"><span data-status=${found.status}>${t(`agreement.${found.status}`)}</span></p>
      ${this.pairs(found)}
      ${officer ? html`<lf-assessment .which=${found.id} .asked=${open}></lf-assessment>` : nothing}
      ${open && officer && own ? html`<p class="calm">${t("agreement.own")}</p>` : nothing}
      ${open && officer && !own ? this.review(found) : nothing}
      ${open || found.status === "in_force" ? this.ending(found) : nothing}
      ${found.since ? this.usage(found) : nothing}`;
  }

  private pairs(found: Agreement): TemplateResult {
    const row = (name: Parameters<typeof t>[0], value: unknown): TemplateResult | typeof nothing => (value ? html`<dt>${t(name)}</dt><dd>${value}</dd>` : nothing);
    const dataset = html`<button type="button" class="link" @click=${() => view.set({ room: "data", tab: null, item: null, dataset: found.dataset })}>${found.dataset}</button>`;
    return html`<dl class="pairs">
      ${row("agreement.dataset", dataset)} ${row("agreement.applicant", found.applicant)}
      ${row("agreement.for", found.for_organisation ? found.organisation : t("agreement.person"))}
      ${row("agreement.fields", found.fields.map((each) => html`<code>${each}</code> `))}
      ${row("agreement.rows", found.rows.length ? found.rows.map((each) => html`<code>${each}</code> `) : t("agreement.whole"))}
      ${row("agreement.term", `${found.since ? moment(found.since, this.zone) : t("agreement.approval")} – ${moment(found.until, this.zone)}`)}
      ${row("agreement.due", found.status === "asked" ? moment(found.due, this.zone) : "")}
      ${row("agreement.reviewed", found.reviewed ? moment(found.reviewed, this.zone) : "")} ${row("agreement.reasons", found.reasons)}
    </dl>`;
  }

  private review(found: Agreement): TemplateResult {
    return html`<form class="work-form" @submit=${(event: SubmitEvent) => void this.answer(event, found)}>
      <h3>${t("agreement.review")}</h3>
      <p class="fine">${t("agreement.narrow")}</p>
      <fieldset><legend>${t("agreement.fields")}</legend>
        ${found.fields.map((each) => html`<label><input type="checkbox" name="fields" value=${each} checked /> ${each}</label> `)}
      </fieldset>
      <label>${t("agreement.more")} <input name="rows" autocomplete="off" placeholder="district:eq:510104" /></label>
      <label>${t("agreement.until")} <input type="date" name="until" max=${found.until.slice(0, 10)} .value=${found.until.slice(0, 10)} /></label>
      <label>${t("agreement.reasons")} <textarea name="reasons" rows="2" minlength="2" maxlength="2000" required></textarea></label>
      <p class="buttons"><button value="approve">${t("agreement.approve")}</button><button class="quiet" value="refuse">${t("agreement.refuse")}</button></p>
    </form>${this.refusal("review")}`;
  }

  private async answer(event: SubmitEvent, found: Agreement): Promise<void> {
    event.preventDefault();
    const told = new FormData(event.currentTarget as HTMLFormElement);
    const refuse = (event.submitter as HTMLButtonElement | null)?.value === "refuse";
    const reasons = String(told.get("reasons"));
    const day = String(told.get("until"));
    const until = day && day !== found.until.slice(0, 10) ? { until: `${day}T00:00:00Z` } : {};
    const row = String(told.get("rows")).trim();
    const body = refuse ? { reasons } : { reasons, fields: told.getAll("fields").map(String), rows: row ? [row] : [], ...until };
    await this.become("review", t(refuse ? "agreement.refused.said" : "agreement.approved.said"), () => office.answer(found.id, refuse ? "refuse" : "approve", body));
  }

  private ending(found: Agreement): TemplateResult {
    const end = async (event: SubmitEvent): Promise<void> => {
      event.preventDefault();
      const reasons = String(new FormData(event.currentTarget as HTMLFormElement).get("reasons"));
      await this.become("end", t("agreement.ended.said"), () => office.answer(found.id, "end", { reasons }));
    };
    const words = t(found.status === "asked" ? "agreement.withdraw" : "agreement.end");
    return html`<details class="work-more"><summary>${words}</summary>
      <form class="work-form" @submit=${(event: SubmitEvent) => void end(event)}>
        <label>${t("agreement.reasons")} <textarea name="reasons" rows="2" minlength="2" maxlength="2000" required></textarea></label>
        <p class="buttons"><button>${words}</button></p>
      </form>${this.refusal("end")}
    </details>`;
  }

  private async become(of: string, words: string, work: () => Promise<unknown>): Promise<void> {
    if (!(await this.act(of, words, work))) return;
    this.held.forget();
    this.dispatchEvent(new CustomEvent("answered"));
  }

  private usage(found: Agreement): TemplateResult {
    const asked = this.taken.list(`${found.id}|${this.who}`, (after) => office.usage(found.id, after));
    return html`<h3>${t("agreement.usage")}</h3>${shown(asked, () => this.taken.forget(), ({ items }) => {
      if (!items.length) return html`<p class="calm">${t("agreement.unused")}</p>`;
      return html`<div class="table" tabindex="0" role="region" aria-label=${t("agreement.usage")}><table class="facts">
        <thead><tr><th scope="col">${t("usage.day")}</th><th scope="col">${t("usage.action")}</th><th scope="col" class="number">${t("usage.requests")}</th>
          <th scope="col" class="number">${t("usage.rows")}</th><th scope="col" class="number">${t("usage.bytes")}</th></tr></thead>
        <tbody>${items.map((each) => html`<tr><td>${each.day}</td><td>${tOr(`usage.${each.action}`, each.action)}</td><td class="number">${number(each.requests, this.tongue, 0)}</td>
          <td class="number">${number(each.rows, this.tongue, 0)}</td><td class="number">${bytes(each.bytes, this.tongue)}</td></tr>`)}</tbody>
      </table></div>${this.taken.foot()}`;
    })}`;
  }
}
