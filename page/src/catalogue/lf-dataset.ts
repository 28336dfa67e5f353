import { html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { calls } from "../api/calls";
import { downloadAddress } from "../api/client";
import type { Dataset, Lineage, Names, Page, RefusedRow, Rows } from "../api/types";
import { bytes, licenceOf, moment, nameOf, number } from "../format";
import { t, tOr, type Key } from "../i18n";
import { Piece } from "../shell/element";
import { Fetched } from "../shell/fetched";
import { Listed } from "../shell/listed";
import { problemCard, skeleton } from "../shell/parts";
import { statedPurpose } from "../shell/lf-purpose";
import { inZone, rowTable, titled } from "../shell/table";
import { pending } from "../shell/ready";
import { meaningsOf, type Meanings } from "../state/codes";
import { data, here, mayAct } from "../state/data";
import { view } from "../state/view";
import { lineageDrawing } from "./lineage";
import { qualityReport } from "./quality";
import "./lf-chart-builder";
import "./lf-dictionary";
import "./lf-feedback";
import "./lf-reading";
import "./lf-standing";
import "./lf-used";
import "./lf-versions";
import { refusedTable } from "./refused";

const FORMATS = ["csv", "xlsx", "geojson", "gpkg", "parquet", "arrow"];
const PLACED = new Set(["geojson", "gpkg"]);
const PREVIEW_ROWS = 10;
/** States in which it may be that no file has come yet; and those in which a dataset can be queried. */
const UNPUBLISHED = new Set(["draft", "review"]);
const QUERIED = new Set(["published", "deprecated"]);
/** What 长辈版 leaves out. */
const SECONDARY = new Set<Key>(["dataset.used", "dataset.releases", "dataset.lineage", "dataset.api"]);

/** The page of one dataset: what it says of itself, its rows, its quality, its releases and where it came from. */
@customElement("lf-dataset")
export class DatasetPiece extends Piece {
  @property({ attribute: false }) which = "";
  private readonly held = new Fetched<Dataset>(this, "catalogue");
  private readonly rows = new Fetched<Rows>(this, "preview");
  private readonly meanings = new Fetched<Meanings>(this);
  private readonly refused = new Listed<Page<RefusedRow>>(this);
  private readonly lineage = new Fetched<Lineage>(this);

  protected override render(): TemplateResult {
    const asked = this.held.want(this.which, () => calls.dataset(this.which));
    if (asked.state !== "asked") pending.delete("catalogue");
    return html`<article class="dataset" data-dataset=${this.which}>
      ${view.value.embed ? nothing : html`<button type="button" class="quiet back" @click=${() => view.set({ dataset: null })}>‹ ${t("catalogue.back")}</button>`}
      ${asked.state === "asked" ? skeleton(12) : nothing}
      ${asked.state === "refused" ? problemCard(asked.problem, () => this.held.forget()) : nothing}
      ${asked.state === "here" ? this.page(asked.value) : nothing}
    </article>`;
  }

  protected override updated(): void {
    const dataset = here(this.held.asked);
    if (dataset && data.value.titled?.dataset !== dataset.id) data.set({ titled: { dataset: dataset.id, name: dataset.name } });
  }

  private page(dataset: Dataset): TemplateResult {
    const empty = dataset.releases.length === 0 && UNPUBLISHED.has(dataset.state);
    const ofRows: [Key, TemplateResult][] = empty ? [["dataset.preview", this.awaited()]] : [
      ["dataset.preview", this.preview(dataset)],
      ...(dataset.geometry ? [["dataset.map", this.map(dataset)] as [Key, TemplateResult]] : []),
      ...(QUERIED.has(dataset.state) ? [["dataset.chart", html`<lf-chart-builder .which=${dataset.id} .columns=${dataset.columns}></lf-chart-builder>`] as [Key, TemplateResult]] : []),
    ];
    const ofQuality: [Key, TemplateResult][] = empty ? [] : [
      ["dataset.quality", html`${qualityReport(dataset.quality, this.tongue)}<lf-standing .which=${dataset.id}></lf-standing>${this.refusedRows(dataset)}`],
      ["dataset.releases", html`${this.releases(dataset)}<lf-versions .which=${dataset.id} .releases=${dataset.releases}></lf-versions>`],
    ];
    const chart = ofRows.filter(([key]) => key === "dataset.chart");
    const sections: [Key, TemplateResult][] = view.value.embed && view.value.chart ? chart : [
      ...ofRows,
      ["dataset.metadata", this.metadata(dataset)],
      ...(dataset.columns.length ? [["dataset.columns", html`<lf-dictionary .which=${dataset.id}></lf-dictionary>`] as [Key, TemplateResult]] : []),
      ...ofQuality,
      ...(mayAct(data.value.subject, "data_officer", "analyst", "operator") ? [["dataset.life", this.life()] as [Key, TemplateResult]] : []),
      ...(empty ? [] : ([["dataset.lineage", this.origins()], ["dataset.used", html`<lf-used .which=${dataset.id}></lf-used>`], ["dataset.api", html`<lf-reading .which=${dataset.id}></lf-reading>`]] as [Key, TemplateResult][])),
      ["dataset.feedback", html`<lf-feedback .which=${dataset.id} .columns=${dataset.columns}></lf-feedback>`],
    ];
    const anchor = (key: Key): string => key.replace("dataset.", "");
    const jump = (event: Event, key: Key): void => {
      event.preventDefault();
      this.querySelector(`#${anchor(key)}`)?.scrollIntoView();
    };
    return html`<header>
        <h1>${nameOf(dataset.name, this.tongue)} <code>${dataset.id}</code></h1>
        <p>${nameOf(dataset.summary, this.tongue)}</p>
        <p class="tags">
          <span>${nameOf(dataset.theme, this.tongue)}</span>${dataset.format ? html`<span>${tOr(`format.${dataset.format}`, dataset.format)}</span>` : nothing}
          <span>${tOr(`classification.${dataset.classification}`, dataset.classification)}</span>
          ${empty ? nothing : html`<span>${t("catalogue.rows", { n: number(dataset.rows, this.tongue, 0) })}</span>`}
        </p>
        <p class="fine">${[nameOf(dataset.attribution, this.tongue), dataset.licence && licenceOf(dataset, this.tongue), dataset.source].filter(Boolean).join(" · ")}</p>
        ${statedPurpose(`dataset:${dataset.id}`, () => this.held.forget())}
        ${empty || view.value.embed ? nothing : this.downloads(dataset)}
      </header>
      ${sections.length === 1 ? nothing : html`<nav class="sections" aria-label=${t("dataset.sections")}>
        ${sections.map(([key]) => html`<a class=${SECONDARY.has(key) ? "secondary" : ""} href="#${anchor(key)}" @click=${(event: Event) => jump(event, key)}>${t(key)}</a>`)}
      </nav>`}
      ${sections.map(([key, content]) => html`<section id=${anchor(key)} class=${SECONDARY.has(key) ? "secondary" : ""}><h2>${t(key)}</h2>${content}</section>`)}`;
  }

  /** A dataset of which no file has come yet, and where one is delivered. */
  private awaited(): TemplateResult {
    const deliver = (): void => view.set({ room: "work", tab: "exchange", dataset: null, item: null });
    return html`<p class="calm">${t("dataset.awaited")}</p>
      ${mayAct(data.value.subject, "data_officer", "analyst", "operator") ? html`<p><button type="button" class="quiet" @click=${deliver}>${t("dataset.deliver")}</button></p>` : nothing}`;
  }

  private downloads(dataset: Dataset): TemplateResult {
    return html`<p class="downloads">
          <b>${t("dataset.download")}</b>
          ${FORMATS.filter((format) => dataset.geometry || !PLACED.has(format)).map(
            (format) => html`<a class="button" download href=${downloadAddress(`/datasets/${dataset.id}/rows`, { format })}>${format}</a>`,
          )}
          <a class="button" download href=${downloadAddress(`/datasets/${dataset.id}/sheet`)}>${t("dataset.sheet")}</a>
        </p>`;
  }

  private preview(dataset: Dataset): TemplateResult {
    const asked = this.rows.want(this.which, () => calls.rows(this.which, { limit: PREVIEW_ROWS }));
    if (asked.state === "asked") return skeleton(6);
    if (asked.state === "refused") return problemCard(asked.problem, () => this.rows.forget());
    const { items, columns } = asked.value;
    const meanings = here(this.meanings.want(this.which, () => meaningsOf(dataset.columns, items)));
    if (items.length === 0) return html`<p>${t("drawer.empty")}</p>`;
    const local = inZone(titled(columns, dataset.columns), columns, items, this.zone);
    return rowTable(local.columns, local.rows, this.tongue, meanings);
  }

  private life(): TemplateResult {
    void import("../bureau/lf-life");
    return html`<lf-life .which=${this.which}></lf-life>`;
  }

  private map(dataset: Dataset): TemplateResult {
    void import("./lf-dataset-map");
    return html`<lf-dataset-map .which=${dataset.id} .bbox=${dataset.bbox}></lf-dataset-map>`;
  }

  private metadata(dataset: Dataset): TemplateResult {
    return html`<dl class="pairs">
      ${dataset.metadata.map(
        ({ element, en, value }) => html`<dt>${this.tongue === "zh" ? element : en} <small>${this.tongue === "zh" ? en : element}</small></dt>
          <dd>${this.element(value)}</dd>`,
      )}
    </dl>`;
  }

  private element(value: unknown): string {
    const list = Array.isArray(value) ? value : [value];
    return list.map((one) => nameOf(one as Names | string | null, this.tongue)).join(this.tongue === "zh" ? "、" : ", ");
  }

  private refusedRows(dataset: Dataset): TemplateResult {
    if (!dataset.refused) return html`<p class="calm">${t("dataset.refused.none")}</p>`;
    const asked = this.refused.list(this.which, (after) => calls.refused(this.which, after));
    if (asked.state === "asked") return skeleton(3);
    if (asked.state === "refused") return problemCard(asked.problem, () => this.refused.forget());
    return html`<h3>${t("dataset.refused")}</h3>${refusedTable(asked.value.items, this.tongue)}${this.refused.foot()}`;
  }

  private releases(dataset: Dataset): TemplateResult {
    const rows = dataset.releases.map((one) => ({
      [t("dataset.release")]: one.number,
      [t("dataset.recorded")]: moment(one.recorded, this.zone),
      [t("dataset.rows")]: one.rows,
      [t("dataset.quality.refused")]: one.refused,
      [t("dataset.size")]: bytes(one.bytes, this.tongue),
      "SHA-256": one.sha256.slice(0, 16),
      [t("dataset.file")]: one.source_name,
    }));
    return rowTable(Object.keys(rows[0] ?? {}), rows, this.tongue);
  }

  private origins(): TemplateResult {
    const asked = this.lineage.want(this.which, () => calls.lineage(this.which));
    if (asked.state === "asked") return skeleton(3);
    if (asked.state === "refused") return problemCard(asked.problem, () => this.lineage.forget());
    return lineageDrawing(asked.value, this.which, this.tongue);
  }
}
