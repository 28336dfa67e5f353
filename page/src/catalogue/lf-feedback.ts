import { html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { calls } from "../api/calls";
import { problemOf } from "../api/client";
import type { Issue } from "../api/portal";
import type { Column, Page, Problem } from "../api/types";
import { moment, nameOf } from "../format";
import { t } from "../i18n";
import { Piece } from "../shell/element";
import { Listed } from "../shell/listed";
import { problemCard, skeleton } from "../shell/parts";
import { data } from "../state/data";

/** What readers found wrong with a dataset and what became of it; and a form to say so, for anybody. */
@customElement("lf-feedback")
export class FeedbackPiece extends Piece {
  @property({ attribute: false }) which = "";
  @property({ attribute: false }) columns: Column[] = [];
  @state() private refused: Problem | null = null;
  private readonly held = new Listed<Page<Issue>>(this);

  protected override render(): TemplateResult {
    const asked = this.held.list(this.which, (after) => calls.issues(this.which, after));
    return html`${asked.state === "asked" ? skeleton(2) : asked.state === "refused" ? problemCard(asked.problem, () => this.held.forget()) : this.list(asked.value.items)}
      <form class="feedback" @submit=${(event: SubmitEvent) => void this.tell(event)}>
        <label>${t("feedback.text")} <textarea name="text" rows="3" maxlength="2000" required></textarea></label>
        <label>${t("feedback.column")}
          <select name="column"><option value="">${t("feedback.whole")}</option>
            ${this.columns.map((column) => html`<option value=${column.name}>${nameOf(column.title, this.tongue) || column.name}</option>`)}
          </select></label>
        <button type="submit">${t("feedback.send")}</button>
      </form>
      ${this.refused ? problemCard(this.refused) : nothing}`;
  }

  private list(items: Issue[]): TemplateResult {
    if (!items.length) return html`<p class="calm">${t("feedback.none")}</p>`;
    return html`<ul class="issues">${items.map((issue) => html`<li>
      <p><b>${t(`issue.${issue.state}`)}</b> ${issue.overdue ? html`<span class="warn">${t("issue.overdue")}</span>` : nothing} ${issue.text}</p>
      <p class="fine">${issue.column ? html`<code>${issue.column}</code> · ` : nothing}${moment(issue.opened, this.zone)}${issue.assignee ? ` · ${issue.assignee}` : ""}</p>
    </li>`)}</ul>${this.held.foot()}`;
  }

  private async tell(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const told = new FormData(form);
    try {
      await calls.tellIssue(this.which, { text: String(told.get("text")), column: String(told.get("column")) });
      this.refused = null;
      form.reset();
      data.set({ said: t("feedback.sent") });
      this.held.forget();
    } catch (error) {
      this.refused = problemOf(error);
    }
  }
}
