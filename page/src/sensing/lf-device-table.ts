import { html, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { downloadAddress } from "../api/client";
import type { Picture } from "../api/network";
import { csvField, saveCsv } from "../charts/export";
import { ABSENT, isoIn, moment, nameOf, number } from "../format";
import { t } from "../i18n";
import { Piece } from "../shell/element";
import { problemCard, skeleton } from "../shell/parts";
import { data, here } from "../state/data";
import { SORTS, codeOf, codesOf, deviceName, loadPicture, shownRows, sorted, type Sort } from "../state/network";
import { view } from "../state/view";
import { duration, healthAt, healthMark, percent } from "./words";

const PAGE_ROWS = 50;
const NUMERIC: readonly Sort[] = ["lag_s", "loss", "uptime", "battery"];

/** Every device that the view asks for as a table: sorted by any column, page by page, and as CSV. */
@customElement("lf-device-table")
export class DeviceTablePiece extends Piece {
  @state() private page = 0;
  private asked = "";

  protected override firstUpdated(): void {
    this.querySelector<HTMLElement>("h2")?.focus();
  }

  /** What is asked for otherwise begins at its first page. */
  protected override willUpdate(): void {
    const { devices, find, sort } = view.value;
    const asked = JSON.stringify([devices, find, sort]);
    if (asked !== this.asked) this.page = 0;
    this.asked = asked;
  }

  protected override render(): TemplateResult {
    const picture = here(data.value.picture);
    const csv = picture?.cells
      ? html`<a class="button" href=${this.serverCsv()} download="devices.csv">${t("drawer.csv")}</a>`
      : html`<button type="button" ?disabled=${!picture} @click=${() => picture && this.save(picture)}>${t("drawer.csv")}</button>`;
    return html`<header class="panel-head">
        <h2 tabindex="-1">${t("devices.title")}</h2>
        ${csv}
        <button type="button" class="quiet" aria-label=${t("close")} @click=${() => view.set({ table: null })}>×</button>
      </header>
      ${this.content()}`;
  }

  private serverCsv(): string {
    const { health, type, organisation, district, link } = view.value.devices;
    return downloadAddress("/network/devices", { format: "csv", health, type, organisation, district, link });
  }

  private content(): TemplateResult {
    const asked = data.value.picture;
    if (asked.state === "asked") return skeleton(6);
    if (asked.state === "refused") return problemCard(asked.problem, () => void loadPicture());
    const picture = asked.value;
    if (picture.cells) return html`<p>${t("devices.cells.table", { n: number(picture.total, this.tongue, 0) })}</p>`;
    const rows = sorted(picture, shownRows(picture), view.value.sort, this.tongue);
    if (!rows.length) return html`<p>${t(picture.total ? "devices.none" : "drawer.empty")}</p>`;
    const from = this.page * PAGE_ROWS;
    const part = rows.slice(from, from + PAGE_ROWS);
    return html`<div class="table" tabindex="0" role="region" aria-label=${t("devices.title")}><table class="device-table">
        <thead><tr>${SORTS.map((sort) => this.head(sort))}</tr></thead>
        <tbody>${part.map((row) => this.row(picture, row))}</tbody>
      </table></div>
      <footer class="pager">
        <span>${t("drawer.rows", { n: number(rows.length, this.tongue, 0) })} · ${t("drawer.page", { from: from + 1, to: from + part.length })}</span>
        <button type="button" class="quiet" ?disabled=${this.page === 0} @click=${() => (this.page -= 1)}>${t("drawer.previous")}</button>
        <button type="button" class="quiet" ?disabled=${from + PAGE_ROWS >= rows.length} @click=${() => (this.page += 1)}>${t("drawer.next")}</button>
      </footer>`;
  }

  private head(sort: Sort): TemplateResult {
    const now = view.value.sort ?? "-health";
    const rising = now === sort;
    const falling = now === `-${sort}`;
    const turn = (): void => view.set({ sort: falling ? sort : rising ? `-${sort}` : NUMERIC.includes(sort) ? `-${sort}` : sort });
    return html`<th scope="col" class=${NUMERIC.includes(sort) ? "number" : ""} aria-sort=${rising ? "ascending" : falling ? "descending" : "none"}>
      <button type="button" class="link" data-sort=${sort} @click=${turn}>${t(`device.${sort}` as "device.name")}<span aria-hidden="true">${rising ? " ▲" : falling ? " ▼" : ""}</span></button>
    </th>`;
  }

  private row(picture: Picture, row: number): TemplateResult {
    const { columns } = picture;
    const id = picture.id[row] ?? "";
    const lang = this.tongue;
    const health = columns.health[row] ?? 0;
    const low = (columns.battery[row] ?? Infinity) <= (columns.battery_low[row] ?? -Infinity);
    const name = (facet: "type" | "organisation" | "district" | "link"): string =>
      codeOf(picture, facet, row) ? nameOf(codesOf(picture, facet)[columns[facet][row] ?? 0]?.name, lang) : ABSENT;
    return html`<tr data-device=${id}>
      <th scope="row"><button type="button" class="link" @click=${() => view.set({ pick: id })}>${deviceName(picture, row, lang)}</button> <small>${id}</small></th>
      <td>${healthMark(healthAt(picture, health), picture.healths[health]?.name, lang)}</td>
      <td>${name("type")}</td><td>${name("organisation")}</td><td>${name("district")}</td><td>${name("link")}</td>
      <td>${moment(columns.last[row], this.zone)}</td>
      <td class="number">${duration(columns.lag_s[row], lang)}</td><td class="number">${percent(columns.loss[row], lang)}</td><td class="number">${percent(columns.uptime[row], lang)}</td>
      <td class="number">${columns.battery[row] === null ? ABSENT : html`${low ? html`<b title=${t("device.battery.low")}>▼ </b>` : ""}${number(columns.battery[row], lang, 0)} %`}</td>
      <td>${moment(columns.certificate[row], this.zone).slice(0, 10)}</td>
    </tr>`;
  }

  /** Hand over all rows of the view, in its order, as CSV: codes beside names, times in the city's zone. */
  private save(picture: Picture): void {
    const { columns } = picture;
    const rows = sorted(picture, shownRows(picture), view.value.sort, this.tongue);
    const time = (ms: number | null | undefined): string => (ms === null || ms === undefined ? "" : isoIn(ms, this.zone));
    const facets = ["health", "type", "organisation", "district", "link", "state"] as const;
    const lines = rows.map((row) => [
      picture.id[row], columns.zh[row], columns.en[row], ...facets.map((facet) => codeOf(picture, facet, row)),
      picture.poles[columns.pole[row] ?? 0], columns.lon[row], columns.lat[row], time(columns.last[row]), columns.lag_s[row],
      columns.loss[row], columns.uptime[row], columns.battery[row], time(columns.certificate[row]),
    ]);
    const heads = ["id", "zh", "en", ...facets, "mounted_on", "lon", "lat", "last", "lag_s", "loss", "uptime", "battery", "certificate_expires"];
    saveCsv([heads, ...lines].map((line) => line.map(csvField).join(",")).join("\r\n") + "\r\n", "lifang-devices.csv");
  }
}
