import "../css/twin.css";
import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { calls } from "../api/calls";
import type { About, CityObject, TwinExtent } from "../api/types";
import { moment, nameOf, number } from "../format";
import { t } from "../i18n";
import { saveBlob } from "../map/picture";
import { Piece } from "../shell/element";
import { Fetched } from "../shell/fetched";
import { emptyCard, problemCard, skeleton } from "../shell/parts";
import { pending } from "../shell/ready";
import { view } from "../state/view";
import { colourOf, legendOf, STYLES, type Style } from "./colours";
import { type Look, TwinScene } from "./scene";

const LISTED = 60;
const GROUNDS = { paper: "#efe9dc", night: "#0b1118" };
const MARKS = { paper: "#c8321a", night: "#ff7a5c" };

/** The room of the twin: the city's objects in three dimensions and as a list, as they were at any moment. */
@customElement("lf-twin")
export class TwinPiece extends Piece {
  @state() private find = "";
  @state() private broken = false;
  private scene: TwinScene | null = null;
  private shown = "";
  private marked: string | null = null;
  private dressed = "";
  private readonly extent = new Fetched<TwinExtent>(this, "twin-extent");
  private readonly list = new Fetched<{ items: CityObject[] }>(this, "twin-list");
  private readonly about = new Fetched<About>(this);

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.scene?.dispose();
    this.scene = null;
    this.shown = "";
    this.dressed = "";
  }

  private get when(): string {
    return view.value.at ?? "now";
  }

  private get style3d(): Style {
    return STYLES.find((each) => each === view.value.by) ?? "class";
  }

  private get look(): Look {
    const { theme } = view.value;
    return { ground: GROUNDS[theme], picked: MARKS[theme], colourOf: (told) => colourOf(told, this.style3d, theme) };
  }

  protected override render(): TemplateResult {
    const extent = this.extent.want(this.when, () => calls.twinExtent(this.when));
    if (extent.state === "refused" && extent.problem.status !== 404) {
      pending.delete("twin");
      return html`<section class="whole">${problemCard(extent.problem, () => this.extent.forget())}</section>`;
    }
    const none = extent.state === "refused";
    if (none) pending.delete("twin");
    return html`<section class="twin-stage" aria-label=${t("twin.label")}>
        <canvas tabindex="0" aria-label=${t("twin.hint")} ?hidden=${none || this.broken}></canvas>
        ${none ? html`<div class="whole">${emptyCard(t("twin.empty"), "lifang demo delft")}</div>` : nothing}
        ${this.broken ? html`<p class="calm" role="status">${t("twin.failed")}</p>` : nothing}
        ${none ? nothing : this.tools()}
      </section>
      <aside class="column twin-side" aria-label=${t("room.twin")}>${view.value.pick ? this.detail(view.value.pick) : this.listing()}</aside>`;
  }

  protected override updated(_: PropertyValues): void {
    const extent = this.extent.asked;
    if (extent.state !== "here" || this.broken) return;
    if (!this.scene) this.open();
    const address = `/tiles/3d/all/${encodeURIComponent(this.when)}/tileset.json`;
    if (this.scene && this.shown !== address) {
      this.shown = address;
      pending.add("twin");
      this.scene.load(new URL(address, window.location.href).href, extent.value.asset.extras.box);
      this.scene.mark(view.value.pick);
    }
    const dress = `${view.value.theme} ${this.style3d}`;
    if (this.dressed !== dress) {
      this.dressed = dress;
      this.scene?.dress(this.look);
    }
    if (this.marked !== view.value.pick) {
      this.marked = view.value.pick;
      this.scene?.mark(this.marked);
    }
  }

  private open(): void {
    const canvas = this.querySelector("canvas");
    if (!canvas) return;
    try {
      this.scene = new TwinScene(canvas, this.look, {
        onPick: (id) => view.set({ pick: id }),
        onSettled: () => {
          Object.assign(canvas.dataset, this.scene?.cost);
          pending.delete("twin");
        },
        onFailed: () => pending.delete("twin"),
      });
    } catch {
      this.broken = true;
      pending.delete("twin");
    }
  }

  private tools(): TemplateResult {
    const { by } = view.value;
    const style = this.style3d;
    const classes = this.extent.asked.state === "here" ? this.extent.asked.value.asset.extras.classes : [];
    const words = (key: string): string => {
      const found = style === "class" && classes.find(({ id }) => id === key);
      return found ? `${nameOf(found, this.tongue)} ${found.count}` : key;
    };
    return html`<div class="twin-tools">
        <button type="button" class="quiet" @click=${() => this.home()}>${t("map.home")}</button>
        <button type="button" class="quiet" @click=${() => this.picture()}>${t("map.png")}</button>
        <label>${t("twin.by")}
          <select .value=${by ?? "class"} @change=${(event: Event) => view.set({ by: (event.currentTarget as HTMLSelectElement).value })}>
            ${STYLES.map((each) => html`<option value=${each} ?selected=${each === style}>${t(`twin.by.${each}`)}</option>`)}
          </select></label>
        <label>${t("twin.at")}
          <input type="date" .value=${view.value.at?.slice(0, 10) ?? ""} @change=${(event: Event) => this.travel((event.currentTarget as HTMLInputElement).value)} /></label>
        ${view.value.at ? html`<button type="button" class="quiet" @click=${() => view.set({ at: null })}>${t("twin.now")}</button>` : nothing}
      </div>
      <ul class="twin-legend" aria-label=${t("legend.title")}>
        ${legendOf(style, view.value.theme, classes.map(({ id }) => id)).map(({ key, colour }) => html`<li><i style="background:${colour}"></i>${words(key)}</li>`)}
      </ul>`;
  }

  private travel(day: string): void {
    view.set({ at: day ? `${day}T00:00:00Z` : null });
  }

  private home(): void {
    if (this.extent.asked.state === "here") this.scene?.home(this.extent.asked.value.asset.extras.box);
  }

  private picture(): void {
    this.querySelector("canvas")?.toBlob((blob) => {
      if (blob) saveBlob(blob, "lifang-twin.png");
    });
  }

  private listing(): TemplateResult {
    const { at } = view.value;
    const found = this.list.want(`${at} ${this.find}`, () => calls.objects({ q: this.find, at, limit: LISTED }));
    return html`<section class="panel" aria-labelledby="twin-title">
      <h2 id="twin-title">${t("twin.objects")}</h2>
      <input type="search" class="wide" .value=${this.find} placeholder=${t("twin.find")} aria-label=${t("twin.find")}
        @change=${(event: Event) => (this.find = (event.currentTarget as HTMLInputElement).value)} />
      ${found.state === "here" ? this.rows(found.value.items) : found.state === "refused" ? problemCard(found.problem) : skeleton(8)}
    </section>`;
  }

  private rows(items: CityObject[]): TemplateResult {
    if (!items.length) return html`<p class="calm">${t("twin.none")}</p>`;
    return html`<table class="streams">
      <thead><tr><th scope="col">${t("twin.object")}</th><th scope="col">${t("twin.class")}</th><th scope="col" class="number">${t("twin.height")}</th></tr></thead>
      <tbody>
        ${items.map((each) => html`<tr>
          <th scope="row"><button type="button" class="link" @click=${() => this.go(each)}>${each.name || each.id.split(":").at(-1)}</button></th>
          <td>${nameOf(each.kind_name, this.tongue)}</td>
          <td class="number">${number(each.top_m - each.bottom_m, this.tongue)}</td>
        </tr>`)}
      </tbody>
    </table>
    ${items.length === LISTED ? html`<p class="fine">${t("twin.first", { n: LISTED })}</p>` : nothing}`;
  }

  private go(object: CityObject): void {
    view.set({ pick: object.id });
    this.scene?.visit(object);
  }

  private detail(id: string): TemplateResult {
    const { at } = view.value;
    const found = this.about.want(`${id} ${at}`, () => calls.object(id, at));
    const back = html`<button type="button" class="quiet" @click=${() => view.set({ pick: null })}>${t("twin.back")}</button>`;
    if (found.state === "asked") return html`<section class="panel">${back}${skeleton(8)}</section>`;
    if (found.state === "refused") return html`<section class="panel">${back}${problemCard(found.problem, () => this.about.forget())}</section>`;
    const { object, whole, parts } = found.value;
    return html`<section class="panel" aria-labelledby="object-title">
      ${back}
      <h2 id="object-title" tabindex="-1">${object.name || object.id}</h2>
      <p class="fine"><code>${object.id}</code></p>
      <dl class="pairs">
        ${this.pair("twin.class", nameOf(object.kind_name, this.tongue))}
        ${this.pair("twin.category", nameOf(object.category, this.tongue))}
        ${this.pair("twin.level", String(object.level))}
        ${this.pair("twin.stage", nameOf(object.stage, this.tongue))}
        ${this.pair("twin.height", number(object.top_m - object.bottom_m, this.tongue))}
        ${this.pair("twin.since", moment(object.valid_from, this.zone))}
        ${object.valid_to ? this.pair("twin.until", moment(object.valid_to, this.zone)) : nothing}
        ${this.pair("twin.recorded", moment(object.recorded, this.zone))}
      </dl>
      <button type="button" @click=${() => this.scene?.visit(object)}>${t("twin.visit")}</button>
      ${whole ? html`<h3>${t("twin.whole")}</h3>${this.links([whole])}` : nothing}
      ${parts.length ? html`<h3>${t("twin.parts")}</h3>${this.links(parts)}` : nothing}
      <h3>${t("twin.properties")}</h3>
      <dl class="pairs">${Object.entries(object.properties).filter(([, value]) => value !== "" && value !== null).map(([key, value]) => html`<dt>${key}</dt><dd>${String(value)}</dd>`)}</dl>
    </section>`;
  }

  private pair(key: "twin.class" | "twin.category" | "twin.level" | "twin.stage" | "twin.height" | "twin.since" | "twin.until" | "twin.recorded", value: string): TemplateResult {
    return html`<dt>${t(key)}</dt><dd>${value}</dd>`;
  }

  private links(objects: CityObject[]): TemplateResult {
    return html`<ul>${objects.map((each) => html`<li><button type="button" class="link" @click=${() => this.go(each)}>${each.name || each.id}</button></li>`)}</ul>`;
  }
}
