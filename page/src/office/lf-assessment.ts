import { html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { office, type Assessment, type Form } from "../api/office";
import type { Page } from "../api/types";
import { lawOf, moment, nameOf } from "../format";
import { t } from "../i18n";
import { Fetched } from "../shell/fetched";
import { ActingPiece, shown } from "../work/acting";

/** The impact assessment of a request: its form, each question with its article, and the versions written so far. */
@customElement("lf-assessment")
export class AssessmentPiece extends ActingPiece {
  @property({ attribute: false }) which = "";
  /** Whether it is still to be answered. */
  @property({ attribute: false }) asked = false;
  private readonly form = new Fetched<Form>(this);
  private readonly held = new Fetched<Page<Assessment>>(this);

  protected override render(): TemplateResult {
    const asked = this.held.want(this.which, () => office.assessments(this.which));
    const form = this.form.want("form", () => office.form());
    return html`<h3>${t("assessment.title")}</h3>
      ${shown(asked, () => this.held.forget(), ({ items }) => this.versions(items))}
      ${this.asked && form.state === "here" ? this.write(form.value, asked.state === "here" ? asked.value.items[0] : undefined) : nothing}`;
  }

  private versions(items: Assessment[]): TemplateResult {
    if (!items.length) return html`<p class="calm">${t("assessment.none")}</p>`;
    const form = this.form.asked.state === "here" ? this.form.asked.value : null;
    const question = (id: string): string => nameOf(form?.questions.find((each) => each.id === id)?.question, this.tongue) || id;
    return html`${items.map((each) => html`<details class="work-more">
      <summary>${t("assessment.version", { n: each.version, time: moment(each.recorded, this.zone) })} · ${t(each.acceptable ? "assessment.fine" : "assessment.risky")}</summary>
      <dl class="pairs">${Object.entries(each.answers).map(([id, text]) => html`<dt>${question(id)}</dt><dd>${text}</dd>`)}</dl>
    </details>`)}`;
  }

  private write(form: Form, last: Assessment | undefined): TemplateResult {
    const save = async (event: SubmitEvent): Promise<void> => {
      event.preventDefault();
      const told = new FormData(event.currentTarget as HTMLFormElement);
      const answers = Object.fromEntries(form.questions.map(({ id }) => [id, String(told.get(id))]));
      const done = await this.act("assess", t("assessment.said"), () => office.assess(this.which, answers, told.get("acceptable") === "yes"));
      if (done) this.held.forget();
    };
    return html`<details class="work-more"><summary>${t("assessment.write")}</summary>
      <form class="work-form" @submit=${(event: SubmitEvent) => void save(event)}>
        ${form.questions.map(({ id, question, law }) => html`<label>${nameOf(question, this.tongue)} <small>${lawOf(law, this.tongue)}</small>
          <textarea name=${id} rows="2" maxlength="4000" required .value=${last?.answers[id] ?? ""}></textarea></label>`)}
        <fieldset><legend>${t("assessment.risk")}</legend>
          <label><input type="radio" name="acceptable" value="yes" required /> ${t("assessment.fine")}</label>
          <label><input type="radio" name="acceptable" value="no" /> ${t("assessment.risky")}</label></fieldset>
        <p class="buttons"><button>${t("assessment.save")}</button></p>
        <p class="fine">${form.source}</p>
      </form>${this.refusal("assess")}
    </details>`;
  }
}
