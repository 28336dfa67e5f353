import { html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { calls } from "../api/calls";
import type { Page, Series, TwinLive } from "../api/types";
import "../charts/lf-chart";
import { isoIn, moment, nameOf, number, unitOf } from "../format";
import { t } from "../i18n";
import { Piece } from "../shell/element";
import { Fetched } from "../shell/fetched";
import { here } from "../state/data";
import { view } from "../state/view";
import { turn } from "./states";

const DAY_MS = 86_400_000;

/** What is measured at an object now or at the moment looked at, and how it went in the day before. */
@customElement("lf-twin-live")
export class TwinLivePiece extends Piece {
  @property() object = "";
  /** What was known of it when the object was asked for. */
  @property({ attribute: false }) first: TwinLive[] = [];
  @state() private chosen: string | null = null;
  private readonly live = new Fetched<Page<TwinLive>>(this);
  private readonly series = new Fetched<Series>(this);

  protected override render(): TemplateResult | typeof nothing {
    const { at } = view.value;
    if (!this.first.length) return nothing;
    const own = this.first.some(({ object }) => object === this.object);
    const latest = own ? here(this.live.want(`${this.object} ${turn()}`, () => calls.twinStates({ object: this.object }, at))) : null;
    const items = latest ? [...latest.items, ...this.first.filter(({ object }) => object !== this.object)] : this.first;
    const shown = items.find(({ datastream }) => datastream === this.chosen) ?? items.find(({ time }) => time) ?? items[0];
    return html`<h3>${t("twin.live")}</h3>
      <ul class="twin-live">${items.map((each) => this.row(each, each === shown))}</ul>
      ${shown ? this.chart(shown) : nothing}`;
  }

  private row(each: TwinLive, shown: boolean): TemplateResult {
    const flag = each.quality && each.quality !== "good" ? ` · ⚑ ${nameOf(each.quality_name, this.tongue)}` : "";
    return html`<li><button type="button" class="chip" aria-pressed=${shown} @click=${() => (this.chosen = each.datastream)}>
        <span>${nameOf(each.name, this.tongue)}</span> <b>${number(each.value, this.tongue)} ${unitOf(each.unit_symbol, this.tongue)}</b></button>
      <span class="fine">${moment(each.time, this.zone)}${flag}${each.simulated ? html` · <span class="state">${t("device.simulated")}</span>` : nothing}</span></li>`;
  }

  private chart(live: TwinLive): TemplateResult | typeof nothing {
    if (!live.time) return nothing;
    const end = Date.parse(live.time) + 1_000;
    const found = this.series.want(`${live.datastream} ${end}`, () => calls.series(live.datastream, isoIn(end - DAY_MS, this.zone), isoIn(end, this.zone), null));
    const name = nameOf(live.name, this.tongue);
    const open = (): void => view.set({ room: "sensing", stream: live.datastream, span: null, pick: null });
    return html`${found.state === "here" && found.value.datastream === live.datastream
        ? html`<lf-chart .name=${name} .unit=${unitOf(live.unit_symbol, this.tongue)} .height=${150} .thinned=${found.value.downsampled} .kind=${live.simulated ? t("device.simulated") : ""}
            .points=${found.value.items.map(({ time, value }) => ({ time: Date.parse(time), value }))}></lf-chart>`
        : nothing}
      <button type="button" class="link" @click=${open}>${t("twin.live.open")}</button>`;
  }
}
