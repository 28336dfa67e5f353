import { html, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import type { Datastream } from "../api/types";
import { moment, nameOf, number, unitOf } from "../format";
import { t, tOr } from "../i18n";
import { seriesKey } from "../panels/lf-station";
import { Piece } from "../shell/element";
import { Foot } from "../shell/foot";
import { problemCard, skeleton } from "../shell/parts";
import { loadAll } from "../state/actions";
import { data } from "../state/data";
import { more } from "../state/lists";
import { view } from "../state/view";

const AT_ONCE = 24; // things

/** Every datastream with its latest value, time and quality. */
@customElement("lf-series-list")
export class SeriesListPiece extends Piece {
  @state() private find = "";
  @state() private open = AT_ONCE;
  private readonly foot = new Foot(this);

  protected override render(): TemplateResult {
    return html`<section class="panel sensing" aria-labelledby="sensing-title">
      <h2 id="sensing-title">${t("sensing.title")}</h2>
      ${this.content()}
    </section>`;
  }

  private content(): TemplateResult {
    const { datastreams } = data.value;
    if (datastreams.state === "asked") return skeleton(8);
    if (datastreams.state === "refused") return problemCard(datastreams.problem, () => void loadAll());
    if (datastreams.value.length === 0) return html`<p class="calm">${t("sensing.none")}</p>`;
    const words = this.find.toLowerCase().split(/\s+/).filter(Boolean);
    const found = datastreams.value.filter((stream) => {
      const text = `${stream.id} ${stream.thing.name.zh} ${stream.thing.name.en} ${stream.observed_property} ${stream.name.zh} ${stream.name.en}`;
      return words.every((word) => text.toLowerCase().includes(word));
    });
    const things = Map.groupBy(found, ({ thing }) => thing.id);
    return html`<input
        type="search" class="wide" .value=${this.find} placeholder=${t("sensing.find")} aria-label=${t("sensing.find")}
        @input=${(event: Event) => this.seek((event.currentTarget as HTMLInputElement).value)}
      />
      <p class="fine" role="status">${t("sensing.count", { things: things.size, streams: found.length })}</p>
      ${[...things.values()].slice(0, this.open).map((streams) => this.thing(streams))}
      ${things.size > this.open || data.value.next.datastreams !== null ? this.foot.draw(Math.min(this.open, things.size), () => this.more(things.size)) : nothing}`;
  }

  private seek(text: string): void {
    this.find = text;
    this.open = AT_ONCE;
  }

  /** Show more things: of those that are here, else of those that the server has. */
  private async more(here: number): Promise<void> {
    if (here <= this.open) await more("datastreams");
    this.open += AT_ONCE;
  }

  private thing(streams: Datastream[]): TemplateResult {
    const thing = streams[0]?.thing;
    const pick = (stream: Datastream): void => view.set({ stream: stream.id, span: null });
    return html`<table class="streams">
      <caption>${nameOf(thing?.name, this.tongue)} <small>${thing?.id}</small></caption>
      <thead class="sr"><tr><th>${t("sensing.property")}</th><th>${t("value")}</th><th>${t("unit")}</th><th>${t("time")}</th><th>${t("indicators.quality")}</th></tr></thead>
      <tbody>
        ${streams.map(
          (stream) => html`<tr data-datastream=${stream.id}>
            <th scope="row"><button type="button" class="link" title="${nameOf(stream.name, this.tongue)}: ${t("sensing.open")}" @click=${() => pick(stream)}>
              ${stream.observed_property || seriesKey(stream)}</button></th>
            <td class="number"><b>${number(stream.latest?.value, this.tongue)}</b></td>
            <td>${unitOf(stream.unit, this.tongue)}</td>
            <td class="fine">${moment(stream.latest?.time, this.zone).slice(5)}</td>
            <td class="fine">${stream.latest ? tOr(`quality.${stream.latest.quality}`, stream.latest.quality) : t("quality.missing")}</td>
          </tr>`,
        )}
      </tbody>
    </table>`;
  }
}
