import { html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { bureau, type Fault, type StandardSummary } from "../api/bureau";
import { nameOf } from "../format";
import { t } from "../i18n";
import { view } from "../state/view";
import { ActingPiece } from "../work/acting";
import "./lf-standard-form";
import { begunFrom } from "./standard-text";

/** Where a data standard is registered: its TOML text, the faults of it by line, and how to mend each. */
@customElement("lf-register")
export class RegisterPiece extends ActingPiece {
  @property({ attribute: false }) all: StandardSummary[] = [];
  @state() private text = "";
  @state() private faults: Fault[] | null = null;
  @state() private busy = false;

  private async take(file: File | undefined): Promise<void> {
    if (!file) return;
    await this.hold(await file.text());
  }

  private async check(): Promise<boolean> {
    this.busy = true;
    let ok = false;
    await this.act("register", t("standards.checked"), async () => {
      const found = await bureau.lint(this.text);
      this.faults = found.faults;
      ok = found.ok;
    });
    this.busy = false;
    return ok;
  }

  private async register(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    if (!(await this.check())) return;
    let reference = "";
    const done = await this.act("register", t("standards.registered"), async () => {
      reference = (await bureau.register(this.text)).standard.reference;
    });
    if (!done) return;
    this.text = "";
    this.faults = null;
    this.dispatchEvent(new CustomEvent("registered"));
    view.set({ item: reference });
  }

  /** Put the caret on the line of a fault. */
  private go(line: number): void {
    const area = this.querySelector<HTMLTextAreaElement>("textarea.code");
    if (!area) return;
    const lines = this.text.split("\n");
    const start = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
    area.focus();
    area.setSelectionRange(start, start + (lines[line - 1]?.length ?? 0));
    area.scrollTop = (area.scrollHeight * Math.max(0, line - 4)) / lines.length;
  }

  protected override render(): TemplateResult {
    const typed = (event: Event): void => {
      this.text = (event.currentTarget as HTMLTextAreaElement).value;
      this.faults = null;
    };
    return html`<details class="upload" data-part="register" ?open=${this.text !== ""}>
      <summary>${t("standards.register")}</summary>
      ${this.beginning()}
      <form @submit=${(event: SubmitEvent) => void this.register(event)}>
        <p class="acts">
          <span class="drop">
            <label class="button">${t("standards.file")}
              <input type="file" class="sr" accept=".toml" data-part="standard" @change=${(event: Event) => void this.take((event.currentTarget as HTMLInputElement).files?.[0])}
                @click=${(event: Event) => ((event.currentTarget as HTMLInputElement).value = "")} /></label>
            <small>${t("standards.or")}</small>
          </span>
        </p>
        <textarea class="code" name="toml" spellcheck="false" wrap="off" aria-label=${t("standards.text")} .value=${this.text} @input=${typed}></textarea>
        ${this.told()} ${this.refusal("register")}
        <p class="acts">
          <button type="button" class="quiet" data-act="check" ?disabled=${!this.text || this.busy} @click=${() => void this.check()}>${t("standards.check")}</button>
          <button data-act="register" ?disabled=${!this.text || this.busy}>${t("standards.do")}</button>
        </p>
      </form>
    </details>`;
  }

  /** Ways to begin: a form, or another standard's text. */
  private beginning(): TemplateResult {
    const from = async (event: Event): Promise<void> => {
      const box = event.currentTarget as HTMLSelectElement;
      const chosen = this.all.find(({ reference }) => reference === box.value);
      box.value = "";
      if (chosen) await this.act("register", t("standards.begun"), async () => this.hold(begunFrom(await bureau.standardText(chosen.reference), chosen)));
    };
    return html`<details class="work-more" data-part="by-form"><summary>${t("standards.form")}</summary>
        <lf-standard-form @written=${(event: CustomEvent<string>) => void this.hold(event.detail)}></lf-standard-form></details>
      <p><label>${t("standards.from")} <select data-part="from" @change=${(event: Event) => void from(event)}><option value="">${t("standards.choose")}</option>
        ${this.all.map((one) => html`<option value=${one.reference}>${nameOf(one.title, this.tongue)} · ${one.reference}</option>`)}</select></label></p>`;
  }

  /** Take a text into the box, and say what is wrong with it. */
  private async hold(text: string): Promise<void> {
    this.text = text;
    await this.check();
    await this.updateComplete;
    this.querySelector<HTMLElement>("textarea.code")?.focus();
  }

  private told(): TemplateResult | typeof nothing {
    if (this.faults === null) return nothing;
    if (this.faults.length === 0) return html`<p role="status">${t("standards.clean")}</p>`;
    return html`<p role="status"><b>${t("standards.faults", { n: this.faults.length })}</b></p>
      <ul class="faults">
        ${this.faults.map((one) => html`<li data-warning=${one.warning}>
          <button type="button" class="link" @click=${() => this.go(one.line)}>${t("standards.line", { n: one.line })}</button>
          <b>${t(one.warning ? "standards.warning" : "standards.error")}</b> <code>${one.where}</code> ${one.what}
          <p class="mend"><b>${t("problem.mend")}</b> ${one.mend}</p>
        </li>`)}
      </ul>`;
  }
}
