import { html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { calls } from "../api/calls";
import type { Standing } from "../api/portal";
import { moment, nameOf, number } from "../format";
import { t, tOr } from "../i18n";
import { Piece } from "../shell/element";
import { Fetched } from "../shell/fetched";
import { problemCard, skeleton } from "../shell/parts";

/** The standing checks of a dataset by their dimensions, and how the scores went from release to release. */
@customElement("lf-standing")
export class StandingPiece extends Piece {
  @property({ attribute: false }) which = "";
  private readonly held = new Fetched<Standing>(this);

  protected override render(): TemplateResult {
    const asked = this.held.want(this.which, () => calls.standing(this.which));
    if (asked.state === "asked") return skeleton(4);
    if (asked.state === "refused") return problemCard(asked.problem, () => this.held.forget());
    const { checks, history, late, due } = asked.value;
    return html`<h3>${t("standing.title")}</h3>
      ${late ? html`<p class="warn">${t("standing.late", { time: due ? moment(due, this.zone) : "" })}</p>` : nothing}
      ${checks.length ? this.checks(checks) : html`<p class="calm">${t("standing.none")}</p>`}
      ${history.length > 1 ? this.history(history) : nothing}`;
  }

  private checks(checks: Standing["checks"]): TemplateResult {
    return html`<table class="facts">
      <thead><tr><th scope="col">${t("standing.dimension")}</th><th scope="col">${t("standing.check")}</th><th scope="col" class="number">${t("standing.score")}</th><th scope="col">${t("standing.passed")}</th></tr></thead>
      <tbody>
        ${checks.map((check) => html`<tr>
          <td>${tOr(`dimension.${check.dimension}`, check.dimension)}</td><td>${nameOf(check.name, this.tongue)}</td>
          <td class="number">${number(check.score, this.tongue, 1)}</td><td>${check.passed ? t("yes") : html`<b class="warn">${t("no")}</b>`}</td>
        </tr>`)}
      </tbody>
    </table>`;
  }

  private history(history: Standing["history"]): TemplateResult {
    const dimensions = [...new Set(history.flatMap(({ scores }) => Object.keys(scores)))];
    return html`<h3>${t("standing.history")}</h3><table class="facts">
      <thead><tr><th scope="col">${t("dataset.release")}</th>${dimensions.map((each) => html`<th scope="col" class="number">${tOr(`dimension.${each}`, each)}</th>`)}</tr></thead>
      <tbody>${history.map(({ release, scores }) => html`<tr><th scope="row">${release}</th>${dimensions.map((each) => html`<td class="number">${number(scores[each] ?? null, this.tongue, 1)}</td>`)}</tr>`)}</tbody>
    </table>`;
  }
}
