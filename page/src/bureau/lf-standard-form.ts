import { html, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { t } from "../i18n";
import { SLUG } from "../work/acting";
import { Piece } from "../shell/element";
import { standardText, TYPES, type Head, type Line } from "./standard-text";

const HEAD = ["id", "title_zh", "title_en", "theme", "source"] as const;
const BLANK: Line = { id: "", zh: "", en: "", type: "text", unit: "", minimum: "", maximum: "", key: false, required: false };

/** A standard written by a form, for those who do not write TOML: its head, and a line for each element. */
@customElement("lf-standard-form")
export class StandardFormPiece extends Piece {
  @state() private lines: Line[] = [{ ...BLANK, key: true, required: true }, { ...BLANK }];

  protected override render(): TemplateResult {
    return html`<form class="work-form wide-form" @submit=${(event: SubmitEvent) => this.write(event)}>
      ${HEAD.map((name) => html`<label>${t(`standard.form.${name}`)}
        <input name=${name} required maxlength="200" autocomplete="off" pattern=${name === "id" || name === "theme" ? SLUG : ".*"} placeholder=${t(`standard.hint.${name}`)} /></label>`)}
      <label>${t("standard.form.kind")} <select name="kind">
        ${(["department", "theme", "base"] as const).map((each) => html`<option value=${each}>${t(`standards.kind.${each}`)}</option>`)}</select></label>
      <div class="table" tabindex="0" role="region" aria-label=${t("standards.elements")}><table class="form-table">
        <thead><tr>${(["element", "zh", "type", "unit", "minimum", "maximum", "key", "required"] as const).map((each) => html`<th scope="col">${t(`standard.line.${each}`)}</th>`)}<th></th></tr></thead>
        <tbody>${this.lines.map((line, index) => this.line(line, index))}</tbody>
      </table></div>
      <p class="buttons"><button type="button" class="quiet" data-act="add-line" @click=${() => (this.lines = [...this.lines, { ...BLANK }])}>${t("standard.line.add")}</button>
        <button data-act="write">${t("standard.form.write")}</button></p>
    </form>`;
  }

  private line(line: Line, index: number): TemplateResult {
    const set = (change: Partial<Line>): void => {
      this.lines = this.lines.map((each, i) => (i === index ? { ...each, ...change } : each));
    };
    const called = (name: string): string => t("standard.line.of", { name, n: index + 1 });
    const text = (name: "id" | "zh" | "unit" | "minimum" | "maximum", words: string, pattern = ".*"): TemplateResult => html`<td><input
      data-line=${name} aria-label=${called(words)} .value=${line[name]} pattern=${pattern} ?required=${name === "id" || name === "zh"} maxlength="200" autocomplete="off"
      @input=${(event: Event) => set({ [name]: (event.currentTarget as HTMLInputElement).value.trim() })} /></td>`;
    const tick = (name: "key" | "required", words: string): TemplateResult =>
      html`<td><input type="checkbox" data-line=${name} aria-label=${called(words)} .checked=${line[name]} @change=${(event: Event) => set({ [name]: (event.currentTarget as HTMLInputElement).checked })} /></td>`;
    return html`<tr>
      ${text("id", t("standard.line.element"), SLUG)}${text("zh", t("standard.line.zh"))}
      <td><select data-line="type" aria-label=${called(t("standard.line.type"))} @change=${(event: Event) => set({ type: (event.currentTarget as HTMLSelectElement).value })}>
        ${TYPES.map((each) => html`<option value=${each} ?selected=${each === line.type}>${t(`type.${each}`)}</option>`)}</select></td>
      ${text("unit", t("standard.line.unit"))}${text("minimum", t("standard.line.minimum"), "-?[0-9]+([.][0-9]+)?")}${text("maximum", t("standard.line.maximum"), "-?[0-9]+([.][0-9]+)?")}
      ${tick("key", t("standard.line.key"))}${tick("required", t("standard.line.required"))}
      <td><button type="button" class="quiet" aria-label=${t("standard.line.drop", { n: index + 1 })} ?disabled=${this.lines.length === 1}
        @click=${() => (this.lines = this.lines.filter((_, i) => i !== index))}>×</button></td>
    </tr>`;
  }

  private write(event: SubmitEvent): void {
    event.preventDefault();
    const given = new FormData(event.currentTarget as HTMLFormElement);
    const head = Object.fromEntries([...HEAD, "kind"].map((name) => [name, String(given.get(name) ?? "").trim()])) as Head;
    this.dispatchEvent(new CustomEvent("written", { detail: standardText(head, this.lines) }));
  }
}
