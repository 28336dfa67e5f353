import { html, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { net, type Device, type Picture } from "../api/network";
import type { Page } from "../api/types";
import { bracketed, nameOf, number } from "../format";
import { t } from "../i18n";
import { Piece } from "../shell/element";
import { Foot } from "../shell/foot";
import { Listed } from "../shell/listed";
import { emptyCard, problemCard, skeleton } from "../shell/parts";
import { data } from "../state/data";
import { DEVICES_LAYER, HEALTHS, anyDevices, codeOf, codesOf, deviceName, loadPicture, matching, narrowed, shownRows, sorted, tally } from "../state/network";
import { changeView } from "../state/undo";
import type { DeviceFacet, View } from "../state/url";
import { view } from "../state/view";
import { healthAt, healthMark } from "./words";

const LISTED = 12;
const SELECTS: readonly DeviceFacet[] = ["type", "organisation", "district", "link", "state"];

/** The devices: how many are how, which are looked at, and the gravest of them. */
@customElement("lf-devices")
export class DevicesPiece extends Piece {
  @state() private open = LISTED;
  private readonly foot = new Foot(this);
  private readonly many = new Listed<Page<Device>>(this);
  private asked = "";

  /** What is asked for otherwise begins at its first rows. */
  protected override willUpdate(): void {
    const { devices, find } = view.value;
    const asked = JSON.stringify([devices, find]);
    if (asked !== this.asked) this.open = LISTED;
    this.asked = asked;
  }

  protected override render(): TemplateResult {
    const { picture } = data.value;
    return html`<section class="panel devices" aria-labelledby="devices-title">
      <h2 id="devices-title">${t("devices.title")}</h2>
      ${this.content(picture)}
    </section>`;
  }

  private content(asked: typeof data.value.picture): TemplateResult {
    if (asked.state === "asked") return skeleton(6);
    if (asked.state === "refused") return problemCard(asked.problem, () => void loadPicture());
    const picture = asked.value;
    if (!anyDevices()) return emptyCard(t("devices.empty"), "lifang sense import-devices DEVICES.csv");
    if (picture.cells) return this.crowd(picture);
    const rows = shownRows(picture);
    const count = { n: number(rows.length, this.tongue, 0), all: number(picture.total, this.tongue, 0) };
    return html`${this.chips(picture)} ${this.search()} ${this.filters(picture)}
      <p class="fine" role="status">${t("devices.count", count)}</p>
      ${rows.length ? this.list(picture, rows) : this.nothingFits()}
      ${this.tableButton()}`;
  }

  /** So many devices that the map counts them in cells. */
  private crowd(picture: Picture): TemplateResult {
    const sum = (place: number): number => (picture.cells?.health ?? []).reduce((all, each) => all + (each[place] ?? 0), 0);
    return html`<p class="chart-none" role="status">${t("devices.cells", { n: number(picture.total, this.tongue, 0) })}</p>
      <div class="chips">
        ${HEALTHS.map((word) => {
          const place = picture.healths.findIndex(({ code }) => code === word);
          return this.chip(picture, place, sum(place));
        })}
      </div>
      ${this.filters(picture)} ${this.page()} ${this.tableButton()}`;
  }

  /** The devices page by page, as the server has them. */
  private page(): TemplateResult {
    const { health, type, organisation, district, link } = view.value.devices;
    const query = { health, type, organisation, district, link };
    const key = JSON.stringify([query, data.value.subject?.name]);
    const asked = this.many.list(key, (after) => net.devices(query, after));
    if (asked.state === "asked") return skeleton(4);
    if (asked.state === "refused") return problemCard(asked.problem, () => this.many.forget());
    return html`<ul class="device-list" aria-label=${t("devices.title")}>
        ${asked.value.items.map((device) => this.item(device.id, healthMark(device.health.state, device.health.name, this.tongue), nameOf(device.name, this.tongue), [device.device_type, device.district].map(({ name }) => nameOf(name, this.tongue))))}
      </ul>
      ${this.many.foot()}`;
  }

  private item(id: string, mark: TemplateResult, name: string, more: readonly string[]): TemplateResult {
    return html`<li><button type="button" class="device-row" data-device=${id} @click=${() => view.set({ pick: id })}>
      ${mark} <b>${name}</b> <small>${more.filter(Boolean).join(" · ")}</small>
    </button></li>`;
  }

  private tableButton(): TemplateResult {
    return html`<div class="buttons" data-layer=${DEVICES_LAYER}>
      <button type="button" class="quiet" @click=${() => view.set({ table: DEVICES_LAYER })}>${t("devices.table")}</button>
    </div>`;
  }

  private set(facet: DeviceFacet, code: string): void {
    const { [facet]: before, ...rest } = view.value.devices;
    const devices: View["devices"] = code && code !== before ? { ...rest, [facet]: code } : rest;
    changeView(t(devices[facet] ? "undo.filtered" : "undo.unfiltered"), { devices });
    narrowed();
  }

  private clear(): void {
    changeView(t("undo.cleared"), { devices: {}, find: "" });
    narrowed();
  }

  private chip(picture: Picture, place: number, count: number): TemplateResult | typeof nothing {
    const word = healthAt(picture, place);
    const pressed = view.value.devices.health === word;
    if (!count && !pressed) return nothing;
    return html`<button type="button" class="chip" data-health=${word} aria-pressed=${pressed} @click=${() => this.set("health", word)}>
      ${healthMark(word, picture.healths[place]?.name, this.tongue)} <b>${number(count, this.tongue, 0)}</b>
    </button>`;
  }

  private chips(picture: Picture): TemplateResult {
    const counts = tally(picture, "health", matching(picture, view.value.devices, view.value.find, "health"));
    return html`<div class="chips" role="group" aria-label=${t("devices.health")}>
      ${HEALTHS.map((word) => {
        const place = picture.healths.findIndex(({ code }) => code === word);
        return this.chip(picture, place, counts[place] ?? 0);
      })}
    </div>`;
  }

  private search(): TemplateResult {
    return html`<input
      type="search" class="wide" .value=${view.value.find} placeholder=${t("devices.find")} aria-label=${t("devices.find")}
      @input=${(event: Event) => view.set({ find: (event.currentTarget as HTMLInputElement).value })}
    />`;
  }

  private filters(picture: Picture): TemplateResult {
    const { devices } = view.value;
    const set = SELECTS.filter((facet) => devices[facet]).length;
    return html`<details class="filters" ?open=${set > 0}>
      <summary>${t("devices.filters")}${set ? html` <b class="count">${set}</b>` : nothing}</summary>
      <div>
        ${SELECTS.map((facet) => this.select(picture, facet))}
        ${set || devices.health || view.value.find ? html`<button type="button" class="quiet" @click=${() => this.clear()}>${t("catalogue.clear")}</button>` : nothing}
      </div>
    </details>`;
  }

  private select(picture: Picture, facet: DeviceFacet): TemplateResult {
    const { devices, find } = view.value;
    const counts = picture.cells ? null : tally(picture, facet, matching(picture, devices, find, facet));
    const named = codesOf(picture, facet)
      .map(({ code, name }, place) => ({ code, count: counts?.[place] ?? null, text: facet === "state" ? t(`device.state.${code}` as "device.state.in_service") : nameOf(name, this.tongue) }))
      .filter(({ code, count }) => code && (count !== 0 || code === devices[facet]))
      .sort((a, b) => (b.count ?? 0) - (a.count ?? 0));
    return html`<label>${t(`facet.device.${facet}` as "facet.device.type")}
      <select data-facet=${facet} @change=${(event: Event) => this.set(facet, (event.currentTarget as HTMLSelectElement).value)}>
        <option value="" ?selected=${!devices[facet]}>${t("all")}</option>
        ${named.map(({ code, count, text }) => html`<option value=${code} ?selected=${devices[facet] === code}>${text}${count === null ? "" : bracketed(number(count, this.tongue, 0), this.tongue)}</option>`)}
      </select>
    </label>`;
  }

  private list(picture: Picture, rows: readonly number[]): TemplateResult {
    const first = sorted(picture, rows, null, this.tongue).slice(0, this.open);
    const named = (facet: "type" | "district", row: number): string =>
      codeOf(picture, facet, row) ? nameOf(codesOf(picture, facet)[picture.columns[facet][row] ?? 0]?.name, this.tongue) : "";
    return html`<ul class="device-list" aria-label=${t("devices.gravest")}>
        ${first.map((row) => {
          const health = picture.columns.health[row] ?? 0;
          const mark = healthMark(healthAt(picture, health), picture.healths[health]?.name, this.tongue);
          return this.item(picture.id[row] ?? "", mark, deviceName(picture, row, this.tongue), [named("type", row), named("district", row)]);
        })}
      </ul>
      ${rows.length > first.length ? this.foot.draw(first.length, () => void (this.open += 4 * LISTED)) : ""}`;
  }

  private nothingFits(): TemplateResult {
    return html`<section class="empty"><p>${t("devices.none")}</p><button type="button" class="quiet" @click=${() => this.clear()}>${t("catalogue.clear")}</button></section>`;
  }
}
