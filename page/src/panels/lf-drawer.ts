import { html, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { calls } from "../api/calls";
import { downloadAddress } from "../api/client";
import type { Cell, Dataset, Layer, Rows } from "../api/types";
import { csvField, saveCsv } from "../charts/export";
import { nameOf, number } from "../format";
import { t } from "../i18n";
import { levelOf } from "../map/aqi";
import { AIR_LAYER } from "../map/kinds/air";
import { Piece } from "../shell/element";
import { Fetched } from "../shell/fetched";
import { problemCard, skeleton } from "../shell/parts";
import { inZone, rowTable, titled } from "../shell/table";
import { meaningsOf, type Meanings } from "../state/codes";
import { data, here } from "../state/data";
import { DEVICES_LAYER, LINKS_TABLE } from "../state/network";
import { view } from "../state/view";

const PAGE_ROWS = 25;

/** The drawer from below: the rows of one layer of the map, page by page. */
@customElement("lf-drawer")
export class DrawerPiece extends Piece {
  /** Cursors of the pages turned so far; the last is the page shown. */
  @state() private cursors: (string | number | null)[] = [null];
  private table: string | null = null;
  private opened: string | null | undefined = undefined;
  private readonly described = new Fetched<Dataset>(this);
  private readonly meanings = new Fetched<Meanings>(this);
  private readonly rows = new Fetched<Rows>(this, "table");

  protected override willUpdate(): void {
    if (this.table === view.value.table) return;
    this.table = view.value.table;
    this.cursors = [null];
  }

  /** The focus goes with a table that is opened, and back to where it was asked for when it is shut. */
  protected override updated(): void {
    this.hidden = !this.table;
    if (this.table === this.opened) return;
    const from = this.table ?? this.opened;
    const first = this.opened === undefined;
    this.opened = this.table;
    if (first) return;
    if (this.table) this.querySelector<HTMLElement>("h2")?.focus();
    else document.querySelector<HTMLElement>(`[data-layer="${CSS.escape(from ?? "")}"] > button`)?.focus();
  }

  protected override render(): TemplateResult | typeof nothing {
    if (!this.table) return nothing;
    if (this.table === DEVICES_LAYER) return html`<section class="drawer" aria-label=${t("devices.title")}><lf-device-table></lf-device-table></section>`;
    if (this.table === LINKS_TABLE) return html`<section class="drawer" aria-label=${t("links.title")}><lf-links whole></lf-links></section>`;
    if (this.table === AIR_LAYER) return this.frame(t("layers.station"), this.stations(), () => this.saveStations());
    const layer = here(data.value.city)?.layers.find(({ id }) => id === this.table);
    if (!layer) return nothing;
    return this.frame(nameOf(layer.name, this.tongue), this.layer(layer), downloadAddress(`/datasets/${layer.dataset}/rows`, { format: "csv" }));
  }

  private frame(name: string, content: TemplateResult, csv: string | (() => void)): TemplateResult {
    return html`<section class="drawer" aria-label=${t("drawer.title", { name })}>
      <header class="panel-head">
        <h2 tabindex="-1">${name}</h2>
        ${typeof csv === "string"
          ? html`<a class="button" href=${csv} download>${t("drawer.csv")}</a>`
          : html`<button type="button" @click=${csv}>${t("drawer.csv")}</button>`}
        <button type="button" class="quiet" aria-label=${t("close")} @click=${() => view.set({ table: null })}>×</button>
      </header>
      ${content}
    </section>`;
  }

  private layer(layer: Layer): TemplateResult {
    const after = this.cursors.at(-1) ?? null;
    const asked = this.rows.want(`${layer.dataset}|${after}`, () => calls.rows(layer.dataset, { limit: PAGE_ROWS, after }));
    if (asked.state === "asked") return skeleton(6);
    if (asked.state === "refused") return problemCard(asked.problem, () => this.rows.forget());
    const { items, total, next, columns } = asked.value;
    if (items.length === 0) return html`<p>${t("drawer.empty")}</p>`;
    const stated = here(this.described.want(layer.dataset, () => calls.dataset(layer.dataset)))?.columns ?? [];
    const from = (this.cursors.length - 1) * PAGE_ROWS + 1;
    const meanings = here(this.meanings.want(`${layer.dataset}|${after}|${stated.length}`, () => meaningsOf(stated, items)));
    const local = inZone(titled(columns, stated), columns, items, this.zone);
    return html`${rowTable(local.columns, local.rows, this.tongue, meanings)}
      <footer class="pager">
        <span>${t("drawer.rows", { n: number(total, this.tongue, 0) })} · ${t("drawer.page", { from, to: from + items.length - 1 })}</span>
        <button type="button" class="quiet" ?disabled=${this.cursors.length === 1} @click=${() => (this.cursors = this.cursors.slice(0, -1))}>${t("drawer.previous")}</button>
        <button type="button" class="quiet" ?disabled=${next === null} @click=${() => (this.cursors = [...this.cursors, next])}>${t("drawer.next")}</button>
      </footer>`;
  }

  private stationRows(): Record<string, Cell>[] {
    const stations = here(data.value.air)?.result.stations ?? [];
    return stations.map((station) => {
      const level = levelOf(station.class);
      return {
        thing: station.thing,
        [t("station.title")]: nameOf(station.name, this.tongue),
        AQI: station.aqi,
        [t("aqi.class")]: level ? t(`aqi.level.${level}`) : t("legend.nodata"),
        [t("aqi.primary")]: [station.primary ?? []].flat().join(", "),
        ...station.values,
        lon: station.lon,
        lat: station.lat,
      };
    });
  }

  private stations(): TemplateResult {
    const rows = this.stationRows();
    return rows.length ? rowTable(Object.keys(rows[0] ?? {}), rows, this.tongue) : html`<p>${t("drawer.empty")}</p>`;
  }

  private saveStations(): void {
    const rows = this.stationRows();
    const keys = Object.keys(rows[0] ?? {});
    const lines = [keys, ...rows.map((row) => keys.map((key) => row[key]))];
    saveCsv(lines.map((line) => line.map(csvField).join(",")).join("\r\n"), "lifang-stations.csv");
  }
}
