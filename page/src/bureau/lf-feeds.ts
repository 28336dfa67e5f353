import { html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { bureau, type Feed } from "../api/bureau";
import { t } from "../i18n";
import { data, mayAct } from "../state/data";
import { view } from "../state/view";
import { ActingPiece } from "../work/acting";
import "./lf-keys";
import "./lf-new-feed";

/** The inboxes of the bureaus: their feeds and how each does; for data officers where feeds and keys are begun and ended. */
@customElement("lf-feeds")
export class FeedsPiece extends ActingPiece {
  @property({ attribute: false }) feeds: Feed[] = [];

  protected override render(): TemplateResult {
    const officer = mayAct(data.value.subject, "data_officer");
    const bureaus = [...new Set(this.feeds.map(({ organisation }) => organisation))].sort();
    return html`<section><h2>${t("exchange.inboxes")} <small>${bureaus.length}</small></h2>
      ${this.feeds.length ? this.table(bureaus, officer) : html`<p class="calm">${t(officer ? "exchange.empty.begin" : "exchange.empty")}</p>`}
      ${officer ? html`<lf-new-feed .feeds=${this.feeds}></lf-new-feed><lf-keys .bureaus=${bureaus}></lf-keys>` : nothing}</section>`;
  }

  private table(bureaus: string[], officer: boolean): TemplateResult {
    return html`<div class="table" tabindex="0" role="region" aria-label=${t("exchange.inboxes")}><table>
      <thead><tr><th scope="col">${t("exchange.bureau")}</th><th scope="col">${t("exchange.feed")}</th><th scope="col">${t("exchange.dataset")}</th><th scope="col">${t("exchange.source")}</th>
        <th scope="col">${t("exchange.standing")}</th><th scope="col">${t("exchange.acts")}</th></tr></thead>
      <tbody>${bureaus.flatMap((each) => this.feeds.filter(({ organisation }) => organisation === each)).map((one) => this.row(one, officer))}</tbody>
    </table></div>`;
  }

  private row(one: Feed, officer: boolean): TemplateResult {
    const button = (name: string, words: string, work: () => Promise<unknown>): TemplateResult =>
      html`<button type="button" class="quiet" data-act=${name} @click=${() => void this.change(one.id, work)}>${words}</button> `;
    return html`<tr data-feed=${one.id}>
        <th scope="row">${one.organisation}</th><td><code>${one.id}</code></td>
        <td><button type="button" class="link" @click=${() => view.set({ room: "data", dataset: one.dataset, tab: null })}>${one.dataset}</button></td>
        <td>${t(`exchange.source.${one.source as "upload"}`)}</td>
        <td>${one.trouble ? html`<b class="warn">${one.trouble.what ?? t("exchange.trouble")}</b> ${one.trouble.mend ?? ""}` : t(one.active ? "exchange.active" : "exchange.resting")}</td>
        <td class="tight">${one.source !== "upload" && one.active ? button("pull", t("exchange.pull"), () => bureau.pullFeed(one.id)) : nothing}
          ${officer ? button("rest", t(one.active ? "exchange.rest" : "exchange.resume"), () => bureau.setFeed(one.id, !one.active)) : nothing}${this.refusal(one.id)}</td>
      </tr>`;
  }

  private async change(id: string, work: () => Promise<unknown>): Promise<void> {
    await this.act(id, t("exchange.changed"), work);
    this.dispatchEvent(new CustomEvent("changed", { bubbles: true }));
  }
}
