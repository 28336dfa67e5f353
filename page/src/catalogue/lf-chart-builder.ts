import { html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { calls } from "../api/calls";
import type { QueryAnswer } from "../api/portal";
import type { Column } from "../api/types";
import "../charts/lf-chart";
import { nameOf, number } from "../format";
import { t } from "../i18n";
import { Piece } from "../shell/element";
import { Fetched } from "../shell/fetched";
import { problemCard, skeleton } from "../shell/parts";
import { byColumns, chartSql, firstWish, isNumeric, isTimed, MEASURES, STEPS, type Measure, type Step, type Wish } from "./chart-query";

/** A chart of a dataset that a reader puts together: a measure of one column by another. */
@customElement("lf-chart-builder")
export class ChartBuilderPiece extends Piece {
  @property({ attribute: false }) which = "";
  @property({ attribute: false }) columns: Column[] = [];
  @state() private chosen: Partial<Wish> = {};
  private readonly answer = new Fetched<QueryAnswer>(this);

  private get wish(): Wish | null {
    const first = firstWish(this.columns);
    return first && { ...first, ...this.chosen };
  }

  protected override render(): TemplateResult | typeof nothing {
    const wish = this.wish;
    if (!wish) return html`<p class="calm">${t("builder.none")}</p>`;
    const sql = chartSql(this.which, this.columns, wish);
    const asked = this.answer.want(sql, () => calls.query(sql));
    return html`${this.choices(wish)}
      ${asked.state === "asked" ? skeleton(5) : asked.state === "refused" ? problemCard(asked.problem, () => this.answer.forget()) : this.drawn(wish, asked.value)}
      <details><summary>SQL</summary><pre tabindex="0"><code>${sql}</code></pre></details>`;
  }

  private choices(wish: Wish): TemplateResult {
    const by = this.columns.find(({ name }) => name === wish.by);
    const numeric = this.columns.filter(isNumeric);
    return html`<p class="choices">
      ${this.select(t("builder.measure"), wish.measure, MEASURES.filter((each) => each === "count" || numeric.length > 0).map((each) => [each, t(`builder.${each}`)]), (measure) => ({ measure: measure as Measure }))}
      ${wish.measure === "count" ? nothing : this.select(t("builder.of"), wish.of, numeric.map((each) => [each.name, this.titleOf(each)]), (of) => ({ of }))}
      ${this.select(t("builder.by"), wish.by, byColumns(this.columns).map((each) => [each.name, this.titleOf(each)]), (name) => ({ by: name }))}
      ${isTimed(by) ? this.select(t("builder.step"), wish.step, STEPS.map((each) => [each, t(`builder.step.${each}`)]), (step) => ({ step: step as Step })) : nothing}
    </p>`;
  }

  private titleOf(column: Column): string {
    return nameOf(column.title, this.tongue) || column.name;
  }

  private select(label: string, value: string, options: [string, string][], change: (value: string) => Partial<Wish>): TemplateResult {
    const changed = (event: Event): void => {
      this.chosen = { ...this.chosen, ...change((event.currentTarget as HTMLSelectElement).value) };
    };
    return html`<label>${label} <select @change=${changed}>${options.map(([key, word]) => html`<option value=${key} ?selected=${key === value}>${word}</option>`)}</select></label>`;
  }

  private drawn(wish: Wish, { rows, truncated }: QueryAnswer): TemplateResult {
    if (rows.length === 0) return html`<p class="calm">${t("drawer.empty")}</p>`;
    const by = this.columns.find(({ name }) => name === wish.by);
    const of = wish.measure === "count" ? undefined : this.columns.find(({ name }) => name === wish.of);
    const note = truncated ? html`<p class="fine">${t("builder.cut")}</p>` : nothing;
    if (!isTimed(by)) return html`${bars(rows as [unknown, number | null][], (value) => number(value, this.tongue))}${note}`;
    const points = rows.map(([time, value]) => ({ time: Date.parse(String(time)), value: typeof value === "number" ? value : null }));
    const name = of ? `${t(`builder.${wish.measure}`)} ${this.titleOf(of)}` : t("builder.count");
    return html`<lf-chart .name=${name} .unit=${of?.unit ?? ""} .points=${points} .height=${240}></lf-chart>${note}`;
  }
}

/** Return bars of values by name, the longest as wide as there is room. */
function bars(rows: [unknown, number | null][], told: (value: number | null) => string): TemplateResult {
  const most = Math.max(...rows.map(([, value]) => Math.abs(value ?? 0)), 0) || 1;
  return html`<div class="bars built">
    ${rows.map(([name, value]) => html`<span>${String(name)}</span><meter min="0" max=${most} .value=${Math.abs(value ?? 0)} aria-label=${String(name)}></meter><b>${told(value)}</b>`)}
  </div>`;
}
