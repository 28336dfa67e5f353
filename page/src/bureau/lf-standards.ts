import "../css/bureau.css";
import { html, nothing, type TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";
import { bureau, type StandardSummary } from "../api/bureau";
import type { Page } from "../api/types";
import { nameOf } from "../format";
import { t } from "../i18n";
import { Fetched } from "../shell/fetched";
import { data, mayAct } from "../state/data";
import { view } from "../state/view";
import { ActingPiece, shown } from "../work/acting";
import { itemLink } from "../work/item";
import "./lf-register";
import "./lf-standard";

/** The data standards by their kind, every edition; and where a clerk registers another. */
@customElement("lf-standards")
export class StandardsPiece extends ActingPiece {
  private readonly held = new Fetched<Page<StandardSummary>>(this, "work-list");

  protected override render(): TemplateResult {
    const asked = this.held.want(this.who, () => bureau.standards());
    const { item } = view.value;
    const again = (): void => this.held.forget();
    return shown(asked, again, ({ items }) =>
      item
        ? html`<lf-standard .which=${item} .all=${items}></lf-standard>`
        : html`${mayAct(data.value.subject, "data_officer") ? html`<lf-register .all=${items} @registered=${again}></lf-register>` : nothing}${this.list(items)}`,
    );
  }

  private list(items: StandardSummary[]): TemplateResult {
    const kinds = ["base", "theme", "department"] as const;
    return html`${kinds.map((kind) => {
      const found = items.filter((one) => one.kind === kind);
      return found.length ? this.kind(kind, found) : nothing;
    })}`;
  }

  private kind(kind: StandardSummary["kind"], items: StandardSummary[]): TemplateResult {
    const title = t(`standards.kind.${kind}`);
    return html`<section>
      <h2>${title} <small>${items.length}</small></h2>
      <div class="table" tabindex="0" role="region" aria-label=${title}>
        <table>
          <thead>
            <tr>
              <th scope="col">${t("standards.name")}</th><th scope="col">${t("standards.reference")}</th>
              <th scope="col" class="number">${t("standards.elements")}</th>
              <th scope="col">${t("standards.origin")}</th>
            </tr>
          </thead>
          <tbody>
            ${items.map((one) => html`<tr data-standard=${one.reference}>
              <td>${itemLink(one.reference, nameOf(one.title, this.tongue))}</td><td class="tight"><code>${one.reference.split(/(?<=[_@])/).map((each) => html`${each}<wbr />`)}</code></td>
              <td class="number">${one.element_count}</td>
              <td>${t(one.shipped ? "standards.shipped" : "standards.own")}</td>
            </tr>`)}
          </tbody>
        </table>
      </div>
    </section>`;
  }
}
