import { html, nothing, type TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";
import { calls } from "../api/calls";
import type { CodePage, Datastream, Series } from "../api/types";
import "../charts/lf-chart";
import { headed, isoIn, moment, nameOf, number, unitOf } from "../format";
import { t } from "../i18n";
import { classLines, classWords, colourOf, levelOf } from "../map/aqi";
import { Piece } from "../shell/element";
import { Fetched } from "../shell/fetched";
import { problemCard, skeleton } from "../shell/parts";
import { data, here } from "../state/data";
import { LIMITS, averagingWords, limitLines, limitsOf, type Limit } from "../state/limits";
import { view } from "../state/view";
import { primaryText } from "./lf-now";

const HOUR = 3_600_000;
const SPANS = [24, 72, 168, 720];

/** Return the short name of what a datastream measures: the end of its id. */
export function seriesKey(stream: Datastream): string {
  return stream.id.slice(stream.id.indexOf(".") + 1);
}

/** The picked thing: its air, its latest values and the chart of one of its series. */
@customElement("lf-station")
export class StationPiece extends Piece {
  private readonly series = new Fetched<Series>(this, "series");
  private readonly limits = new Fetched<CodePage>(this);

  private shown: string | null = view.value.pick;

  /** On a narrow screen the card lies under the map: bring it into sight when another thing is picked. */
  protected override updated(): void {
    const { pick } = view.value;
    if (pick === this.shown) return;
    this.shown = pick;
    if (pick && window.matchMedia("(max-width: 820px)").matches) this.scrollIntoView({ block: "center" });
  }

  protected override render(): TemplateResult | typeof nothing {
    const { pick } = view.value;
    if (!pick) return nothing;
    const { datastreams } = data.value;
    if (datastreams.state === "asked") return html`<section class="panel">${skeleton(5)}</section>`;
    if (datastreams.state === "refused") return html`<section class="panel">${problemCard(datastreams.problem)}</section>`;
    const streams = datastreams.value.filter(({ thing }) => thing.id === pick);
    const [first] = streams;
    if (!first) {
      return html`<section class="panel">${this.head(pick)}<p>${t("station.none", { id: pick })}</p></section>`;
    }
    const chosen = streams.find((stream) => seriesKey(stream) === view.value.series) ?? streams.find(({ id }) => /pm2/.test(id)) ?? first;
    return html`<section class="panel station" aria-labelledby="station-title" data-thing=${pick}>
      ${this.head(nameOf(first.thing.name, this.tongue))} ${this.air(pick)}
      <p class="fine">${pick} · ${t("station.place")} ${first.thing.lat.toFixed(4)}, ${first.thing.lon.toFixed(4)}
        ${this.background(pick) ? html`<br />${t("station.background")}` : nothing}</p>
      ${this.values(streams, chosen)} ${this.chart(chosen)}
    </section>`;
  }

  private head(title: string): TemplateResult {
    return html`<header class="panel-head">
      <h2 id="station-title" tabindex="-1">${title}</h2>
      <button type="button" class="quiet" aria-label=${t("close")} @click=${() => view.set({ pick: null, series: null })}>×</button>
    </header>`;
  }

  private air(pick: string): TemplateResult | typeof nothing {
    const station = here(data.value.air)?.result.stations.find(({ thing }) => thing === pick);
    const level = levelOf(station?.class);
    if (!station || !level) return nothing;
    return html`<p class="station-air" style="--class:${colourOf(station.class) ?? "transparent"}">
      <i class="swatch" aria-hidden="true"></i><b class="big">${number(station.aqi, this.tongue, 0)}</b>
      <span>AQI · ${classWords(level)}<br />${headed(t("aqi.primary"), primaryText(station.primary), this.tongue)}</span>
    </p>`;
  }

  private background(pick: string): boolean {
    return here(data.value.air)?.result.stations.find(({ thing }) => thing === pick)?.background ?? false;
  }

  /** Values of the moment looked at where it is past, else the latest. */
  private values(streams: Datastream[], chosen: Datastream): TemplateResult {
    const station = here(data.value.air)?.result.stations.find(({ thing }) => thing === view.value.pick);
    const then: Record<string, number | null> = { ...station?.values, aqi: station?.aqi ?? null };
    const valueOf = (stream: Datastream): number | null => {
      if (!view.value.at) return stream.latest?.value ?? null;
      const found = Object.entries(then).find(([code]) => code.toLowerCase() === seriesKey(stream).toLowerCase());
      return found?.[1] ?? null;
    };
    return html`<div class="values" role="radiogroup" aria-label=${t("station.pollutant")}>
      ${streams.map(
        (stream) => html`<button
          type="button" role="radio" class="value" title=${nameOf(stream.name, this.tongue)} aria-checked=${stream === chosen}
          @click=${() => view.set({ series: seriesKey(stream) })}
        >
          <span>${this.property(stream)}</span><b>${number(valueOf(stream), this.tongue)}</b><small>${unitOf(stream.unit, this.tongue)}</small>
        </button>`,
      )}
    </div>`;
  }

  private property(stream: Datastream): string {
    return stream.observed_property || seriesKey(stream).toUpperCase();
  }

  private limitsLegend(limits: Limit[], stream: Datastream): TemplateResult | typeof nothing {
    const standard = here(this.limits.asked)?.of.standard;
    if (!limits.length || !standard) return nothing;
    const list = limits.map(({ averaging, value }) => `${averagingWords(averaging)} ${number(value, this.tongue)} ${unitOf(stream.unit, this.tongue)}`);
    return html`<p class="fine limits"><span class="key limit-key"></span>${t("limits.legend", { standard })} ${list.join(" · ")}. ${t("limits.note")}</p>`;
  }

  private chart(stream: Datastream): TemplateResult {
    const { hours, at } = view.value;
    const end = Math.floor(this.moment / HOUR) * HOUR;
    const start = end - hours * HOUR;
    const asked = this.series.want(`${stream.id}|${start}|${end}`, () =>
      calls.series(stream.id, isoIn(start, this.zone), isoIn(end + 1000, this.zone), null),
    );
    const limits = limitsOf(here(this.limits.want(LIMITS, () => calls.codes(LIMITS, ""))), stream);
    const name = `${nameOf(stream.thing.name, this.tongue)} ${this.property(stream)}`;
    return html`<div class="spans" role="group" aria-label=${t("station.span")}>
        ${SPANS.map(
          (span) => html`<button type="button" class="chip" aria-pressed=${span === hours} @click=${() => view.set({ hours: span })}>
            ${span < 168 ? t("station.span.hours", { n: span }) : t("station.span.days", { n: span / 24 })}
          </button>`,
        )}
      </div>
      ${asked.state === "asked" ? skeleton(5) : nothing} ${asked.state === "refused" ? problemCard(asked.problem, () => this.series.forget()) : nothing}
      ${asked.state === "here"
        ? html`<lf-chart
            .name=${name} .unit=${unitOf(stream.unit, this.tongue) || this.property(stream)} .thinned=${asked.value.downsampled} .height=${220}
            .points=${asked.value.items.map(({ time, value }) => ({ time: Date.parse(time), value }))}
            .thresholds=${stream.observed_property === "AQI" ? classLines() : limitLines(limits, this.tongue)}
          ></lf-chart>${this.limitsLegend(limits, stream)}`
        : nothing}
      ${at ? nothing : html`<p class="fine">${t("sensing.updated")} ${moment(stream.latest?.time, this.zone)}</p>`}`;
  }
}
