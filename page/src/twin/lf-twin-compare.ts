import { html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { calls } from "../api/calls";
import type { TwinComparison, TwinModel } from "../api/types";
import { moment, nameOf, number } from "../format";
import { t } from "../i18n";
import { Piece } from "../shell/element";
import { Fetched } from "../shell/fetched";
import { problemCard, skeleton } from "../shell/parts";
import { data, here } from "../state/data";
import { view } from "../state/view";

const TOLD = 60;
const COUNTED = ["same", "moved", "changed", "only_one", "only_other"] as const;

/** How a model differs by shapes and properties from another one, or from what it was at another moment. */
@customElement("lf-twin-compare")
export class TwinComparePiece extends Piece {
  @property({ attribute: false }) models: TwinModel[] = [];
  @property({ attribute: false }) model: TwinModel | null = null;
  /** What is compared with: a model, or `@` and a moment. */
  @state() private other = "";
  private readonly moments = new Fetched<{ items: { moment: string; begins: number }[] }>(this);
  private readonly found = new Fetched<TwinComparison>(this);

  protected override render(): TemplateResult | typeof nothing {
    const { model, other } = this;
    if (!model) return nothing;
    const moments = here(this.moments.want(String(data.value.twin), () => calls.twinMoments()))?.items ?? [];
    const { at, twin } = view.value;
    const [named, then] = other.startsWith("@") ? [model.id, other.slice(1)] : [other, null];
    const asked = { one: model.id, other: named, other_at: then, at, scenario: twin.scenario };
    const found = other ? this.found.want(`${JSON.stringify(asked)} ${data.value.twin}`, () => calls.compareModels(asked)) : null;
    return html`<details class="twin-report"><summary>${t("twin.compare")}</summary>
      <label class="wide">${t("twin.compare.with")}
        <select @change=${(event: Event) => (this.other = (event.currentTarget as HTMLSelectElement).value)}>
          <option value="">${t("twin.against.none")}</option>
          ${moments.map((each) => html`<option value="@${each.moment}" ?selected=${other === `@${each.moment}`}>${t("twin.compare.then", { day: moment(each.moment, this.zone).slice(0, 10) })}</option>`)}
          ${this.models.filter(({ id }) => id !== model.id).map(({ id, title }) => html`<option value=${id} ?selected=${other === id}>${nameOf(title, this.tongue)}</option>`)}
        </select></label>
      ${!found ? nothing : found.state === "here" ? this.told(found.value) : found.state === "refused" ? problemCard(found.problem) : skeleton(3)}
    </details>`;
  }

  private told({ counts, pairs, only_one, only_other }: TwinComparison): TemplateResult {
    const differing = pairs.filter(({ change, properties }) => change !== "same" || properties.length).sort((a, b) => (b.apart_m ?? Infinity) - (a.apart_m ?? Infinity));
    const described = pairs.filter(({ properties }) => properties.length).length;
    const rest = differing.length + only_one.length + only_other.length - TOLD;
    return html`<p role="status">${COUNTED.filter((each) => counts[each]).map((each) => html`<span class="state">${t(`twin.compare.${each}`)} ${number(counts[each] ?? 0, this.tongue, 0)}</span> `)}${described ? html`<span class="state">${t("twin.compare.described", { n: number(described, this.tongue, 0) })}</span>` : nothing}</p>
      <ol class="twin-faults">
        ${differing.slice(0, TOLD).map((each) => html`<li>${this.link(each.one)} ${t(each.change === "same" ? "twin.compare.alike" : `twin.compare.${each.change}`)} ${each.change === "same" ? nothing : html`<span class="fine">${this.figures(each)}</span>`}
          ${each.properties.length ? html`<span class="fine twin-described">${t("twin.compare.properties", { names: each.properties.join(t("twin.compare.and")) })}</span>` : nothing}</li>`)}
        ${([["only_one", only_one], ["only_other", only_other]] as const).map(([which, ids]) => ids.slice(0, Math.max(0, TOLD - differing.length)).map((id) => html`<li>${this.link(id)} ${t(`twin.compare.${which}`)}</li>`))}
      </ol>
      ${rest > 0 ? html`<p class="fine">${t("twin.compare.more", { n: number(rest, this.tongue, 0) })}</p>` : nothing}`;
  }

  private link(id: string): TemplateResult {
    return html`<button type="button" class="link" @click=${() => view.set({ pick: id })}>${id.split(":").slice(1).join(":") || id}</button>`;
  }

  private figures({ apart_m, moved_m, volume_m3 }: TwinComparison["pairs"][number]): string {
    const told = (value: number | null | undefined, unit: string): string => (value === null || value === undefined ? "–" : `${number(value, this.tongue, 2)} ${unit}`);
    const [before, after] = volume_m3 ?? [null, null];
    const volume = before === null || after === null ? null : after - before;
    return t("twin.compare.figures", { apart: told(apart_m, "m"), moved: told(Math.hypot(...moved_m), "m"), volume: told(volume, "m³") });
  }
}
