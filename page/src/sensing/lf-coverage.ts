import { html, nothing, type TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";
import { net, type Coverage, type CoverageFigure } from "../api/network";
import { nameOf, number, unitOf } from "../format";
import { t } from "../i18n";
import { Piece } from "../shell/element";
import { Fetched } from "../shell/fetched";
import { command, problemCard, skeleton } from "../shell/parts";
import { data } from "../state/data";
import { listed } from "./words";

const EVERY_MS = 300_000;
/** A unit of these figures that is no unit of measure: per 10,000 people. */
const PER_10K = "{count}/{10k persons}";
const FIRST_COMMAND =
  'curl -X POST …/api/v1/network/links -H "Content-Type: application/json" -d \'{"links": [{"id": "olt-1", "kind": "xgs-pon", "zh": "光纤", "en": "fibre", "properties": {"ports": 128, "users": 2000, "users_500m": 900, "homes_passed": 5000}}]}\'';

/** The figures of the dual-gigabit plan: what can be worked out from what is registered, and what the others lack. */
@customElement("lf-coverage")
export class CoveragePiece extends Piece {
  private readonly coverage = new Fetched<Coverage>(this, "coverage");

  protected override render(): TemplateResult {
    const turn = Math.floor(Date.now() / EVERY_MS);
    const asked = this.coverage.want(`${turn}|${data.value.subject?.name ?? ""}`, net.coverage);
    return html`<section class="panel secondary coverage" aria-labelledby="coverage-title">
      <h2 id="coverage-title">${t("coverage.title")}</h2>
      ${asked.state === "asked" ? skeleton(5) : asked.state === "refused" ? problemCard(asked.problem, () => this.coverage.forget()) : this.content(asked.value)}
    </section>`;
  }

  private content({ items, inputs, note }: Coverage): TemplateResult {
    const known = items.filter(({ value }) => value !== null).length;
    return html`<p class="fine" data-known=${known}>${t("coverage.count", { n: known, all: items.length })} ${known === 0 ? t("coverage.none") : nothing} ${t("coverage.simulated")} ${t("coverage.after", { standard: listed([...new Set(items.map(({ standard }) => standard))], this.tongue) })}</p>
      <ul class="indicators">${items.map((item) => this.figure(item))}</ul>
      <details class="rules" data-inputs><summary>${t("coverage.inputs")}</summary>
        <dl class="pairs">${inputs.map(({ id, name, value }) => html`<dt>${nameOf(name, this.tongue)}</dt><dd data-input=${id}>${value === null ? html`<small>${t("coverage.input.none")}</small>` : number(value, this.tongue, 0)}</dd>`)}</dl>
        <p class="fine">${t("coverage.register")}</p>${command(FIRST_COMMAND)}
      </details>
      <p class="fine">${nameOf(note, this.tongue)}</p>`;
  }

  private figure({ id, name, unit, value, lacking, formula, missing, standard }: CoverageFigure): TemplateResult {
    const sign = unit === PER_10K ? t("coverage.per10k") : unitOf(unit, this.tongue);
    return html`<li data-figure=${id} data-lacks=${lacking.length}>
      <details class="indicator">
        <summary>
          <span class="indicator-name">${nameOf(name, this.tongue)}</span>
          <b class="indicator-value">${number(value, this.tongue, 2)}</b>
          <span class="indicator-unit">${sign}</span>
          ${lacking.length ? html`<small class="lacks">${t("coverage.lacks", { names: listed(lacking.map((each) => nameOf(each.name, this.tongue)), this.tongue) })}</small>` : nothing}
        </summary>
        <dl>
          <dt>${t("indicators.formula")}</dt><dd>${nameOf(formula, this.tongue)}</dd>
          <dt>${t("indicators.standard")}</dt><dd>${standard}</dd>
          <dt>${t("indicators.missing")}</dt><dd>${nameOf(missing, this.tongue)}</dd>
        </dl>
      </details>
    </li>`;
  }
}
