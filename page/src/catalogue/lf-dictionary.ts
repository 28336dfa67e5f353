import { html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { calls } from "../api/calls";
import type { Dictionary, DictionaryColumn } from "../api/portal";
import { bracketed, moment, nameOf, number } from "../format";
import { t, tOr } from "../i18n";
import { Piece } from "../shell/element";
import { Fetched } from "../shell/fetched";
import { problemCard, skeleton } from "../shell/parts";

/** Codes of a list that are read on the page; a longer list is told by how long it is. */
const CODES_READ = 60;
const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d/;

/** The data dictionary of a dataset: what each column means, which rules its values keep, what was found in it. */
@customElement("lf-dictionary")
export class DictionaryPiece extends Piece {
  @property({ attribute: false }) which = "";
  private readonly held = new Fetched<Dictionary>(this);

  protected override render(): TemplateResult {
    const asked = this.held.want(this.which, () => calls.dictionary(this.which));
    if (asked.state === "asked") return skeleton(6);
    if (asked.state === "refused") return problemCard(asked.problem, () => this.held.forget());
    return html`<div class="table" tabindex="0" role="region" aria-label=${t("dataset.columns")}><table class="facts dictionary">
      <thead><tr><th scope="col">${t("dataset.column")}</th><th scope="col">${t("dictionary.meaning")}</th><th scope="col">${t("dataset.type")}</th><th scope="col">${t("dictionary.rules")}</th><th scope="col">${t("dictionary.found")}</th></tr></thead>
      <tbody>${asked.value.columns.map((column) => this.row(column))}</tbody>
    </table></div>`;
  }

  private row(column: DictionaryColumn): TemplateResult {
    const definition = nameOf(column.definition, this.tongue);
    return html`<tr>
      <th scope="row"><code>${column.name}</code></th>
      <td>${nameOf(column.title, this.tongue)}${definition ? html`<br /><small>${definition}${column.clause ? bracketed(column.clause, this.tongue) : ""}</small>` : nothing}${this.codes(column)}</td>
      <td>${tOr(`type.${column.type}`, column.type)}${column.unit ? html` <small>${column.unit}</small>` : nothing}</td>
      <td>${this.rules(column).join(this.tongue === "zh" ? "；" : "; ")}</td>
      <td>${this.found(column).join(this.tongue === "zh" ? "；" : "; ")}</td>
    </tr>`;
  }

  private rules({ key, required, unique, minimum, maximum, pattern }: DictionaryColumn): string[] {
    return [
      key ? t("dictionary.key") : "",
      required && !key ? t("dataset.required") : "",
      unique && !key ? t("dictionary.unique") : "",
      minimum === null ? "" : `≥ ${this.told(minimum)}`,
      maximum === null ? "" : `≤ ${this.told(maximum)}`,
      pattern ?? "",
    ].filter(Boolean);
  }

  private found({ complete, distinct, found_minimum: low, found_maximum: high }: DictionaryColumn): string[] {
    return [
      low === null || high === null ? "" : low === high ? this.told(low) : t("dictionary.range", { low: this.told(low), high: this.told(high) }),
      distinct === null ? "" : t("dictionary.distinct", { n: number(distinct, this.tongue, 0) }),
      complete === null ? "" : t("dictionary.filled", { n: number(complete * 100, this.tongue, 2) }),
    ].filter(Boolean);
  }

  private told(value: number | string): string {
    if (typeof value === "number") return number(value, this.tongue, 6);
    return MOMENT.test(value) ? moment(value, this.zone) : value;
  }

  private codes({ code_list: list, codes, codes_total: total }: DictionaryColumn): TemplateResult | typeof nothing {
    if (!list) return nothing;
    const title = nameOf(list, this.tongue) + bracketed(number(total, this.tongue, 0), this.tongue);
    if (total > CODES_READ) return html`<br /><a href="/api/v1/standards/${list.id}">${title}</a>`;
    return html`<details><summary>${title}</summary><ul class="codes">${codes.map(({ code, name }) => html`<li><code>${code}</code> ${nameOf(name, this.tongue)}</li>`)}</ul></details>`;
  }
}
