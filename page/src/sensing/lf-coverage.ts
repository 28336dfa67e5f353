import { html, nothing, type TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";
import { net, type Coverage, type CoverageFigure } from "../api/network";
import { nameOf, number } from "../format";
import { t } from "../i18n";
import { Piece } from "../shell/element";
import { Fetched } from "../shell/fetched";
import { figure } from "../shell/figure";
import { command, problemCard, skeleton } from "../shell/parts";
import { data } from "../state/data";
import { listed } from "./words";

const EVERY_MS = 300_000;
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
      <ul class="indicators">${items.map((item) => this.one(item))}</ul>
      <details class="rules" data-inputs><summary>${t("coverage.inputs")}</summary>
        <dl class="pairs">${inputs.map(({ id, name, value }) => html`<dt>${nameOf(name, this.tongue)}</dt><dd data-input=${id}>${value === null ? html`<small>${t("coverage.input.none")}</small>` : number(value, this.tongue, 0)}</dd>`)}</dl>
        <p class="fine">${t("coverage.register")}</p>${command(FIRST_COMMAND)}
      </details>
      <p class="fine">${nameOf(note, this.tongue)}</p>`;
  }

  private one(item: CoverageFigure): TemplateResult {
    const names = listed(item.lacking.map(({ name }) => nameOf(name, this.tongue)), this.tongue);
    const beside = item.lacking.length ? html`<small class="lacks">${t("coverage.lacks", { names })}</small>` : nothing;
    return html`<li data-figure=${item.id} data-lacks=${item.lacking.length}>${figure(item, this.tongue, { digits: 2, beside })}</li>`;
  }
}
