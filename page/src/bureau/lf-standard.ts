import { html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { bureau, type Standard, type StandardChange, type StandardElement, type StandardSummary } from "../api/bureau";
import { API } from "../api/client";
import { hasHan, nameOf } from "../format";
import { t, tOr } from "../i18n";
import { Fetched } from "../shell/fetched";
import { ActingPiece, shown } from "../work/acting";
import { backToList } from "../work/item";
import { data, mayAct } from "../state/data";
import { changesTable } from "./changes";
import "./lf-draft";

/** One data standard: its elements, its text, and what another edition or standard changes of it. */
@customElement("lf-standard")
export class StandardPiece extends ActingPiece {
  @property({ attribute: false }) which = "";
  @property({ attribute: false }) all: StandardSummary[] = [];
  @state() private other = "";
  private readonly held = new Fetched<Standard>(this, "work-list");
  private readonly diff = new Fetched<{ breaking: boolean; changes: StandardChange[] }>(this);

  protected override render(): TemplateResult {
    const asked = this.held.want(this.which, () => bureau.standard(this.which));
    return html`${backToList()}${shown(asked, () => this.held.forget(), (standard) => this.told(standard))}`;
  }

  private told(standard: Standard): TemplateResult {
    const address = `${API}/standards/data/${encodeURIComponent(standard.reference)}`;
    return html`<section data-standard=${standard.reference}>
        <h2>${nameOf(standard.title, this.tongue)} <code>${standard.reference}</code></h2>
        <p>${nameOf(standard.summary, this.tongue)}</p>
        <p class="fine">${standard.source}${standard.note ? html`<br />${standard.note}` : nothing}</p>
        <p class="downloads">
          <a class="button" download="${standard.reference}.toml" href="${address}/text">TOML</a>
          <a class="button" download="${standard.reference}.md" href="${address}/docs">Markdown</a>
        </p>
        ${mayAct(data.value.subject, "data_officer") ? html`<lf-draft .standard=${standard.reference}></lf-draft>` : nothing}
      </section>
      <section><h2>${t("standards.elements")} <small>${standard.elements.length}</small></h2>${this.elements(standard.elements)}</section>
      <section><h2>${t("standards.diff")}</h2>${this.comparing(standard)}</section>`;
  }

  private elements(elements: StandardElement[]): TemplateResult {
    return html`<div class="table" tabindex="0" role="region" aria-label=${t("standards.elements")}>
      <table>
        <thead>
          <tr>
            <th scope="col">${t("standards.element")}</th><th scope="col">${t("standards.definition")}</th><th scope="col">${t("dataset.type")}</th>
            <th scope="col">${t("standards.rules")}</th><th scope="col">${t("standards.grade")}</th><th scope="col">${t("standards.source")}</th>
          </tr>
        </thead>
        <tbody>
          ${elements.map((one) => html`<tr>
            <th scope="row">${nameOf(one.name, this.tongue)}<br /><code>${one.id}</code></th><td>${nameOf(one.definition, this.tongue)}</td>
            <td class="tight">${tOr(`type.${one.type}`, one.type)}${one.unit ? ` (${one.unit})` : ""}</td><td>${this.rules(one)}</td>
            <td>${t(`standards.grade.${one.grade}`)}${one.personal ? html`<br /><b class="warn">${t(`standards.personal.${one.personal}`)}</b>` : nothing}</td>
            <td class="source" lang=${hasHan(one.source) ? "zh-CN" : "en"}>${one.source}</td>
          </tr>`)}
        </tbody>
      </table>
    </div>`;
  }

  private rules(one: StandardElement): TemplateResult {
    const flags = (["key", "required", "unique"] as const).filter((name) => one[name]).map((name) => t(`standards.${name}`));
    const range = one.minimum !== null || one.maximum !== null ? [`${one.minimum ?? "−∞"} … ${one.maximum ?? "∞"}`] : [];
    const codes = [one.code_list, one.check_digit, one.pattern].filter(Boolean);
    return html`${[...flags, ...range].join(this.tongue === "zh" ? "、" : ", ")}${codes.map((each) => html` <code>${each}</code>`)}`;
  }

  private comparing(standard: Standard): TemplateResult {
    const others = this.all.filter(({ reference }) => reference !== standard.reference);
    const near = [...others].sort((a, b) => Number(b.id === standard.id) - Number(a.id === standard.id) || a.reference.localeCompare(b.reference));
    const other = this.other || (near[0]?.id === standard.id ? near[0].reference : "");
    const choose = (event: Event): void => {
      this.other = (event.currentTarget as HTMLSelectElement).value;
    };
    return html`<label class="choices">${t("standards.with")}
        <select @change=${choose}>
          <option value="" ?selected=${!other}>${t("standards.choose")}</option>
          ${near.map((one) => html`<option value=${one.reference} ?selected=${one.reference === other}>${one.reference} · ${nameOf(one.title, this.tongue)}</option>`)}
        </select></label>
      ${other ? this.difference(standard.reference, other) : html`<p class="calm">${t("standards.only")}</p>`}`;
  }

  private difference(reference: string, other: string): TemplateResult {
    const asked = this.diff.want(`${reference} ${other}`, () => bureau.standardDiff(reference, other));
    return shown(asked, () => this.diff.forget(), ({ breaking, changes }) =>
      changes.length === 0
        ? html`<p class="calm">${t("standards.same")}</p>`
        : html`<p class=${breaking ? "warn" : ""} role="status">${t(breaking ? "standards.breaking" : "standards.harmless")}</p>${changesTable(changes)}`,
    );
  }
}
