import { html, nothing, svg, type SVGTemplateResult, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { isoIn, localInput, moment, number, shortMoment } from "../format";
import { t } from "../i18n";
import { Piece } from "../shell/element";
import { csvField, saveChart, saveCsv } from "./export";
import { barsOf, plotTable, type Series } from "./plot";
import { linear, linePath, roundTicks, timeTicks } from "./scale";

const EDGE = { left: 56, right: 12, top: 22, bottom: 28 };
const HEIGHT = 280;
const NAME_PX = 168;
const BAR_PX = 14;
const GROUP_GAP_PX = 8;
const ROWS_READ = 300;
const DAYS_4_MS = 345_600_000;

/** A chart of one or several series by moments, numbers or names: lines, bars or points; the same as a table; CSV and PNG. */
@customElement("lf-plot")
export class PlotPiece extends Piece {
  @property({ attribute: false }) name = "";
  @property({ attribute: false }) unit = "";
  /** What the series go by, as the table heads it. */
  @property({ attribute: false }) by = "";
  @property({ attribute: false }) form: "line" | "bars" | "points" = "line";
  /** Whether `x` is moments (ms), numbers or names. */
  @property({ attribute: false }) scale: "time" | "number" | "name" = "time";
  @property({ attribute: false }) series: Series[] = [];
  @state() private width = 640;
  private readonly watcher = new ResizeObserver(([entry]) => {
    const width = Math.round(entry?.contentRect.width ?? 0);
    if (width > 0) this.width = width;
  });

  override connectedCallback(): void {
    super.connectedCallback();
    this.watcher.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.watcher.disconnect();
  }

  protected override render(): TemplateResult {
    const named = this.scale === "name";
    const table = plotTable(this.series);
    const height = named ? this.named().height : HEIGHT;
    return html`<figure class="chart plot">
      <svg viewBox="0 0 ${this.width} ${height}" width=${this.width} height=${height} role="img" aria-label=${`${this.name} ${this.unit}`}>
        ${named ? this.named().drawn : this.drawn()}
      </svg>
      ${this.series.length > 1 ? html`<ul class="plot-keys">${this.series.map(({ name }, i) => html`<li><span class="plot-key p${i}"></span>${name}</li>`)}</ul>` : nothing}
      <figcaption class="chart-foot">
        <button type="button" class="quiet" @click=${() => saveCsv(this.csv(table), `${this.file}.csv`)}>${t("chart.csv")}</button>
        <button type="button" class="quiet" @click=${() => this.savePicture()}>${t("chart.png")}</button>
      </figcaption>
      <details><summary>${t("plot.table")}</summary>${this.asTable(table)}</details>
    </figure>`;
  }

  private label(x: number | string): string {
    if (this.scale === "time") return moment(Number(x), this.zone);
    return this.scale === "number" ? number(Number(x), this.tongue, 3) : String(x);
  }

  private read(name: string, x: number | string, y: number | null): string {
    return `${[this.series.length > 1 ? name : "", this.label(x)].filter(Boolean).join(" · ")}: ${number(y, this.tongue, 3)} ${this.unit}`.trim();
  }

  private drawn(): SVGTemplateResult {
    const xs = this.series.flatMap(({ spots }) => spots.map((spot) => Number(spot.x)));
    const ys = this.series.flatMap(({ spots }) => spots.flatMap((spot) => spot.y ?? []));
    const ticks = roundTicks(Math.min(...(this.form === "points" ? [] : [0]), ...ys), Math.max(...ys));
    const [first, last] = [Math.min(...xs), Math.max(...xs)];
    const { left, right, top, bottom } = EDGE;
    const y = linear(ticks[0] ?? 0, ticks.at(-1) ?? 1, HEIGHT - bottom, top);
    const bars = barsOf(this.series, this.width - left - right);
    const inset = this.form === "bars" ? bars.group / 2 : 0;
    const x = linear(first, last, left + inset, this.width - right - inset);
    const count = Math.max(2, Math.floor(this.width / 95));
    const marks = this.scale === "time" ? timeTicks(first, last, this.zone, count) : roundTicks(first, last, count).filter((tick) => tick >= first && tick <= last);
    return svg`<g class="axis">
        ${ticks.map((tick) => svg`<path d="M${left} ${y(tick)}H${this.width - right}" /><text x=${left - 6} y=${y(tick) + 4} text-anchor="end">${number(tick, this.tongue, 3)}</text>`)}
        ${marks.map((tick) => svg`<path d="M${x(tick)} ${HEIGHT - bottom}v4" /><text x=${Math.min(x(tick), this.width - 22)} y=${HEIGHT - bottom + 17} text-anchor="middle">${this.tick(tick, first, last, marks)}</text>`)}
        <text class="axis-unit" x="2" y="11">${this.unit}</text>
      </g>
      <g class="marks">${this.series.map((one, i) => {
        if (this.form === "line") return svg`<path class="plot-line p${i}" d=${linePath(one.spots.map((spot) => ({ time: Number(spot.x), value: spot.y })), x, y, this.scale === "time")}><title>${one.name}</title></path>`;
        const spots = one.spots.filter((spot) => spot.y !== null);
        if (this.form === "points") return spots.map((spot) => svg`<circle class="plot-mark p${i}" cx=${x(Number(spot.x))} cy=${y(spot.y ?? 0)} r="3"><title>${this.read(one.name, spot.x, spot.y)}</title></circle>`);
        return spots.map((spot) => {
          const [from, to] = [y(Math.max(0, ticks[0] ?? 0)), y(spot.y ?? 0)];
          return svg`<rect class="plot-mark p${i}" x=${x(Number(spot.x)) - bars.group / 2 + i * bars.each} y=${Math.min(from, to)} width=${Math.max(bars.each - 0.5, 0.5)} height=${Math.max(Math.abs(from - to), 0.5)}><title>${this.read(one.name, spot.x, spot.y)}</title></rect>`;
        });
      })}</g>`;
  }

  private tick(at: number, first: number, last: number, marks: number[]): string {
    if (this.scale === "number") return number(at, this.tongue, 3);
    const text = shortMoment(at, this.zone);
    const months = marks.every((time) => localInput(time, this.zone).endsWith("-01T00:00"));
    if (last - first > DAYS_4_MS) return months ? localInput(at, this.zone).slice(0, 7) : text.slice(0, 5);
    return localInput(at, this.zone).endsWith("T00:00") ? text.slice(0, 5) : text.slice(6);
  }

  /** Bars by name lie, so that names can be read. */
  private named(): { height: number; drawn: SVGTemplateResult } {
    const names = [...new Set(this.series.flatMap(({ spots }) => spots.map((spot) => String(spot.x))))];
    const ys = this.series.flatMap(({ spots }) => spots.flatMap((spot) => spot.y ?? []));
    const most = Math.max(...ys, 0);
    const least = Math.min(...ys, 0);
    const group = this.series.length * BAR_PX + GROUP_GAP_PX;
    const left = Math.min(NAME_PX, this.width * 0.36);
    const x = linear(least, most || 1, left, this.width - 76);
    const wide = Math.floor((left - 10) / 7.5);
    const clip = (text: string): string => {
      let taken = 0;
      const kept = [...text].findIndex((sign) => (taken += sign > "\u2e7f" ? 1.7 : 1) > wide);
      return kept < 0 ? text : `${[...text].slice(0, kept).join("")}…`;
    };
    const drawn = svg`<g class="axis">${names.map((name, row) => svg`<text x=${left - 8} y=${row * group + group / 2 + 3} text-anchor="end">${clip(name)}<title>${name}</title></text>`)}</g>
      <g class="marks">${this.series.map((one, i) => one.spots.map((spot) => {
        const top = names.indexOf(String(spot.x)) * group + GROUP_GAP_PX / 2 + i * BAR_PX;
        const [from, to] = [x(0), x(spot.y ?? 0)];
        return svg`<rect class="plot-mark p${i}" x=${Math.min(from, to)} y=${top} width=${Math.max(Math.abs(to - from), 1)} height=${BAR_PX - 2}><title>${this.read(one.name, spot.x, spot.y)}</title></rect>
          <text class="plot-value" x=${Math.max(from, to) + 5} y=${top + BAR_PX - 4}>${number(spot.y, this.tongue)}</text>`;
      }))}</g>`;
    return { height: names.length * group, drawn };
  }

  private asTable({ xs, cells }: ReturnType<typeof plotTable>): TemplateResult {
    return html`<div class="table" tabindex="0" role="region" aria-label=${this.name}><table class="facts">
      <thead><tr><th scope="col">${this.by}</th>${this.series.map(({ name }) => html`<th scope="col" class="number">${name}</th>`)}</tr></thead>
      <tbody>${xs.slice(0, ROWS_READ).map((x, row) => html`<tr><td>${this.label(x)}</td>${(cells[row] ?? []).map((value) => html`<td class="number">${number(value, this.tongue, 3)}</td>`)}</tr>`)}</tbody>
    </table></div>${xs.length > ROWS_READ ? html`<p class="fine">${t("plot.more", { n: ROWS_READ })}</p>` : nothing}`;
  }

  private get file(): string {
    return this.name.replaceAll(/[^\p{L}\p{N}.]+/gu, "-");
  }

  private csv({ xs, cells }: ReturnType<typeof plotTable>): string {
    const told = (x: number | string): string => (this.scale === "time" ? isoIn(Number(x), this.zone) : String(x));
    const rows: unknown[][] = [[this.by, ...this.series.map(({ name }) => (this.unit ? `${name} (${this.unit})` : name))], ...xs.map((x, row) => [told(x), ...(cells[row] ?? [])])];
    return rows.map((row) => row.map(csvField).join(",")).join("\r\n") + "\r\n";
  }

  private savePicture(): void {
    const drawing = this.querySelector("svg");
    if (drawing) void saveChart(drawing, [this.name, this.unit, ...(this.series.length > 1 ? this.series.map(({ name }) => name) : [])].filter(Boolean).join(" · "), `${this.file}.png`);
  }
}
