import { html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { calls } from "../api/calls";
import type { DatasetDifference } from "../api/portal";
import type { Release } from "../api/types";
import { moment, number } from "../format";
import { t } from "../i18n";
import { Piece } from "../shell/element";
import { Listed } from "../shell/listed";
import { problemCard, skeleton } from "../shell/parts";
import { cellText } from "../shell/table";

/** What one release of a dataset makes of another: columns, counts, and the rows and cells that differ. */
@customElement("lf-versions")
export class VersionsPiece extends Piece {
  @property({ attribute: false }) which = "";
  @property({ attribute: false }) releases: Release[] = [];
  @state() private older: number | null = null;
  @state() private newer: number | null = null;
  private readonly held = new Listed<DatasetDifference>(this);

  protected override render(): TemplateResult | typeof nothing {
    const numbers = this.releases.map(({ number: each }) => each);
    if (numbers.length < 2) return html`<p class="fine">${t("versions.one")}</p>`;
    const from = this.older ?? numbers[1] ?? 0;
    const to = this.newer ?? numbers[0] ?? 0;
    return html`<h3>${t("versions.title")}</h3>
      <p class="choices">
        ${this.select(t("versions.from"), from, (value) => (this.older = value))} ${this.select(t("versions.to"), to, (value) => (this.newer = value))}
      </p>
      ${from === to ? html`<p class="calm">${t("versions.same")}</p>` : this.told(from, to)}`;
  }

  private select(label: string, value: number, chosen: (value: number) => void): TemplateResult {
    const changed = (event: Event): void => chosen(Number((event.currentTarget as HTMLSelectElement).value));
    return html`<label>${label} <select @change=${changed}>
      ${this.releases.map((each) => html`<option value=${each.number} ?selected=${each.number === value}>${each.number} · ${moment(each.recorded, this.zone)}</option>`)}
    </select></label>`;
  }

  private told(from: number, to: number): TemplateResult {
    const asked = this.held.list(`${this.which} ${from} ${to}`, (after) => calls.difference(this.which, from, to, after));
    if (asked.state === "asked") return skeleton(4);
    if (asked.state === "refused") return problemCard(asked.problem, () => this.held.forget());
    const { added, removed, changed, same, columns, items } = asked.value;
    const count = (n: number): string => number(n, this.tongue, 0);
    return html`<p class="tags">
        <span>${t("versions.added", { n: count(added) })}</span><span>${t("versions.removed", { n: count(removed) })}</span>
        <span>${t("versions.changed", { n: count(changed) })}</span><span>${t("versions.unchanged", { n: count(same) })}</span>
      </p>
      ${columns.length ? html`<ul>${columns.map((each) => html`<li><code>${each.name}</code> ${t(`versions.column.${each.kind}`)}</li>`)}</ul>` : nothing}
      ${items.length ? this.rows(items) : nothing}`;
  }

  private rows(items: DatasetDifference["items"]): TemplateResult {
    return html`<div class="scroll" tabindex="0" role="region" aria-label=${t("versions.title")}><table class="rows">
        <thead><tr><th scope="col">${t("versions.row")}</th><th scope="col">${t("versions.what")}</th><th scope="col">${t("versions.cells")}</th></tr></thead>
        <tbody>
          ${items.map(({ key, change, cells }) => html`<tr>
            <th scope="row">${Object.values(key).map(cellText).join(" · ")}</th><td>${t(`versions.${change}`, { n: "" }).trim()}</td>
            <td>${Object.entries(cells).map(([name, { from, to }]) => html`<div><code>${name}</code> ${from === undefined ? nothing : html`<del>${cellText(from)}</del>`} ${to === undefined ? nothing : html`<ins>${cellText(to)}</ins>`}</div>`)}</td>
          </tr>`)}
        </tbody>
      </table></div>
      ${this.held.foot()}`;
  }
}
