import { html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { calls } from "../api/calls";
import type { QueryAnswer } from "../api/portal";
import type { Cell, Column } from "../api/types";
import "../charts/lf-plot";
import { seriesOf, type Series } from "../charts/plot";
import { nameOf } from "../format";
import { t, type Key } from "../i18n";
import { Piece } from "../shell/element";
import { Fetched } from "../shell/fetched";
import { problemCard, skeleton } from "../shell/parts";
import { meaningsOf, type Meanings } from "../state/codes";
import { here } from "../state/data";
import { view } from "../state/view";
import { APART, byColumns, chartSql, choicesSql, formsBy, isNumeric, isTimed, MEASURES, namingColumns, STEPS, wishOf, wishText, type Wish } from "./chart-query";

interface Answered {
  wish: Wish;
  answer: QueryAnswer;
}

/** A chart of a dataset that a reader puts together; it stands in the address, so that it can be shared and embedded. */
@customElement("lf-chart-builder")
export class ChartBuilderPiece extends Piece {
  @property({ attribute: false }) which = "";
  @property({ attribute: false }) columns: Column[] = [];
  private readonly held = new Fetched<Answered>(this);
  private readonly values = new Fetched<QueryAnswer>(this);
  private readonly meanings = new Fetched<Meanings>(this);

  protected override render(): TemplateResult | typeof nothing {
    const wish = wishOf(view.value.chart, this.columns);
    if (!wish) return html`<p class="calm">${t("builder.none")}</p>`;
    const sql = chartSql(this.which, this.columns, wish);
    const asked = this.held.want(sql, async () => ({ wish, answer: await calls.query(sql) }));
    return html`${view.value.embed ? nothing : this.choices(wish)}
      ${asked.state === "asked" ? skeleton(5) : asked.state === "refused" ? problemCard(asked.problem, () => this.held.forget()) : this.drawn(asked.value)}
      ${view.value.embed ? nothing : html`<details><summary>SQL</summary><pre tabindex="0"><code>${sql}</code></pre></details>`}`;
  }

  private choices(wish: Wish): TemplateResult {
    const by = this.columns.find(({ name }) => name === wish.by);
    const numeric = this.columns.filter((column) => isNumeric(column) && (wish.form !== "points" || column !== by));
    const naming = namingColumns(this.columns);
    const points = wish.form === "points";
    const named = (columns: Column[]): [string, string][] => columns.map((each) => [each.name, this.titleOf(each)]);
    const none: [string, string] = ["", t("builder.all")];
    return html`<p class="choices">
      ${this.select("form", "builder.form", wish.form, formsBy(by, this.columns).map((each) => [each, t(`builder.form.${each}`)]))}
      ${points ? nothing : this.select("measure", "builder.measure", wish.measure, MEASURES.filter((each) => each === "count" || numeric.length > 0).map((each) => [each, t(`builder.${each}`)]))}
      ${points || wish.measure !== "count" ? this.select("of", "builder.of", wish.of, named(numeric)) : nothing}
      ${this.select("by", "builder.by", wish.by, named(byColumns(this.columns)))}
      ${isTimed(by) && !points ? this.select("step", "builder.step", wish.step, STEPS.map((each) => [each, t(`builder.step.${each}`)])) : nothing}
      ${naming.length ? this.select("apart", "builder.apart", wish.apart, [["", t("none")], ...named(naming.filter((column) => column !== by))]) : nothing}
      ${naming.length ? this.select("where", "builder.where", wish.where, [none, ...named(naming)]) : nothing}
      ${wish.where ? this.select("is", "builder.is", wish.is, [none, ...this.valuesOf(wish)]) : nothing}
    </p>`;
  }

  private valuesOf(wish: Wish): [string, string][] {
    const sql = choicesSql(this.which, wish.where);
    const rows = here(this.values.want(sql, () => calls.query(sql)))?.rows ?? [];
    const found = rows.map(([value]) => String(value));
    const held = wish.is && !found.includes(wish.is) ? [wish.is, ...found] : found;
    return held.map((value) => [value, this.meant(wish.where, value)]);
  }

  private titleOf(column: Column): string {
    return nameOf(column.title, this.tongue) || column.name;
  }

  private select(key: keyof Wish, label: Key, value: string, options: [string, string][]): TemplateResult {
    const changed = (event: Event): void => {
      const wish = wishOf(view.value.chart, this.columns);
      if (!wish) return;
      const change = { [key]: (event.currentTarget as HTMLSelectElement).value, ...(key === "where" ? { is: "" } : {}) };
      view.set({ chart: wishText({ ...wish, ...change }) });
    };
    return html`<label>${t(label)} <select data-key=${key} @change=${changed}>${options.map(([each, word]) => html`<option value=${each} ?selected=${each === value}>${word}</option>`)}</select></label>`;
  }

  /** Return a value with what it means, where its column states a code list. */
  private meant(column: string, value: string): string {
    const meaning = nameOf(here(this.meanings.asked)?.get(column)?.get(value), this.tongue);
    return meaning && meaning !== value ? `${value} ${meaning}` : value;
  }

  private drawn({ wish, answer }: Answered): TemplateResult {
    if (answer.rows.length === 0) return html`<p class="calm">${t("drawer.empty")}</p>`;
    this.learn(wish, answer.rows);
    const by = this.columns.find(({ name }) => name === wish.by);
    const of = wish.form !== "points" && wish.measure === "count" ? undefined : this.columns.find(({ name }) => name === wish.of);
    const measured = of ? this.titleOf(of) : t("builder.count");
    const name = of && wish.form !== "points" ? `${t(`builder.${wish.measure}`)} ${measured}` : measured;
    const scale = isTimed(by) ? "time" : isNumeric(by) ? "number" : "name";
    const series = this.seriesOf(wish, answer.rows, scale, name);
    const title = [name, wish.where && wish.is ? this.meant(wish.where, wish.is) : ""].filter(Boolean).join(" · ");
    const notes = [answer.truncated ? t("builder.cut") : "", series.length === APART ? t("builder.eight", { n: APART }) : "", wish.form === "points" ? t("builder.sample") : ""];
    return html`<p><b>${title}</b></p>
      <lf-plot .name=${title} .unit=${of?.unit ?? ""} .by=${by ? this.titleOf(by) : ""} .form=${wish.form} .scale=${scale} .series=${series}></lf-plot>
      ${notes.filter(Boolean).map((note) => html`<p class="fine">${note}</p>`)}`;
  }

  private learn(wish: Wish, rows: Cell[][]): void {
    const seen = [[wish.by, 0], [wish.apart, 2]] as const;
    const records = rows.map((row) => Object.fromEntries(seen.filter(([name]) => name).map(([name, at]) => [name, row[at] ?? null])));
    if (wish.where && wish.is) records.push({ [wish.where]: wish.is });
    const coded = this.columns.filter(({ name }) => [wish.by, wish.apart, wish.where].includes(name));
    this.meanings.want(wishText(wish), () => meaningsOf(coded, records));
  }

  private seriesOf(wish: Wish, rows: Cell[][], scale: "time" | "number" | "name", whole: string): Series[] {
    const place = (value: Cell): number | string => (scale === "time" ? Date.parse(String(value)) : scale === "number" ? Number(value) : this.meant(wish.by, String(value)));
    const told = rows.map(([by = null, value = null, apart]): [number | string, number | null, string?] => {
      const y = value === null ? null : Number(value);
      return wish.apart ? [place(by), y, this.meant(wish.apart, String(apart))] : [place(by), y];
    });
    return seriesOf(told, whole);
  }
}
