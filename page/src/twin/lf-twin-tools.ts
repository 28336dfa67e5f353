import { html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { ImageryLayer, TwinLive, TwinModel, TwinProperty } from "../api/types";
import { nameOf, number } from "../format";
import { t } from "../i18n";
import { imageryWord } from "../map/kinds/imagery";
import { isShown, toggled } from "../map/shown";
import { Piece } from "../shell/element";
import { data, here } from "../state/data";
import type { Cut, TwinView } from "../state/twin-url";
import { view } from "../state/view";
import "./lf-twin-kept";
import { MEASURES, measured, partsOf } from "./measure";
import { bearingOf } from "./planes";
import { roleOf } from "./states";
import { hand, measuring, take } from "./tool";

const AXES = ["h", "e", "n", "a"] as const;
const FIRST_CUT_M = 15; // above the lowest of the city, or half of its height where that is less
type Act = "home" | "north" | "note" | "png" | "glb";

/** What can be done in the scene: colour, cut, measure, note, keep views, take pictures away. */
@customElement("lf-twin-tools")
export class TwinToolsPiece extends Piece {
  @property({ attribute: false }) models: TwinModel[] = [];
  @property({ attribute: false }) known: TwinProperty[] = [];
  /** What is measured in the rooms of the storey that is shown. */
  @property({ attribute: false }) live: TwinLive[] = [];
  /** How low and how high the city is, m. */
  @property({ attribute: false }) span: readonly [number, number] = [0, 100];
  /** Whether it stands on terrain. */
  @property({ type: Boolean }) hilly = false;
  private end = (): void => {};

  override connectedCallback(): void {
    super.connectedCallback();
    this.end = hand.listen(() => this.requestUpdate());
    document.addEventListener("keydown", this.escape);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.end();
    document.removeEventListener("keydown", this.escape);
  }

  /** Escape puts down the tool that is held, else shuts the drawer that is open. */
  private readonly escape = (event: KeyboardEvent): void => {
    if (event.key !== "Escape" || data.value.dialog) return;
    if (hand.value.tool) return hand.set({ tool: null, points: [] });
    const drawer = this.querySelector("details[open]");
    drawer?.removeAttribute("open");
    drawer?.querySelector("summary")?.focus();
  };

  protected override render(): TemplateResult {
    const { twin } = view.value;
    return html`<div class="twin-tools" role="group" aria-label=${t("twin.tools")}>
      <button type="button" class="quiet" @click=${() => this.act("home")}>${t("map.home")}</button>
      <button type="button" class="quiet" aria-label=${t("twin.north")} title=${t("twin.north")} @click=${() => this.act("north")}><span class="twin-needle" aria-hidden="true">▲</span></button>
      ${this.colours()} ${this.models.length > 1 ? this.choice() : nothing}
      ${this.drawer("twin.look", html`
        <label>${t("twin.clear")} <input type="range" min="0" max="90" step="10" .value=${String(twin.clear)} @change=${(event: Event) => this.look({ clear: Number(this.read(event)) })} /></label>
        <label><input type="checkbox" .checked=${twin.under} @change=${(event: Event) => this.look({ under: (event.currentTarget as HTMLInputElement).checked })} /> ${t("twin.under")}</label>
        ${(here(data.value.city)?.imagery ?? []).map((each) => this.picture(each))} ${this.section(twin.cut)}
        ${twin.off.length ? html`<button type="button" class="quiet" @click=${() => this.look({ off: [] })}>${t("twin.off.none", { n: twin.off.length })}</button>` : nothing}`)}
      ${this.drawer("twin.measure", this.measures())} ${this.drawer("twin.notes", this.notes())}
      ${this.drawer("twin.keep", html`<lf-twin-kept></lf-twin-kept>
        <button type="button" class="quiet" @click=${() => this.act("png")}>${t("twin.png")}</button>
        <button type="button" class="quiet" @click=${() => this.act("glb")}>${t("twin.glb")}</button>`)}
    </div>`;
  }

  private read(event: Event): string {
    return (event.currentTarget as HTMLInputElement | HTMLSelectElement).value;
  }

  private act(what: Act): void {
    this.dispatchEvent(new CustomEvent("act", { detail: what }));
  }

  private look(change: Partial<TwinView>): void {
    view.set({ twin: { ...view.value.twin, ...change } });
  }

  private drawer(word: "twin.look" | "twin.measure" | "twin.notes" | "twin.keep", content: TemplateResult): TemplateResult {
    return html`<details name="twin-tools"><summary>${t(word)}</summary><div class="twin-drawer">${content}</div></details>`;
  }

  private colours(): TemplateResult {
    const live = [...new Map(this.live.map((each) => [each.observed_property, each])).values()];
    const first = live.find(({ unit }) => unit === "Cel") ?? live[0];
    const by = view.value.by ?? (first ? `s:${first.observed_property}` : "class");
    const option = (value: string, words: string): TemplateResult => html`<option value=${value} ?selected=${value === by}>${words}</option>`;
    return html`<label>${t("twin.by")}
      <select .value=${by} @change=${(event: Event) => view.set({ by: this.read(event), twin: { ...view.value.twin, hide: [] } })}>
        ${live.map((each) => option(`s:${each.observed_property}`, t("twin.live.by", { name: roleOf(each) })))} ${option("class", t("twin.by.class"))} ${option("model", t("twin.by.model"))} ${option("height", t("twin.by.height"))} ${this.known.map(({ name }) => option(`p:${name}`, name))}
      </select></label>`;
  }

  private choice(): TemplateResult {
    const { model } = view.value.twin;
    return html`<label>${t("twin.model")}
      <select .value=${model ?? ""} @change=${(event: Event) => this.look({ model: this.read(event) || null, storey: null, eye: null })}>
        <option value="">${t("twin.all")}</option>
        ${this.models.map((each) => html`<option value=${each.id} ?selected=${each.id === model}>${nameOf(each.title, this.tongue)}</option>`)}
      </select></label>`;
  }

  /** Lay a picture on the ground or take it away, on the map too. */
  private picture(layer: ImageryLayer): TemplateResult {
    const word = imageryWord(layer);
    return html`<label><input type="checkbox" .checked=${isShown(word)} @change=${() => view.set({ layers: toggled(word) })} /> ${nameOf(layer.name, this.tongue)}</label>`;
  }

  private section(cut: Cut | null): TemplateResult {
    const [low, top] = [Math.floor(this.span[0]), Math.ceil(this.span[1])];
    const middle = (low + top) / 2;
    const first = Math.round((this.hilly ? middle : Math.min(low + FIRST_CUT_M, middle)) * 2) / 2;
    const choose = (text: string): void => this.look({ cut: text ? { axis: text as Cut["axis"], at: text === "h" ? first : 0.5, turn: cut ? bearingOf(cut) : 45, flip: false } : null });
    const [from, to, step] = cut?.axis === "h" ? [low, top, 0.1] : [0, 1, 0.005];
    const along = hand.value.tool === "cut";
    return html`<label>${t("twin.cut")}
        <select .value=${cut?.axis ?? ""} @change=${(event: Event) => choose(this.read(event))}>
          <option value="">${t("twin.cut.none")}</option>
          ${AXES.map((axis) => html`<option value=${axis} ?selected=${cut?.axis === axis}>${t(`twin.cut.${axis}`)}</option>`)}
        </select></label>
      ${cut ? html`<label>${t("twin.cut.at")} <input type="range" min=${from} max=${to} step=${step} .value=${String(cut.at)}
        @input=${(event: Event) => this.look({ cut: { ...cut, at: Number(this.read(event)) } })} />
        <output>${cut.axis === "h" ? `${number(cut.at, this.tongue, 1)} m` : `${number(cut.at * 100, this.tongue, 1)} %`}</output></label>` : nothing}
      ${cut?.axis === "a" ? html`<label>${t("twin.cut.turn")} <input type="range" min="0" max="359" step="1" .value=${String(cut.turn)}
        @input=${(event: Event) => this.look({ cut: { ...cut, turn: Number(this.read(event)) } })} /> <output>${cut.turn}°</output></label>` : nothing}
      ${cut ? html`<label><input type="checkbox" .checked=${cut.flip} @change=${() => this.look({ cut: { ...cut, flip: !cut.flip } })} /> ${t("twin.cut.flip")}</label>` : nothing}
      <button type="button" class="quiet" aria-pressed=${along} @click=${() => take("cut")}>${t("twin.cut.along")}</button>
      ${along ? html`<p class="fine">${t("twin.cut.how")}</p>` : nothing}`;
  }

  private measures(): TemplateResult {
    const { tool, points } = hand.value;
    const kind = measuring(tool);
    const found = kind && measured(kind, points);
    const parts = kind === "distance" && points.length > 1 ? partsOf(points) : null;
    const told = found && points.length > 1 ? `${number(found.value, this.tongue, 2)} ${found.unit}` : "–";
    return html`${MEASURES.map((each) => html`<button type="button" class="quiet" aria-pressed=${tool === each} @click=${() => take(each)}>${t(`twin.measure.${each}`)}</button>`)}
      ${found ? html`<p class="fine">${t("twin.measure.how")}</p>
        <output class="twin-measured" aria-live="polite">${told}</output>
        ${parts ? html`<p class="fine">${t("twin.measure.parts", { level: number(parts.level, this.tongue, 2), rise: number(parts.rise, this.tongue, 2) })}</p>` : nothing}
        <button type="button" class="quiet" ?disabled=${!points.length} @click=${() => hand.set({ points: points.slice(0, -1) })}>${t("twin.measure.back")}</button>
        <button type="button" class="quiet" ?disabled=${points.length < 2} @click=${() => this.act("note")}>${t("twin.measure.keep")}</button>` : nothing}`;
  }

  private notes(): TemplateResult {
    const { notes } = view.value.twin;
    return html`<button type="button" class="quiet" aria-pressed=${hand.value.tool === "note"} @click=${() => take("note")}>${t("twin.notes.add")}</button>
      ${hand.value.tool === "note" ? html`<p class="fine">${t("twin.notes.how")}</p>` : nothing}
      <ul>${notes.map((note, n) => html`<li>
        <input type="text" maxlength="200" .value=${note.text} aria-label=${t("twin.notes.text", { n: n + 1 })}
          @change=${(event: Event) => this.look({ notes: notes.map((each, at) => (at === n ? { ...each, text: this.read(event) || "·" } : each)) })} />
        <button type="button" class="quiet" aria-label=${t("twin.notes.remove", { n: n + 1 })} @click=${() => this.look({ notes: notes.filter((_, at) => at !== n) })}>×</button>
      </li>`)}</ul>`;
  }
}
