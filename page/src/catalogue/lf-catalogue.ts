import { html, nothing, type TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";
import "../css/catalogue.css";
import "../css/portal.css";
import { calls } from "../api/calls";
import { purposeFor } from "../api/purpose";
import type { DatasetPage, DatasetSummary, FacetName, FacetValue } from "../api/types";
import { licenceOf, moment, nameOf, number } from "../format";
import { t, tOr } from "../i18n";
import "../i18n/later";
import { Piece } from "../shell/element";
import { Listed } from "../shell/listed";
import { emptyCard, problemCard, skeleton } from "../shell/parts";
import { pending } from "../shell/ready";
import { data, mayAct } from "../state/data";
import { FACETS, formatView } from "../state/url";
import { changeView } from "../state/undo";
import { view } from "../state/view";
import "./lf-dataset";
import { landing } from "./landing";
import "./lf-request";
import "./lf-upload";

const PAGE_SIZE = 30;
/** States in which a dataset is not there for everybody. */
const STATES = ["draft", "review", "archived"] as const;

/** The room of data: search by word and facet, and the page of each dataset. */
@customElement("lf-catalogue")
export class CataloguePiece extends Piece {
  private readonly found = new Listed<DatasetPage>(this, "catalogue");
  private wait = 0;

  private query(): Record<string, string | number | null> {
    const { q, facets } = view.value;
    return { q, ...facets, limit: PAGE_SIZE };
  }

  protected override render(): TemplateResult {
    const { dataset } = view.value;
    if (dataset) return html`<div class="catalogue"><lf-dataset .which=${dataset}></lf-dataset></div>`;
    return html`<div class="catalogue">
      <div class="catalogue-list">${this.list()}</div>
    </div>`;
  }

  private list(): TemplateResult {
    const key = `${JSON.stringify(this.query())}|${data.value.subject?.id ?? ""}`;
    const query = this.query();
    const asked = this.found.list(key, (after) => calls.datasets({ ...query, after }));
    if (asked.state !== "asked") pending.delete("catalogue");
    return html`<header class="catalogue-head">
        <h1>${t("room.data")} <small>${t("catalogue.title")}</small></h1>
        <input
          type="search" class="wide" .value=${view.value.q} placeholder=${t("catalogue.search")} aria-label=${t("catalogue.search")}
          @input=${(event: Event) => this.typed((event.currentTarget as HTMLInputElement).value)}
        />
      </header>
      ${mayAct(data.value.subject, "data_officer") ? this.preparing() : nothing}
      ${asked.state === "asked" ? skeleton(10) : nothing} ${asked.state === "refused" ? problemCard(asked.problem, () => this.found.forget()) : nothing}
      ${asked.state === "here" ? this.results(asked.value) : nothing}`;
  }

  /** What those see who prepare data: where a file is brought in or a draft begun, and where datasets are in their life. */
  private preparing(): TemplateResult {
    void import("../bureau/lf-draft");
    const choose = (state: string | null): void => {
      const { state: before, ...rest } = view.value.facets;
      view.set({ facets: state === null || state === before ? rest : { ...rest, state } });
    };
    return html`<lf-upload @admitted=${() => this.found.forget()}></lf-upload><lf-draft></lf-draft>
      <div class="chips" role="group" aria-label=${t("facet.state")}>
        ${[null, ...STATES].map((each) => html`<button type="button" class="chip" data-state=${each ?? nothing} aria-pressed=${(view.value.facets.state ?? null) === each} @click=${() => choose(each)}>
          ${t(each === null ? "facet.state.now" : `life.${each}`)}</button>`)}
      </div>`;
  }

  private typed(q: string): void {
    window.clearTimeout(this.wait);
    this.wait = window.setTimeout(() => view.set({ q }), 250);
  }

  private results(page: DatasetPage): TemplateResult {
    const filtered = view.value.q !== "" || Object.keys(view.value.facets).length > 0;
    const { items } = page;
    if (items.length === 0 && !filtered) return emptyCard(t("catalogue.empty"), "lifang data add FILE.csv --card dataset.toml");
    return html`${filtered ? nothing : landing(page, this.tongue)}${this.meant(page)}<div class="catalogue-body">
      <div class="facets">
        ${FACETS.filter((name) => name !== "state").map((name) => this.facet(name, page.facets?.[name] ?? []))}
        ${filtered ? html`<button type="button" class="quiet" @click=${() => changeView(t("undo.cleared"), { q: "", facets: {} })}>${t("catalogue.clear")}</button>` : nothing}
      </div>
      <div class="results">
        <p class="fine" role="status">${t("catalogue.found", { n: number(page.total, this.tongue, 0) })}</p>
        ${items.length ? html`<ul>${items.map((item) => this.result(item))}</ul>` : html`<p class="calm">${t("catalogue.none")}</p>`}
        ${this.found.foot()}
      </div>
    </div>`;
  }

  private meant({ did_you_mean: meant }: DatasetPage): TemplateResult | typeof nothing {
    if (!meant) return nothing;
    return html`<p>${t("catalogue.meant")} <button type="button" class="link" @click=${() => view.set({ q: meant })}>${meant}</button></p>`;
  }

  private facet(name: FacetName, values: FacetValue[]): TemplateResult | typeof nothing {
    const chosen = view.value.facets[name];
    if (values.length === 0 && !chosen) return nothing;
    const choose = (value: string): void => {
      const facets = { ...view.value.facets };
      if (facets[name] === value) delete facets[name];
      else facets[name] = value;
      changeView(t(facets[name] ? "undo.filtered" : "undo.unfiltered"), { facets });
    };
    return html`<fieldset>
      <legend>${t(`facet.${name}`)}</legend>
      ${values.map(({ value, name: words, count }) => {
        const word = tOr(`${name}.${value}`, nameOf(words, this.tongue) || value);
        return html`<button type="button" class="facet" aria-pressed=${chosen === value} @click=${() => choose(value)}>
          <span>${word}</span><small>${count}</small>
        </button>`;
      })}
    </fieldset>`;
  }

  private result(item: DatasetSummary): TemplateResult {
    const open = (event: MouseEvent): void => {
      if (event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      view.set({ dataset: item.id });
    };
    return html`<li class="result" data-dataset=${item.id}>
      <h2><a href=${formatView({ ...view.value, dataset: item.id })} @click=${open}>${nameOf(item.name, this.tongue)}</a> <code>${item.id}</code></h2>
      ${item.needs ? this.veiled(item) : this.told(item)}
    </li>`;
  }

  /** A dataset of which a list says no more than that it is there. */
  private veiled(item: DatasetSummary): TemplateResult {
    const purpose = purposeFor(`dataset:${item.id}`);
    return html`<p class="tags">
        <span>${nameOf(item.theme, this.tongue)}</span>
        <span class="warn">${tOr(`classification.${item.classification}`, item.classification)}</span>
      </p>
      ${item.needs === "agreement" ? html`<p>${t("request.needed")}</p><lf-request .which=${item.id}></lf-request>` : nothing}
      <p class="fine">${nameOf(item.provider, this.tongue)}${item.needs === "agreement" ? nothing : html` · ${purpose === null ? t("purpose.needed") : `${t("purpose.stated")} ${purpose}`}`}</p>`;
  }

  private told(item: DatasetSummary): TemplateResult {
    const score = item.quality_score;
    return html`<p>${nameOf(item.summary, this.tongue)}</p>
      <p class="tags">
        <span>${nameOf(item.theme, this.tongue)}</span>${item.format ? html`<span>${tOr(`format.${item.format}`, item.format)}</span>` : nothing}
        <span>${tOr(`classification.${item.classification}`, item.classification)}</span>
        <span>${t("catalogue.rows", { n: number(item.rows, this.tongue, 0) })}</span>
        ${item.refused ? html`<span class="warn">${t("catalogue.refusedRows", { n: number(item.refused, this.tongue, 0) })}</span>` : nothing}
        ${item.release === null ? nothing : html`<span>${t("catalogue.release", { n: item.release })}</span>`}
        ${score === null || score === undefined ? nothing : html`<span>${t("catalogue.score", { n: number(score <= 1 ? score * 100 : score, this.tongue, 1) })}</span>`}
      </p>
      <p class="fine">${[nameOf(item.provider, this.tongue), item.licence && licenceOf(item, this.tongue), item.updated && t("catalogue.updated", { time: moment(item.updated, this.zone) })].filter(Boolean).join(" · ")}</p>`;
  }
}
