import { html, nothing, svg, type SVGTemplateResult, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { bracketed, isoIn, localInput, moment, number, shortMoment, zoneName } from "../format";
import { t } from "../i18n";
import { Piece } from "../shell/element";
import { chartCsv, saveChart, saveCsv } from "./export";
import { bandPath, linear, linePath, nearest, roundTicks, timeTicks, type BandPoint, type Point } from "./scale";

export interface Threshold {
  value: number;
  name: string;
  /** Whether the name is of what lies below the line, as with classes. */
  below?: boolean;
}

export interface Frame {
  x: (time: number) => number;
  y: (value: number) => number;
  ticks: number[];
  start: number;
  end: number;
}

/** Below this span, ms, an axis names seconds. */
const FINE_MS = 600_000;
export const EDGE = { left: 44, right: 10, top: 22, bottom: 26 };

/** A line chart of one series: unit, gaps, thresholds, a forecast with its band, readout by pointer and keys. */
@customElement("lf-chart")
export class ChartPiece extends Piece {
  @property({ attribute: false }) name = "";
  @property({ attribute: false }) unit = "";
  @property({ attribute: false }) points: Point[] = [];
  @property({ attribute: false }) forecast: Point[] = [];
  @property({ attribute: false }) band: BandPoint[] = [];
  @property({ attribute: false }) thresholds: Threshold[] = [];
  @property({ attribute: false }) now: number | null = null;
  @property({ attribute: false }) thinned = false;
  @property({ type: Number }) height = 200;
  @property({ type: Boolean }) bare = false;
  /** What the line is, where nobody observed it. */
  @property({ attribute: false }) kind = "";
  @state() protected width = 340;
  @state() protected cursor = -1;
  private watcher: ResizeObserver | null = null;

  override connectedCallback(): void {
    super.connectedCallback();
    this.watcher = new ResizeObserver(([entry]) => {
      const width = Math.round(entry?.contentRect.width ?? 0);
      if (width > 0 && width !== this.width) this.width = width;
    });
    this.watcher.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.watcher?.disconnect();
  }

  protected get all(): Point[] {
    return [...this.points, ...this.forecast];
  }

  protected frame(): Frame {
    const times = this.all.map(({ time }) => time);
    const values = [
      ...this.all.flatMap(({ value }) => (value === null ? [] : [value])),
      ...this.band.flatMap(({ low, high }) => [low, high]),
    ];
    const [start, end] = [Math.min(...times), Math.max(...times)];
    const top = Math.max(...values);
    const seen = this.thresholds.map(({ value }) => value).filter((value) => value <= top * 1.15);
    const ticks = roundTicks(Math.min(0, ...values), Math.max(top, ...seen), this.height < 140 ? 3 : 5);
    const y = linear(ticks[0] ?? 0, ticks.at(-1) ?? 1, this.height - EDGE.bottom, EDGE.top);
    return { x: linear(start, end, EDGE.left, this.width - EDGE.right), y, ticks, start, end };
  }

  protected read(index: number): string {
    const point = this.all[index];
    if (!point) return "";
    const band = this.band.find(({ time }) => time === point.time);
    const range = band ? bracketed(`${number(band.low, this.tongue)}–${number(band.high, this.tongue)}`, this.tongue) : "";
    const kind = index >= this.points.length ? ` · ${t("now.predicted")}` : "";
    const value = point.value === null ? t("chart.none") : `${number(point.value, this.tongue)} ${this.unit}`;
    return `${moment(point.time, this.zone)} · ${value}${range}${kind}`;
  }

  protected onPointer(event: PointerEvent, frame: Frame): void {
    const box = (event.currentTarget as Element).getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * this.width;
    this.cursor = nearest(this.all, linear(EDGE.left, this.width - EDGE.right, frame.start, frame.end)(x));
  }

  protected onKey(event: KeyboardEvent): void {
    const last = this.all.length - 1;
    const from = this.cursor < 0 ? this.points.length - 1 : this.cursor;
    const to: Record<string, number> = {
      ArrowLeft: from - 1,
      ArrowRight: from + 1,
      PageUp: from - 24,
      PageDown: from + 24,
      Home: 0,
      End: last,
    };
    const next = to[event.key];
    if (next === undefined) return;
    event.preventDefault();
    this.cursor = Math.max(0, Math.min(last, next));
  }

  protected override render(): TemplateResult {
    if (this.all.every(({ value }) => value === null)) {
      return html`<p class="chart-none">${t("station.series.none")}</p>`;
    }
    const frame = this.frame();
    const zone = zoneName(frame.end, this.zone);
    return html`<figure class="chart">
      <svg
        viewBox="0 0 ${this.width} ${this.height}" width=${this.width} height=${this.height}
        role="slider" tabindex="0"
        aria-label=${t("chart.label", { name: this.name, unit: this.unit, zone })}
        aria-valuemin="0" aria-valuemax=${this.all.length - 1}
        aria-valuenow=${this.cursor < 0 ? this.points.length - 1 : this.cursor}
        aria-valuetext=${this.read(this.cursor < 0 ? this.points.length - 1 : this.cursor)}
        @pointermove=${(event: PointerEvent) => this.onPointer(event, frame)}
        @pointerleave=${() => (this.cursor = -1)}
        @keydown=${(event: KeyboardEvent) => this.onKey(event)}
      >${this.axes(frame)}${this.marks(frame)}${this.cursorMark(frame)}</svg>
      <p class="chart-read">${this.cursor < 0 ? this.legend() : this.read(this.cursor)}</p>
      ${this.bare ? nothing : this.foot(zone)}
    </figure>`;
  }

  protected axes({ x, y, ticks, start, end }: Frame): SVGTemplateResult {
    const right = this.width - EDGE.right;
    const bottom = this.height - EDGE.bottom;
    const times = timeTicks(start, end, this.zone, Math.max(2, Math.floor(this.width / 95)));
    const days = end - start > 4 * 86_400_000;
    const months = times.every((time) => localInput(time, this.zone).endsWith("-01T00:00"));
    const label = (time: number): string => {
      if (end - start < FINE_MS) return isoIn(time, this.zone).slice(11, 19);
      const text = shortMoment(time, this.zone);
      if (days) return months ? localInput(time, this.zone).slice(0, 7) : text.slice(0, 5);
      return localInput(time, this.zone).endsWith("T00:00") ? text.slice(0, 5) : text.slice(6);
    };
    return svg`<g class="axis">
      ${ticks.map((tick) => svg`<path d="M${EDGE.left} ${y(tick)}H${right}" /><text x=${EDGE.left - 6} y=${y(tick) + 4} text-anchor="end">${number(tick, this.tongue)}</text>`)}
      ${times.map((time) => svg`<path d="M${x(time)} ${bottom}v4" /><text x=${Math.min(x(time), this.width - 20)} y=${bottom + 17} text-anchor="middle">${label(time)}</text>`)}
      <text class="axis-unit" x="2" y="11">${this.unit}</text>
    </g>`;
  }

  protected marks({ x, y, ticks, start, end }: Frame): SVGTemplateResult {
    const right = this.width - EDGE.right;
    const low = this.thresholds.filter(({ value }) => value <= (ticks.at(-1) ?? 0) && value >= (ticks[0] ?? 0));
    const joint = this.points.findLast(({ value }) => value !== null);
    const ahead = joint && this.forecast.length ? [joint, ...this.forecast] : this.forecast;
    const { now } = this;
    const nowLine = now !== null && now > start && now < end;
    return svg`<g class="marks">
      <path class="band" d=${bandPath(this.band, x, y)} />
      ${low.map(({ value }) => svg`<path class="threshold" d="M${EDGE.left} ${y(value)}H${right}" />`)}
      ${nowLine ? svg`<path class="now-line" d="M${x(now)} ${EDGE.top}V${this.height - EDGE.bottom}" /><text class="now-name" x=${x(now) + 3} y=${EDGE.top + 8}>${t("chart.now")}</text>` : nothing}
      ${low.map(({ value, name, below }) => this.thresholdName(name, y(value) + (below ? 11 : -3), x, y))}
      <path class="line" d=${linePath(this.points, x, y)} />
      <path class="line ahead" d=${linePath(ahead, x, y)} />
    </g>`;
  }

  /** Write a threshold's name at the end of its line that is farther from what is drawn. */
  private thresholdName(name: string, at: number, x: Frame["x"], y: Frame["y"]): SVGTemplateResult {
    const [left, right] = [EDGE.left + 4, this.width - EDGE.right - 4];
    const wide = [...name].reduce((sum, letter) => sum + (letter > "\u2e7f" ? 11 : 6), 0);
    const gap = (from: number, to: number): number =>
      this.all.reduce((least, { time, value }) => (value === null || x(time) < from || x(time) > to ? least : Math.min(least, Math.abs(y(value) + 4 - at))), Infinity);
    const first = gap(left, left + wide) >= gap(right - wide, right);
    return svg`<text class="threshold-name" x=${first ? left : right} y=${at} text-anchor=${first ? "start" : "end"}>${name}</text>`;
  }

  private cursorMark({ x, y }: Frame): SVGTemplateResult | typeof nothing {
    const point = this.all[this.cursor];
    if (!point) return nothing;
    return svg`<g class="cursor"><path d="M${x(point.time)} ${EDGE.top}V${this.height - EDGE.bottom}" />
      ${point.value === null ? nothing : svg`<circle cx=${x(point.time)} cy=${y(point.value)} r="4" />`}</g>`;
  }

  protected legend(): TemplateResult {
    return html`<span class="key line-key"></span>${this.kind || t("now.observed")}
      ${this.forecast.length ? html`<span class="key ahead-key"></span>${t("now.predicted")}` : nothing}
      ${this.band.length ? html`<span class="key band-key"></span>${t("now.band")}` : nothing}`;
  }

  protected csv(): string {
    return chartCsv(this.name, this.unit, this.zone, this.points, this.band);
  }

  private foot(zone: string): TemplateResult {
    const file = `${this.name.replaceAll(/[^\p{L}\p{N}.]+/gu, "-")}-${moment(this.all.at(-1)?.time, this.zone).slice(0, 10)}`;
    const save = (): void => {
      const drawing = this.querySelector("svg");
      if (drawing) void saveChart(drawing, `${this.name} · ${this.unit} · ${zone}`, `${file}.png`);
    };
    return html`<figcaption class="chart-foot">
      <span>${t("chart.zone", { zone })} ${t("chart.gap")} ${this.thinned ? t("chart.down") : nothing}</span>
      <button type="button" class="quiet" @click=${() => saveCsv(this.csv(), `${file}.csv`)}>${t("chart.csv")}</button>
      <button type="button" class="quiet" @click=${save}>${t("chart.png")}</button>
    </figcaption>`;
  }
}
