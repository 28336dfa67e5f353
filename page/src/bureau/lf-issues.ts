import "../css/bureau.css";
import { html, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { bureau, type Issue } from "../api/bureau";
import type { Page } from "../api/types";
import { moment } from "../format";
import { t, tOr } from "../i18n";
import { Listed } from "../shell/listed";
import { view } from "../state/view";
import { ActingPiece, shown } from "../work/acting";
import { itemLink } from "../work/item";
import "./lf-issue";

const STATES = ["", "open", "assigned", "mended", "closed", "declined"] as const;
const SETTLED = new Set(["closed", "declined"]);

/** What readers and standing checks found wrong, and which datasets are late, for those who settle it. */
@customElement("lf-issues")
export class IssuesPiece extends ActingPiece {
  @state() private only = "";
  @state() private overdue = false;
  private readonly held = new Listed<Page<Issue>>(this, "work-list");

  protected override render(): TemplateResult {
    const again = (): void => this.held.forget();
    const { item } = view.value;
    if (item) return html`<lf-issue .which=${item} @moved=${again}></lf-issue>`;
    const { only, overdue } = this;
    const asked = this.held.list(`${this.who} ${only} ${overdue}`, (after) => bureau.issues(only, overdue, after));
    return html`${this.choices()}${shown(asked, again, (page) => {
      const late = page.items.filter((one) => one.dimension === "timeliness" && !SETTLED.has(one.state));
      return html`${late.length ? this.section(t("issues.late"), late, "late") : nothing}
        ${this.section(t("issues.title"), page.items.filter((one) => !late.includes(one)), "all")}${this.held.foot()}`;
    })}`;
  }

  private choices(): TemplateResult {
    const choose = (event: Event): void => {
      this.only = (event.currentTarget as HTMLSelectElement).value;
    };
    const flip = (event: Event): void => {
      this.overdue = (event.currentTarget as HTMLInputElement).checked;
    };
    return html`<p class="choices">
      <label>${t("exchange.state")} <select @change=${choose}>${STATES.map((each) => html`<option value=${each} ?selected=${each === this.only}>${each ? t(`issue.${each}`) : t("exchange.all")}</option>`)}</select></label>
      <label><input type="checkbox" .checked=${this.overdue} @change=${flip} /> ${t("issues.overdue")}</label>
    </p>`;
  }

  private section(title: string, items: Issue[], name: string): TemplateResult {
    return html`<section data-list=${name}><h2>${title} <small>${items.length}</small></h2>
      ${items.length ? this.table(title, items) : html`<p class="calm">${t("issues.none")}</p>`}</section>`;
  }

  private table(title: string, items: Issue[]): TemplateResult {
    return html`<div class="table" tabindex="0" role="region" aria-label=${title}><table>
      <thead><tr><th scope="col">${t("issues.what")}</th><th scope="col">${t("exchange.dataset")}</th><th scope="col">${t("exchange.state")}</th><th scope="col">${t("issues.assignee")}</th><th scope="col">${t("issues.due")}</th><th scope="col">${t("issues.opened")}</th></tr></thead>
      <tbody>${items.map((one) => html`<tr data-issue=${one.id}>
        <td>${itemLink(one.id, one.text.length > 120 ? `${one.text.slice(0, 120)}…` : one.text)}${one.dimension ? html`<br /><small>${tOr(`dimension.${one.dimension}`, one.dimension)}</small>` : nothing}</td>
        <td class="tight">${one.dataset}${one.column ? html` <code>${one.column}</code>` : nothing}</td><td>${t(`issue.${one.state}`)}</td><td>${one.assignee || "—"}</td>
        <td class="tight">${one.due ? moment(one.due, this.zone) : "—"}${one.overdue ? html`<br /><b class="warn">${t("issue.overdue")}</b>` : nothing}</td><td class="tight">${moment(one.opened, this.zone)}</td>
      </tr>`)}</tbody></table></div>`;
  }
}
