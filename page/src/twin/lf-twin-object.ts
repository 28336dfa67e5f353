import { html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { calls } from "../api/calls";
import type { CityObject, Everything, Problem, TwinModel } from "../api/types";
import { moment, nameOf, number } from "../format";
import { t } from "../i18n";
import { Piece } from "../shell/element";
import { Fetched } from "../shell/fetched";
import { problemCard, skeleton } from "../shell/parts";
import { data } from "../state/data";
import { MOST_HIDDEN } from "../state/twin-url";
import { view } from "../state/view";
import { downloads } from "./downloads";
import "./lf-twin-links";
import "./lf-twin-live";

const STOREY = "BuildingStorey";
const OTHERS_CLEAR = 90; // percent of the light that goes through all but the one that is looked at
type Word = "twin.class" | "twin.category" | "twin.level" | "twin.stage" | "twin.height" | "twin.length" | "twin.since" | "twin.until" | "twin.recorded";

/** All that is told of the picked object: itself, its live values and links, its storeys and parts, its versions. */
@customElement("lf-twin-object")
export class TwinObjectPiece extends Piece {
  @property({ attribute: false }) models: TwinModel[] = [];
  private readonly about = new Fetched<Everything>(this);
  private readonly held = new Fetched<{ items: CityObject[] }>(this);

  protected override render(): TemplateResult | typeof nothing {
    const { at, pick: id } = view.value;
    if (!id) return nothing; // it is drawn once more before the room takes it away
    const found = this.about.want(`${id} ${at} ${data.value.twin}`, () => calls.everything(id, at));
    const back = html`<button type="button" class="quiet" @click=${() => view.set({ pick: null })}>${t("twin.back")}</button>`;
    if (found.state === "asked") return html`<section class="panel">${back}${skeleton(8)}</section>`;
    if (found.state === "refused") return html`<section class="panel">${back}${this.elsewhen(id, found.problem)}</section>`;
    const { object, whole, parts, live, links, rows, versions } = found.value;
    const model = this.models.find((each) => each.id === object.model);
    const storeys = object.kind === STOREY ? [object] : parts.filter(({ kind }) => kind === STOREY);
    const others = parts.filter(({ kind }) => kind !== STOREY);
    return html`<section class="panel" aria-labelledby="object-title">
      ${back}
      <h2 id="object-title" tabindex="-1">${object.name || object.id}</h2>
      <p class="fine"><code>${object.id}</code></p>
      ${model?.generated ? html`<p class="twin-generated">${t("twin.generated.object")}</p>` : nothing}
      <dl class="pairs">
        ${this.pair("twin.class", nameOf(object.kind_name, this.tongue))}
        ${this.pair("twin.category", nameOf(object.category, this.tongue))}
        ${this.pair("twin.level", String(object.level))}
        ${this.pair("twin.stage", nameOf(object.stage, this.tongue))}
        ${this.pair("twin.height", number(object.top_m - object.bottom_m, this.tongue))}
        ${object.length_m ? this.pair("twin.length", number(object.length_m, this.tongue)) : nothing}
        ${this.pair("twin.since", moment(object.valid_from, this.zone))}
        ${object.valid_to ? this.pair("twin.until", moment(object.valid_to, this.zone)) : nothing}
        ${this.pair("twin.recorded", moment(object.recorded, this.zone))}
        <dt>${t("twin.model")}</dt><dd><button type="button" class="link" @click=${() => view.set({ pick: null, twin: { ...view.value.twin, model: object.model, eye: null } })}>${model ? nameOf(model.title, this.tongue) : object.model}</button></dd>
      </dl>
      ${model?.source ? html`<p class="fine">${t("twin.source")} ${model.source}${model.licence ? ` · ${model.licence}` : ""}</p>` : nothing}
      <p class="twin-storeys"><button type="button" @click=${() => this.visit(object)}>${t("twin.visit")}</button> ${this.standing(object.id)}</p>
      <lf-twin-live .object=${object.id} .first=${live}></lf-twin-live>
      ${storeys.length ? this.storeys(storeys) : nothing}
      <lf-twin-links .links=${links} .rows=${rows}></lf-twin-links>
      ${whole ? html`<h3>${t("twin.whole")}</h3>${this.links([whole])}` : nothing}
      ${others.length ? html`<h3>${t("twin.parts")}</h3>${this.links(others)}` : nothing}
      <h3>${t("twin.properties")}</h3>
      <dl class="pairs">${Object.entries(object.properties).filter(([, value]) => value !== "" && value !== null).map(([key, value]) => html`<dt>${key}</dt><dd>${this.value(value, object.model)}</dd>`)}</dl>
      ${this.history(versions)}
      ${downloads({ model: object.model, at, element: object.id })}
    </section>`;
  }

  private visit(object: CityObject): void {
    this.dispatchEvent(new CustomEvent("visit", { detail: object }));
  }

  /** Return a property's value; one that is the id of an object of the same model leads to it. */
  private value(value: unknown, model: string): TemplateResult | string {
    if (typeof value !== "string") return typeof value === "object" ? JSON.stringify(value) : String(value);
    return value.startsWith(`${model}:`) ? html`<button type="button" class="link" @click=${() => view.set({ pick: value })}>${value}</button>` : value;
  }

  /** Hide the object, or have it seen through all others. */
  private standing(id: string): TemplateResult {
    const { twin } = view.value;
    const [hidden, alone] = [twin.off.includes(id), twin.focus.includes(id)];
    const hide = (): void => view.set({ twin: { ...twin, off: hidden ? twin.off.filter((each) => each !== id) : [...twin.off, id].slice(-MOST_HIDDEN) } });
    const single = (): void => view.set({ twin: { ...twin, ...(alone ? { focus: [], clear: 0 } : { focus: [id], clear: OTHERS_CLEAR }) } });
    return html`<button type="button" class="quiet" aria-pressed=${hidden} @click=${hide}>${t("twin.off")}</button>
      <button type="button" class="quiet" aria-pressed=${alone} @click=${single}>${t("twin.single")}</button>`;
  }

  private pair(key: Word, value: string): TemplateResult {
    return html`<dt>${t(key)}</dt><dd>${value}</dd>`;
  }

  private links(objects: CityObject[]): TemplateResult {
    return html`<ul>${objects.map((each) => html`<li><button type="button" class="link" @click=${() => this.visit(each)}>${each.name || each.id}</button> <span class="fine">${nameOf(each.kind_name, this.tongue)}</span></li>`)}</ul>`;
  }

  /** Storeys from below upwards: what is above the one chosen is not shown, so that its rooms are. */
  private storeys(storeys: CityObject[]): TemplateResult {
    const { twin } = view.value;
    const choose = (storey: CityObject | null): void => {
      const { twin } = view.value;
      const model = storey?.model ?? null;
      view.set({ twin: { ...twin, storey: storey?.id ?? null, model, eye: model === twin.model ? twin.eye : null } });
    };
    const button = (words: string, storey: CityObject | null): TemplateResult =>
      html`<button type="button" aria-pressed=${twin.storey === (storey?.id ?? null)} @click=${() => choose(storey)}>${words}</button>`;
    return html`<h3>${t("twin.storeys")}</h3>
      <div class="twin-storeys">
        ${storeys.toSorted((a, b) => a.bottom_m - b.bottom_m).map((each) => button(each.name || each.id, each))}
        ${button(t("twin.storeys.all"), null)}
      </div>`;
  }

  /** Why it is not told of: it stands at other moments than the one looked at, which are told, or it is refused. */
  private elsewhen(id: string, problem: Problem): TemplateResult {
    const found = this.held.want(`${id} ${data.value.twin}`, () => calls.history3d(id));
    if (found.state === "asked") return skeleton(3);
    const versions = found.state === "here" ? found.value.items : [];
    if (problem.status === 404 && versions.length) return html`<h2>${versions.at(-1)?.name || id}</h2><p class="calm">${t("twin.object.then")}</p>${this.history(versions)}`;
    return problemCard(problem, () => this.about.forget());
  }

  private history(versions: CityObject[]): TemplateResult {
    return html`<h3>${t("twin.history")}</h3>
      <ol class="twin-history">
        ${versions.map((each) => html`<li>
          <button type="button" class="link" @click=${() => view.set({ at: each.valid_from })}>${moment(each.valid_from, this.zone)} – ${each.valid_to ? moment(each.valid_to, this.zone) : t("twin.open")}</button>
          <span class="fine">${nameOf(each.stage, this.tongue)} · ${number(each.top_m - each.bottom_m, this.tongue)} m · ${t("twin.recorded")} ${moment(each.recorded, this.zone)}</span>
        </li>`)}
      </ol>`;
  }
}
