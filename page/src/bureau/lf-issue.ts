import { html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { bureau, type Issue } from "../api/bureau";
import { fromLocal, isoIn, moment } from "../format";
import { t, tOr } from "../i18n";
import { Fetched } from "../shell/fetched";
import { view } from "../state/view";
import { ActingPiece, shown } from "../work/acting";
import { backToList } from "../work/item";

/** One issue: what is wrong, what became of it, and the next step of feedback, assigning, mending and confirming. */
@customElement("lf-issue")
export class IssuePiece extends ActingPiece {
  @property({ attribute: false }) which = "";
  private readonly held = new Fetched<Issue>(this, "work-list");

  protected override render(): TemplateResult {
    const asked = this.held.want(`${this.who} ${this.which}`, () => bureau.issue(this.which));
    return html`${backToList()}${shown(asked, () => this.held.forget(), (issue) => this.told(issue))}`;
  }

  private told(issue: Issue): TemplateResult {
    const open = (): void => view.set({ room: "data", dataset: issue.dataset, tab: null, item: null });
    return html`<section data-issue=${issue.id} data-state=${issue.state}>
        <h2>${t(`issue.${issue.state}`)} ${issue.overdue ? html`<small class="warn">${t("issue.overdue")}</small>` : nothing}</h2>
        <p>${issue.text}</p>
        <dl class="pairs">
          <dt>${t("exchange.dataset")}</dt><dd><button type="button" class="link" @click=${open}>${issue.dataset}</button></dd>
          ${issue.column ? html`<dt>${t("dataset.column")}</dt><dd><code>${issue.column}</code></dd>` : nothing}
          ${issue.row_key ? html`<dt>${t("versions.row")}</dt><dd><code>${issue.row_key}</code></dd>` : nothing}
          <dt>${t("issues.assignee")}</dt><dd>${issue.assignee || "—"}</dd>
          <dt>${t("issues.due")}</dt><dd>${issue.due ? moment(issue.due, this.zone) : "—"}</dd>
        </dl>
      </section>
      <section><h2>${t("issues.history")}</h2><ul class="issues">${issue.events.map((one) => html`<li><b>${tOr(`issues.done.${one.move}`, one.move)}</b>
        <span class="fine">${moment(one.recorded, this.zone)}${one.by ? ` · ${one.by}` : ""}</span>${one.note ? html`<p>${one.note}</p>` : nothing}</li>`)}</ul></section>
      ${issue.moves.length ? this.handling(issue) : nothing}`;
  }

  private handling(issue: Issue): TemplateResult {
    const steps = issue.moves;
    const assigns = steps.includes("assign");
    return html`<section><h2>${t("issues.next")}</h2>
      <form class="life-form" @submit=${(event: SubmitEvent) => void this.move(event)}>
        ${assigns ? html`<label>${t("issues.to")}<input name="assignee" maxlength="200" .value=${issue.assignee} /></label>
          <label>${t("issues.by")}<input name="due" type="datetime-local" /></label>` : nothing}
        <label>${t("issues.note")}<textarea name="note" rows="3" maxlength="2000"></textarea></label>
        <p class="acts">${steps.map((step, index) => html`<button class=${index ? "quiet" : ""} value=${step} data-move=${step}>${tOr(`issues.do.${step}`, step)}</button>`)}</p>
      </form>${this.refusal("issue")}</section>`;
  }

  private async move(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const given = new FormData(form);
    const told = (name: string): string => String(given.get(name) ?? "").trim();
    const step = (event.submitter as HTMLButtonElement | null)?.value ?? "";
    const due = fromLocal(told("due"), this.zone);
    const assigning = step === "assign";
    const body = { move: step, note: told("note"), assignee: assigning ? told("assignee") : "", due: assigning && due !== null ? isoIn(due, this.zone) : null };
    if (!(await this.act("issue", t("issues.moved"), () => bureau.moveIssue(this.which, body)))) return;
    form.reset();
    this.held.forget();
    this.dispatchEvent(new CustomEvent("moved"));
  }
}
