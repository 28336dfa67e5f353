import { html, type TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";
import { office, type Change } from "../api/office";
import type { Page } from "../api/types";
import { moment } from "../format";
import { t, tOr } from "../i18n";
import { Piece } from "../shell/element";
import { Listed } from "../shell/listed";
import { command } from "../shell/parts";
import { data, mayAct } from "../state/data";
import { view } from "../state/view";
import { shown } from "../work/acting";
import "./lf-webhooks";

const FEEDS = [
  ["Atom", "/dcat/feed.atom"],
  ["RSS", "/dcat/feed.rss"],
  ["JSON", "/api/v1/changes"],
  ["/events", "/events"],
] as const;

/** What changed in the catalogue, for everybody; and for staff the webhooks that are told of it. */
@customElement("lf-changes")
export class ChangesPiece extends Piece {
  private readonly held = new Listed<Page<Change>>(this, "work-list");

  protected override render(): TemplateResult {
    const { subject, changes } = data.value;
    const asked = this.held.list(`${subject?.id ?? ""}|${changes}`, office.changes);
    return html`<section class="work-part">
      <p>${t("changes.lead")}</p>
      <p><b>${t("changes.follow")}</b> ${FEEDS.map(([name, path]) => html`<a href=${path} target="_blank" rel="noopener">${name}</a> `)}</p>
      ${command(`curl '${window.location.origin}/api/v1/changes?latest=true&limit=10'`)}
      ${mayAct(subject, "analyst", "operator", "data_officer") ? html`<lf-webhooks></lf-webhooks>` : html`<p class="fine">${t("changes.webhooks")}</p>`}
      <h2>${t("changes.newest")}</h2>
      ${shown(asked, () => this.held.forget(), ({ items }) => this.list(items))}
    </section>`;
  }

  private list(items: Change[]): TemplateResult {
    if (!items.length) return html`<p class="calm">${t("changes.none")}</p>`;
    return html`<ol class="work-list">${items.map((each) => html`<li data-seq=${each.seq}>
      <button type="button" class="link" @click=${() => view.set({ room: "data", tab: null, dataset: each.dataset })}>${each.dataset}</button>
      ${tOr(`change.${each.kind}`, tOr(`life.kind.${each.kind}`, each.kind))}${this.detail(each)} <small>${moment(each.recorded, this.zone)}</small></li>`)}</ol>${this.held.foot()}`;
  }

  private detail({ kind, detail }: Change): string {
    const number = detail["release"] ?? detail["number"];
    return kind === "release" && (typeof number === "number" || typeof number === "string") ? ` ${number}` : "";
  }
}
