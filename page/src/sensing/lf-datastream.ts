import { html, nothing, type TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";
import { downloadAddress } from "../api/client";
import { net, type GapReport, type RuleBody, type Statistics } from "../api/network";
import type { Datastream } from "../api/types";
import { isoIn, moment, nameOf, number, unitOf, zoneName } from "../format";
import { t, tOr } from "../i18n";
import { Piece } from "../shell/element";
import { Fetched } from "../shell/fetched";
import { problemCard, skeleton } from "../shell/parts";
import { data, here } from "../state/data";
import { view } from "../state/view";
import { drawnOf, meansOf, type Drawn } from "./buckets";
import { parametersText } from "./lf-groups";
import "./lf-series-chart";
import { markOf, zoomed, type Flagged } from "./lf-series-chart";
import { programs } from "./programs";
import { duration, kilometres, percent } from "./words";

const HOUR = 3_600_000;
const SPANS = [1, 24, 168, 720, 8_784];
const LIVE_MS = 2_500;
const NEAR = 6;
const NEAR_DEG = 0.15;
const LISTED = 60;

/** A datastream's page: its values from a year down to the single one, their figures, flags, gaps and neighbours. */
@customElement("lf-datastream")
export class DatastreamPiece extends Piece {
  private readonly stream = new Fetched<Datastream>(this, "stream");
  private readonly drawn = new Fetched<Drawn>(this, "stream-series");
  private readonly statistics = new Fetched<Statistics>(this);
  private readonly gaps = new Fetched<GapReport>(this);
  private readonly rules = new Fetched<RuleBody[]>(this);
  private readonly near = new Fetched<Datastream[]>(this);
  private end = 0;
  private told = 0;

  protected override firstUpdated(): void {
    if (view.value.embed) return;
    this.querySelector<HTMLElement>("h2")?.focus({ preventScroll: true });
    if (window.matchMedia("(max-width: 820px)").matches) this.scrollIntoView({ block: "start" });
  }

  /** The live end moves a few times a minute, however fast the city's time passes. */
  protected override willUpdate(): void {
    const moved = Math.abs(this.moment - this.end) > 0 && Date.now() - this.told > LIVE_MS;
    if (!moved && this.end && !this.past) return;
    this.end = this.past ?? this.moment;
    this.told = Date.now();
  }

  private get span(): [number, number] {
    return view.value.span ?? [this.end - view.value.hours * HOUR, this.end + 1_000];
  }

  private go(span: [number, number] | null): void {
    view.set({ span: span && [Math.round(span[0] / 1000) * 1000, Math.round(span[1] / 1000) * 1000] });
  }

  private shut(): void {
    view.set({ stream: null, span: null });
    document.querySelector<HTMLElement>(`[data-datastream="${CSS.escape(this.opened)}"] button`)?.focus();
  }

  private opened = "";

  protected override render(): TemplateResult | typeof nothing {
    const { stream: id } = view.value;
    if (!id) return nothing;
    this.opened = id;
    const asked = this.stream.want(`${id}|${data.value.subject?.name ?? ""}`, () => net.stream(id));
    if (asked.state === "refused") return this.frame(id, null, problemCard(asked.problem, () => this.stream.forget()));
    if (asked.state === "asked" || (asked.value.id !== id && String(asked.value.number) !== id)) return this.frame(id, null, skeleton(8));
    return this.frame(nameOf(asked.value.name, this.tongue) || id, asked.value, this.content(asked.value));
  }

  private frame(title: string, stream: Datastream | null, content: TemplateResult): TemplateResult {
    const thing = nameOf(stream?.thing.name, this.tongue);
    const { embed } = view.value;
    const city = nameOf(here(data.value.city)?.name, this.tongue);
    return html`<section class="sheet" aria-labelledby="stream-title" @keydown=${(event: KeyboardEvent) => event.key === "Escape" && !embed && this.shut()}>
      <p class="on-paper fine">里坊 lifang · ${city} · ${moment(this.moment, this.zone)} ${zoneName(this.moment, this.zone)}</p>
      <header class="panel-head">
        <h2 id="stream-title" tabindex="-1">${title}</h2>
        ${stream && embed ? html`<span>${thing}</span>` : stream ? html`<button type="button" class="link" @click=${() => view.set({ pick: stream.thing.id })}>${thing}</button>` : nothing}
        ${embed ? nothing : html`<button type="button" class="quiet" aria-label=${t("close")} @click=${() => this.shut()}>×</button>`}
      </header>
      ${content}
    </section>`;
  }

  private content(stream: Datastream): TemplateResult {
    const [start, end] = this.span;
    const [from, to] = [isoIn(start, this.zone), isoIn(end, this.zone)];
    const key = `${stream.id}|${start}|${end}`;
    const statistics = here(this.statistics.want(key, () => net.statistics(stream.id, from, to)));
    const gaps = here(this.gaps.want(key, () => net.gaps(stream.id, from, to)));
    const rules = here(this.rules.want(stream.id, () => net.rules(stream.id))) ?? [];
    const drawn = this.drawn.want(key, () => drawnOf(stream, end - start, from, to));
    return html`<p class="fine">${stream.observed_property} · ${unitOf(stream.unit, this.tongue) || t("unit.none")} · ${stream.period_s ? t("stream.period", { time: duration(stream.period_s, this.tongue) }) : t("stream.period.none")} · ${stream.id}</p>
      ${this.tools()}
      ${drawn.state === "asked" ? skeleton(6) : drawn.state === "refused" ? problemCard(drawn.problem, () => this.drawn.forget()) : this.chart(stream, drawn.value, statistics, gaps, rules)}
      <div class="cards">
        ${this.figures(stream, statistics)} ${this.flags(statistics, rules)} ${this.gapList(gaps)} ${this.neighbours(stream)} ${this.downloads(stream, from, to, here(drawn)?.every ?? 0)}
      </div>`;
  }

  private tools(): TemplateResult {
    const [start, end] = this.span;
    const by = (end - start) / 2;
    const tool = (label: string, sign: string, act: () => void): TemplateResult =>
      html`<button type="button" class="quiet" title=${label} aria-label=${label} @click=${act}>${sign}</button>`;
    const live = view.value.span === null;
    return html`<div class="spans" role="group" aria-label=${t("station.span")}>
      ${SPANS.map(
        (hours) => html`<button type="button" class="chip" aria-pressed=${live && view.value.hours === hours} @click=${() => view.set({ hours, span: null })}>
          ${hours === 1 ? t("station.span.hour") : hours < 168 ? t("station.span.hours", { n: hours }) : hours > 8_000 ? t("stream.year") : t("station.span.days", { n: hours / 24 })}</button>`,
      )}
      ${tool(t("stream.in"), "+", () => this.go(zoomed(this.span, 0.5)))} ${tool(t("stream.out"), "−", () => this.go(zoomed(this.span, 2)))}
      ${tool(t("stream.back"), "←", () => this.go([start - by, end - by]))} ${tool(t("stream.on"), "→", () => this.go([start + by, end + by]))}
      ${live ? nothing : html`<button type="button" class="quiet" @click=${() => this.go(null)}>${t("stream.live")}</button>`}
      <span class="fine" role="status">${moment(start, this.zone)} – ${moment(end, this.zone)}</span>
    </div>`;
  }

  private chart(stream: Datastream, { every, items, buckets }: Drawn, statistics: Statistics | null, gaps: GapReport | null, rules: RuleBody[]): TemplateResult {
    const flagged: Flagged[] = (statistics?.flagged ?? []).map(({ time, value, quality }) => ({ time: Date.parse(time), value, quality }));
    const limit = (name: string): number | null => {
      const value = rules.map(({ parameters }) => parameters[name]).find((one) => typeof one === "number");
      return typeof value === "number" ? value : null;
    };
    const lines = (["minimum", "maximum"] as const).flatMap((name) => {
      const value = limit(name);
      return value === null ? [] : [{ value, name: `${t(`stream.${name}`)} ${number(value, this.tongue)}` }];
    });
    const plain = (count: number): string => number(count, this.tongue, 0);
    const told = every
      ? t("stream.steps", { step: t(`step.${every}` as "step.60"), shown: plain(buckets.length), all: plain(buckets.reduce((all, { count }) => all + count, 0)) })
      : t("stream.raw", { shown: plain(items.filter(({ value }) => value !== null).length), all: statistics ? plain(statistics.count) : "…" });
    return html`<lf-series-chart
        .name=${`${nameOf(stream.thing.name, this.tongue)} ${stream.observed_property}`} .unit=${unitOf(stream.unit, this.tongue) || stream.observed_property}
        .height=${260} .span=${this.span} .flagged=${flagged} .thresholds=${lines} .buckets=${buckets}
        .gaps=${(gaps?.items ?? []).map(({ start, end }) => ({ start: Date.parse(start), end: Date.parse(end) })).filter(({ start, end }) => end - start > every * 1000)}
        .points=${every ? meansOf(buckets, this.span) : items.map(({ time, value }) => ({ time: Date.parse(time), value }))}
        @window=${(event: CustomEvent<[number, number]>) => this.go(event.detail)}
      ></lf-series-chart>
      <p class="fine" data-raw=${!every} data-step=${every || nothing} role="status">${told} ${t("stream.hint")}</p>`;
  }

  private figures(stream: Datastream, told: Statistics | null): TemplateResult {
    const unit = unitOf(stream.unit, this.tongue);
    const value = (given: number | null | undefined): string => `${number(given, this.tongue, 3)}${unit && given !== null ? ` ${unit}` : ""}`;
    const fact = (term: string, text: string, name: string): TemplateResult => html`<dt>${term}</dt><dd data-figure=${name}>${text}</dd>`;
    return html`<section class="card" aria-labelledby="figures-title"><h3 id="figures-title">${t("stream.figures")}</h3>
      ${told
        ? html`<dl class="pairs">
            ${fact(t("stream.count"), number(told.count, this.tongue, 0), "count")} ${fact(t("stream.min"), value(told.minimum), "min")} ${fact(t("stream.max"), value(told.maximum), "max")}
            ${fact(t("stream.mean"), value(told.mean), "mean")} ${fact(t("stream.median"), value(told.median), "median")}
            ${fact(t("stream.last"), told.last ? `${value(told.last.value)} · ${moment(told.last.time, this.zone)}` : "–", "last")}
          </dl>`
        : skeleton(4)}
    </section>`;
  }

  private around(ms: number): void {
    const wide = Math.max((this.span[1] - this.span[0]) / 8, 600_000);
    this.go([ms - wide, ms + wide]);
  }

  private flags(told: Statistics | null, rules: RuleBody[]): TemplateResult {
    return html`<section class="card" aria-labelledby="flags-title"><h3 id="flags-title">${t("stream.flags")} ${told ? html`<span class="count">${number(told.flagged_count, this.tongue, 0)}</span>` : nothing}</h3>
      ${rules.length
        ? html`<ul class="rule-list">${rules.map(({ rule, text, parameters }) => html`<li data-rule=${rule}><svg class="flag" viewBox="-7 -7 14 14" aria-hidden="true"><path d=${markOf(rule)} /></svg> <b>${rule}</b> ${nameOf(text, this.tongue)} <code>${parametersText(parameters)}</code></li>`)}</ul>`
        : html`<p class="calm">${t("stream.rules.none")}</p>`}
      ${told && told.flagged.length
        ? html`<ul class="events scroll" tabindex="0" aria-label=${t("stream.flags")}>${told.flagged.slice(0, LISTED).map(
            ({ time, value, quality }) => html`<li><button type="button" class="link" @click=${() => this.around(Date.parse(time))}>${moment(time, this.zone)}</button> <b>${number(value, this.tongue, 3)}</b> ${tOr(`quality.${quality}`, quality)}</li>`,
          )}</ul>`
        : told ? html`<p class="calm">${t("stream.flags.none")}</p>` : nothing}
    </section>`;
  }

  private gapList(gaps: GapReport | null): TemplateResult {
    const asked = this.gaps.asked;
    return html`<section class="card" aria-labelledby="gaps-title"><h3 id="gaps-title">${t("stream.gaps")}</h3>
      ${asked.state === "refused" ? html`<p class="calm">${asked.problem.detail || asked.problem.title}</p>` : gaps === null ? skeleton(3) : nothing}
      ${gaps
        ? html`<p class="fine">${t("stream.gaps.share", { missing: number(gaps.missing, this.tongue, 0), expected: number(gaps.expected, this.tongue, 0), share: percent(gaps.share, this.tongue, 2) })}</p>
            ${gaps.items.length
              ? html`<ul class="events scroll" tabindex="0" aria-label=${t("stream.gaps")}>${gaps.items.slice(0, LISTED).map(
                  ({ start, end, missing }) => html`<li><button type="button" class="link" @click=${() => this.go(zoomed([Date.parse(start), Date.parse(end)], 2))}>${moment(start, this.zone)} – ${moment(end, this.zone)}</button> ${t("stream.gap", { n: number(missing, this.tongue, 0) })}</li>`,
                )}</ul>`
              : html`<p class="calm">${t("stream.gaps.none")}</p>`}`
        : nothing}
    </section>`;
  }

  private neighbours(stream: Datastream): TemplateResult {
    const { lon, lat } = stream.thing;
    const box = [lon - NEAR_DEG, lat - NEAR_DEG, lon + NEAR_DEG, lat + NEAR_DEG].map((each) => each.toFixed(4)).join();
    const asked = this.near.want(stream.id, () => net.near(stream.observed_property, box));
    const near = (here(asked) ?? [])
      .filter(({ id }) => id !== stream.id)
      .map((other) => ({ other, far: kilometres(stream.thing, other.thing) }))
      .sort((a, b) => a.far - b.far)
      .slice(0, NEAR);
    return html`<section class="card" aria-labelledby="near-title"><h3 id="near-title">${t("stream.near")}</h3>
      ${asked.state === "asked" ? skeleton(3) : near.length ? nothing : html`<p class="calm">${t("stream.near.none")}</p>`}
      <ul class="events">${near.map(
        ({ other, far }) => html`<li data-neighbour=${other.id}><button type="button" class="link" @click=${() => view.set({ stream: other.id })}>${nameOf(other.thing.name, this.tongue)}</button>
          <b>${number(other.latest?.value, this.tongue, 2)}</b> ${unitOf(other.unit, this.tongue)} <small>${number(far, this.tongue)} km · ${moment(other.latest?.time, this.zone).slice(5)}</small></li>`,
      )}</ul>
    </section>`;
  }

  private downloads(stream: Datastream, start: string, end: string, every: number): TemplateResult {
    const csv = downloadAddress("/observations", { datastream: stream.id, start, end, format: "csv" });
    return html`<section class="card wide" aria-labelledby="take-title"><h3 id="take-title">${t("dataset.download")}</h3>
      <div class="buttons"><a class="button" href=${csv} download="${stream.number}.csv">${t("stream.csv")}</a>
        ${every ? html`<a class="button" href=${downloadAddress("/observations/aggregates", { datastream: stream.id, start, end, every, format: "csv" })} download="${stream.number}-${every}s.csv">${t("stream.csv.steps")}</a>` : nothing}</div>
      <details><summary>${t("dataset.api")}</summary>${programs(stream, start, end)}</details>
    </section>`;
  }
}
