import { html, nothing, svg, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { calls } from "../api/calls";
import { problemOf } from "../api/client";
import type { City, IndicatorHistory, Problem } from "../api/types";
import { bandPath, linear, linePath } from "../charts/scale";
import { fromLocal, isoIn, localInput, moment, number, zoneName } from "../format";
import { t } from "../i18n";
import { Piece } from "../shell/element";
import { Fetched } from "../shell/fetched";
import { problemCard } from "../shell/parts";
import { setReplay } from "../state/actions";
import { data, here, mayAct } from "../state/data";
import { forecastPoints, historyPoints, indicatorOf } from "../state/trend";
import { view } from "../state/view";

const HOUR = 3_600_000;
const AHEAD_HOURS = 24;
const WINDOWS = [1, 7, 30, 366];
const PLAY_SPEEDS = [1, 3, 6, 24];
const CITY_SPEEDS = [1, 60, 600, 3_600, 14_400, 86_400];
const TRACK = { width: 600, height: 34 };

/** The time slider: live, the past step by step or played, and the forecast ahead; operators steer the city's replay. */
@customElement("lf-time")
export class TimePiece extends Piece {
  @state() private playing = false;
  @state() private speed = 1;
  @state() private refused: Problem | null = null;
  private timer = 0;
  private readonly history = new Fetched<IndicatorHistory>(this);

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.stop();
  }

  private get start(): number {
    const first = Date.parse(here(data.value.city)?.observations.first ?? "");
    const wanted = Math.min(this.now - view.value.days * 24 * HOUR, this.moment - 12 * HOUR);
    return Number.isNaN(first) ? wanted : Math.max(first, wanted);
  }

  private get now(): number {
    return Math.floor(data.value.now / HOUR) * HOUR;
  }

  private look(ms: number): void {
    const first = Date.parse(here(data.value.city)?.observations.first ?? "") || 0;
    if (ms >= this.now) return this.live();
    view.set({ at: isoIn(Math.max(ms, first), this.zone) });
  }

  private live(): void {
    this.stop();
    view.set({ at: null });
  }

  private stop(): void {
    window.clearInterval(this.timer);
    this.playing = false;
  }

  private play(): void {
    if (this.playing) return this.stop();
    if (!view.value.at) this.look(this.start);
    this.playing = true;
    this.timer = window.setInterval(() => this.look(this.moment + this.speed * HOUR), 1_000);
  }

  private async steer(change: { speed?: number; paused?: boolean }): Promise<void> {
    this.refused = null;
    try {
      await setReplay(change);
    } catch (error) {
      this.refused = problemOf(error);
    }
  }

  protected override render(): TemplateResult {
    const city = here(data.value.city);
    if (!city) return html`<section class="time" aria-label=${t("time.title")}></section>`;
    if (!city.observations.first) return html`<section class="time"><p class="fine">${t("time.none")}</p></section>`;
    return html`<section class="time" aria-label=${t("time.title")}>
      <div class="time-row">
        <button type="button" class="live" aria-pressed=${!view.value.at} title=${t("time.live.hint")} @click=${() => this.live()}>
          <i aria-hidden="true"></i>${t("time.live")}
        </button>
        ${this.steps()}
        <label class="time-input">
          <span class="sr">${t("time.input", { zone: zoneName(this.moment, this.zone) })}</span>
          <input
            type="datetime-local" step="3600" .value=${localInput(Math.floor(this.moment / HOUR) * HOUR, this.zone)}
            @change=${(event: Event) => this.typed(event)}
          />
          <span aria-hidden="true">${zoneName(this.moment, this.zone)}</span>
        </label>
        ${this.windows()}
      </div>
      ${this.track(city)} ${city.clock.mode === "replay" && mayAct(data.value.subject, "operator") ? this.cityReplay() : nothing}
      ${this.refused ? problemCard(this.refused) : nothing}
    </section>`;
  }

  private typed(event: Event): void {
    const ms = fromLocal((event.currentTarget as HTMLInputElement).value, this.zone);
    if (ms !== null) this.look(ms);
  }

  private steps(): TemplateResult {
    const label = this.playing ? t("time.pause") : t("time.play");
    return html`<button type="button" class="quiet" aria-label=${t("time.back")} title=${t("time.back")} @click=${() => this.look(this.moment - HOUR)}>‹</button>
      <button type="button" class="quiet" aria-pressed=${this.playing} @click=${() => this.play()}>${this.playing ? "❚❚" : "▶"} ${label}</button>
      <button type="button" class="quiet" aria-label=${t("time.forward")} title=${t("time.forward")} @click=${() => this.look(this.moment + HOUR)}>›</button>
      <label class="time-speed"><span class="sr">${t("time.speed")}</span>
        <select @change=${(event: Event) => (this.speed = Number((event.currentTarget as HTMLSelectElement).value))}>
          ${PLAY_SPEEDS.map((n) => html`<option value=${n} ?selected=${n === this.speed}>${t("time.perSecond", { n })}</option>`)}
        </select>
      </label>`;
  }

  private windows(): TemplateResult {
    return html`<label class="time-window" title=${t("time.window")}><span>${t("time.window")}</span>
      <select aria-label=${t("time.window")} @change=${(event: Event) => view.set({ days: Number((event.currentTarget as HTMLSelectElement).value) })}>
        ${WINDOWS.map(
          (n) => html`<option value=${n} ?selected=${n === view.value.days}>${n === 366 ? t("time.year") : t("time.days", { n })}</option>`,
        )}
      </select>
    </label>`;
  }

  private track(city: City): TemplateResult {
    const { start, now } = this;
    const ahead = Math.max((now - start) * 0.08, Math.min(AHEAD_HOURS * HOUR, (now - start) * 0.25));
    return html`<div class="track" style="--past:${((now - start) / HOUR).toFixed(1)};--ahead:${(ahead / HOUR).toFixed(1)}">
      <div class="past">
        ${this.behind(city, start, now)}
        <input
          type="range" aria-label=${t("time.slider")} aria-valuetext=${moment(this.moment, this.zone)}
          min=${start} max=${now} step=${HOUR} .value=${String(Math.min(Math.max(this.moment, start), now))}
          @input=${(event: Event) => this.look(Number((event.currentTarget as HTMLInputElement).value))}
        />
        <span class="track-ends"><span>${moment(start, this.zone).slice(0, 10)}</span><span>${moment(now, this.zone).slice(5)} ${t("chart.now")}</span></span>
      </div>
      <div class="ahead">${this.ahead()}<span class="track-ends"><span></span><span><span class="word">${t("time.forecast")}</span> +${AHEAD_HOURS} h</span></span></div>
    </div>`;
  }

  private behind(city: City, start: number, end: number): TemplateResult | typeof nothing {
    const indicator = indicatorOf(here(data.value.indicators) ?? [], here(data.value.air)?.result.forecast?.variable ?? "AQI");
    if (!indicator) return nothing;
    const key = `${city.id}|${indicator.id}|${Math.floor(start / (6 * HOUR))}|${view.value.days}`;
    const asked = this.history.want(key, () => calls.history(indicator.id, isoIn(start, this.zone), isoIn(end, this.zone)));
    const points = historyPoints(here(asked)).filter(({ time }) => time >= start && time <= end);
    if (points.length < 2) return nothing;
    const every = Math.max(1, Math.floor(points.length / TRACK.width));
    const some = points.filter((_, i) => i % every === 0);
    const y = linear(0, this.top, TRACK.height, 2);
    return this.drawing(svg`<path class="line" d=${linePath(some, linear(start, end, 0, TRACK.width), y)} />`);
  }

  private get top(): number {
    const past = historyPoints(here(this.history.asked)).map(({ value }) => value ?? 0);
    const { band } = forecastPoints(here(data.value.air)?.result.forecast ?? null);
    return Math.max(50, ...past, ...band.map(({ high }) => high));
  }

  private ahead(): TemplateResult | typeof nothing {
    const { line, band } = forecastPoints(here(data.value.air)?.result.forecast ?? null);
    const [first, last] = [line[0]?.time, line.at(-1)?.time];
    if (first === undefined || last === undefined || view.value.at) return nothing;
    const x = linear(first, last, 0, TRACK.width);
    const y = linear(0, this.top, TRACK.height, 2);
    return this.drawing(svg`<path class="band" d=${bandPath(band, x, y)} /><path class="line ahead" d=${linePath(line, x, y)} />`);
  }

  private drawing(content: unknown): TemplateResult {
    return html`<svg class="track-line marks" viewBox="0 0 ${TRACK.width} ${TRACK.height}" preserveAspectRatio="none" aria-hidden="true">${content}</svg>`;
  }

  private cityReplay(): TemplateResult {
    const { paused, speed } = data.value;
    const speeds = CITY_SPEEDS.includes(speed) ? CITY_SPEEDS : [...CITY_SPEEDS, speed].sort((a, b) => a - b);
    return html`<div class="time-row city-replay" role="group" aria-label=${t("time.city")}>
      <b>${t("time.city")}</b>
      <button type="button" @click=${() => void this.steer({ paused: !paused })}>${paused ? t("time.city.resume") : t("time.city.pause")}</button>
      <label>${t("time.city.speed")}
        <select @change=${(event: Event) => void this.steer({ speed: Number((event.currentTarget as HTMLSelectElement).value) })}>
          ${speeds.map((n) => html`<option value=${n} ?selected=${n === speed}>×${number(n, this.tongue, 0)}</option>`)}
        </select>
      </label>
    </div>`;
  }
}
