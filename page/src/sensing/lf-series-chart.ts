import { html, nothing, svg, type PropertyValues, type SVGTemplateResult, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { ChartPiece, EDGE, type Frame } from "../charts/lf-chart";
import { linear, nearest, roundTicks } from "../charts/scale";
import { isoIn, number } from "../format";
import { t, tOr } from "../i18n";
import { bucketsCsv, spreadPath, type Bucket, type BucketPoint } from "./buckets";

export interface Flagged {
  time: number;
  value: number | null;
  quality: string;
}

/** A mark for each rule, so that flags differ by shape. */
const MARKS: Record<string, string> = {
  suspect_range: "M0-5 5 0 0 5-5 0Z",
  suspect_flat: "M-4-4H4V4H-4Z",
  suspect_spike: "M0-5 5 4H-5Z",
  after_gap: "M-5-3H5L0 5Z",
  estimated: "M-5-1H-1V-5H1V-1H5V1H1V5H-1V1H-5Z",
};
const DAY_MS = 86_400_000;
const LEAST_PX = 8;
const STEP = 0.6;

/** Return the SVG path of a quality's mark. */
export function markOf(quality: string): string {
  return MARKS[quality] ?? "M-4-4 4 4M4-4-4 4";
}

/** Return a window `factor` times as long, `at` staying where it is; never shorter than ten seconds. */
export function zoomed([start, end]: [number, number], factor: number, at = (start + end) / 2): [number, number] {
  const span = Math.max((end - start) * factor, 10_000);
  const share = (at - start) / (end - start);
  return [Math.round(at - span * share), Math.round(at + span * (1 - share))];
}

/** A chart of a window of time, of values or of buckets, that can be narrowed to single values: by drag, keys, wheel with Ctrl. */
@customElement("lf-series-chart")
export class SeriesChartPiece extends ChartPiece {
  @property({ attribute: false }) span: [number, number] = [0, 1];
  @property({ attribute: false }) flagged: Flagged[] = [];
  @property({ attribute: false }) buckets: Bucket[] = [];
  @property({ attribute: false }) gaps: { start: number; end: number }[] = [];
  @state() private drag: [number, number] | null = null;
  private at = 0;

  /** What is read stays at its time when other points are drawn. */
  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has("points") && !changed.has("cursor") && this.cursor >= 0) this.cursor = nearest(this.points, this.at);
    else this.at = this.points[this.cursor]?.time ?? this.at;
  }

  protected override createRenderRoot(): HTMLElement {
    this.addEventListener("pointerdown", (event) => this.press(event));
    this.addEventListener("pointermove", (event) => this.move(event));
    this.addEventListener("pointerup", () => this.release());
    this.addEventListener("pointercancel", () => (this.drag = null));
    this.addEventListener("dblclick", (event) => this.onDrawing(event) && this.go(zoomed(this.span, 1 / STEP)));
    this.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    return super.createRenderRoot();
  }

  protected override frame(): Frame {
    const spread = this.buckets.flatMap(({ low, high }) => [low, high]);
    const values = [...spread, ...this.points.flatMap(({ value }) => (value === null ? [] : [value])), ...this.flagged.flatMap(({ value }) => value ?? [])];
    const [least, most] = [Math.min(...values), Math.max(...values)];
    const seen = this.thresholds.map(({ value }) => value).filter((value) => value <= most + (most - least) && value >= least - (most - least));
    const low = least > 0 && least > most / 2 ? least : Math.min(0, least);
    const ticks = roundTicks(Math.min(low, ...seen), Math.max(most, ...seen), 5);
    const [start, end] = this.span;
    const y = linear(ticks[0] ?? 0, ticks.at(-1) ?? 1, this.height - EDGE.bottom, EDGE.top);
    return { x: linear(start, end, EDGE.left, this.width - EDGE.right), y, ticks, start, end };
  }

  protected override read(index: number): string {
    const point = this.points[index];
    if (!point) return "";
    const { bucket } = point as BucketPoint;
    if (bucket) return this.readBucket(bucket);
    const quality = this.flagged.find(({ time }) => time === point.time)?.quality;
    const value = point.value === null ? t("chart.none") : `${number(point.value, this.tongue, 3)} ${this.unit}`;
    return `${isoIn(point.time, this.zone).slice(0, 19).replace("T", " ")} · ${value}${quality ? ` · ⚑ ${tOr(`quality.${quality}`, quality)}` : ""}`;
  }

  private readBucket({ time, end, low, mean, high, count }: Bucket): string {
    const [from, to] = [time, end - time < DAY_MS ? end : end - 1].map((ms) => isoIn(ms, this.zone).replace("T", " ").slice(0, end - time < 60_000 ? 19 : 16)) as [string, string];
    const span = end - time < DAY_MS ? `${from} – ${to.slice(11)}` : [...new Set([from.slice(0, 10), to.slice(0, 10)])].join(" – ");
    const [least, middle, most] = [low, mean, high].map((value) => number(value, this.tongue, 3)) as [string, string, string];
    const flags = new Set(this.flagged.filter((one) => one.time >= time && one.time < end).map(({ quality }) => tOr(`quality.${quality}`, quality)));
    return `${span} · ${t("stream.step.read", { low: least, mean: middle, high: most, unit: this.unit, n: number(count, this.tongue, 0) })}${flags.size ? ` · ⚑ ${[...flags].join(", ")}` : ""}`;
  }

  protected override csv(): string {
    return this.buckets.length ? bucketsCsv(this.name, this.unit, this.zone, this.buckets) : super.csv();
  }

  protected override marks(frame: Frame): SVGTemplateResult {
    const { x, y, start, end } = frame;
    const [left, right] = [EDGE.left, this.width - EDGE.right];
    const inside = (px: number): number => Math.max(left, Math.min(right, px));
    const seen = this.flagged.filter(({ time, value }) => value !== null && time >= start && time <= end);
    return svg`<g class="gaps">${this.gaps.map((gap) => svg`<rect x=${inside(x(gap.start))} y=${EDGE.top} width=${Math.max(1, inside(x(gap.end)) - inside(x(gap.start)))} height=${this.height - EDGE.bottom - EDGE.top} />`)}</g>
      ${this.buckets.length ? svg`<path class="spread" d=${spreadPath(this.buckets, (time) => inside(x(time)), y)} />` : nothing}
      ${super.marks(frame)}
      <g class="flags">${seen.map(({ time, value, quality }) => svg`<path data-quality=${quality} d=${markOf(quality)} transform="translate(${x(time)} ${y(value ?? 0)})" />`)}</g>
      ${this.drag ? svg`<rect class="drag" x=${Math.min(...this.drag)} y=${EDGE.top} width=${Math.abs(this.drag[1] - this.drag[0])} height=${this.height - EDGE.bottom - EDGE.top} />` : nothing}`;
  }

  protected override onKey(event: KeyboardEvent): void {
    const [start, end] = this.span;
    const by = (end - start) / 2;
    const at = this.points[this.cursor]?.time;
    const to: Record<string, () => [number, number]> = {
      "+": () => zoomed(this.span, STEP, at),
      "=": () => zoomed(this.span, STEP, at),
      "-": () => zoomed(this.span, 1 / STEP),
      "[": () => [start - by, end - by],
      "]": () => [start + by, end + by],
    };
    const next = to[event.key];
    if (!next) return super.onKey(event);
    event.preventDefault();
    this.go(next());
  }

  protected override legend(): TemplateResult {
    const kinds = [...new Set(this.flagged.map(({ quality }) => quality))];
    const summed = this.buckets.length > 0;
    return html`<span class="key line-key"></span>${t(summed ? "stream.mean" : "now.observed")}
      ${summed ? html`<span class="key spread-key"></span>${t("stream.spread")}` : nothing}
      ${this.gaps.length ? html`<span class="key gap-key"></span>${t("stream.gaps")}` : nothing}
      ${kinds.map((quality) => html` <svg class="flag" viewBox="-7 -7 14 14" aria-hidden="true"><path d=${markOf(quality)} /></svg> ${tOr(`quality.${quality}`, quality)}`)}`;
  }

  private go(span: [number, number]): void {
    this.dispatchEvent(new CustomEvent("window", { detail: span, bubbles: true }));
  }

  private onDrawing(event: Event): boolean {
    return Boolean((event.target as Element | null)?.closest("svg[role=slider]"));
  }

  private place(event: PointerEvent | WheelEvent): number {
    const box = this.querySelector("svg[role=slider]")?.getBoundingClientRect();
    return box ? ((event.clientX - box.left) / box.width) * this.width : 0;
  }

  private time(px: number): number {
    return linear(EDGE.left, this.width - EDGE.right, ...this.span)(px);
  }

  private press(event: PointerEvent): void {
    if (event.button !== 0 || !this.onDrawing(event)) return;
    const px = this.place(event);
    this.drag = [px, px];
    this.setPointerCapture(event.pointerId);
  }

  private move(event: PointerEvent): void {
    if (this.drag) this.drag = [this.drag[0], this.place(event)];
  }

  private release(): void {
    const { drag } = this;
    this.drag = null;
    if (!drag || Math.abs(drag[1] - drag[0]) < LEAST_PX) return;
    const [from, to] = [this.time(Math.min(...drag)), this.time(Math.max(...drag))];
    this.go([Math.round(from), Math.round(Math.max(to, from + 1_000))]);
  }

  private wheel(event: WheelEvent): void {
    if (!(event.ctrlKey || event.metaKey) || !this.onDrawing(event)) return;
    event.preventDefault();
    this.go(zoomed(this.span, event.deltaY < 0 ? STEP : 1 / STEP, this.time(this.place(event))));
  }
}
