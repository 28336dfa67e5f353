import { html, nothing, type TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";
import { net, type Device, type DeviceDetail, type DeviceEvent, type Place } from "../api/network";
import type { Datastream, Page } from "../api/types";
import { ABSENT, moment, nameOf, number, unitOf } from "../format";
import { t, tOr } from "../i18n";
import { Piece } from "../shell/element";
import { Fetched } from "../shell/fetched";
import { Listed } from "../shell/listed";
import { problemCard, skeleton } from "../shell/parts";
import { data, here } from "../state/data";
import { changeView } from "../state/undo";
import { view } from "../state/view";
import "./lf-commands";
import { duration, healthMark, percent } from "./words";

const DAY_MS = 86_400_000;
const SOON_DAYS = 30;

/** One device: how it is, what it is, the pole that carries it, its datastreams, its commands and its history. */
@customElement("lf-device")
export class DevicePiece extends Piece {
  private readonly device = new Fetched<DeviceDetail>(this, "device");
  private readonly pole = new Fetched<DeviceDetail>(this);
  private readonly streams = new Listed<Page<Datastream>>(this, "streams");
  private readonly events = new Listed<Page<DeviceEvent>>(this);
  private readonly places = new Listed<Page<Place>>(this);
  private shown: string | null = null;

  /** On a narrow screen the card lies under the map: bring it into sight when another device is picked. */
  protected override updated(): void {
    const { pick } = view.value;
    if (pick === this.shown) return;
    this.shown = pick;
    this.querySelector<HTMLElement>("h2")?.focus({ preventScroll: true });
    if (pick && window.matchMedia("(max-width: 820px)").matches) this.scrollIntoView({ block: "start" });
  }

  protected override render(): TemplateResult | typeof nothing {
    const { pick } = view.value;
    if (!pick) return nothing;
    const key = `${pick}|${data.value.subject?.name ?? ""}|${Math.floor((here(data.value.flow)?.values ?? 0) && Date.now() / 10_000)}`;
    const asked = this.device.want(key, () => net.device(pick));
    if (asked.state === "refused") return html`<section class="panel">${this.head(pick)}${problemCard(asked.problem, () => this.device.forget())}</section>`;
    if (asked.state === "asked" || asked.value.id !== pick) return html`<section class="panel">${this.head(pick)}${skeleton(8)}</section>`;
    const device = asked.value;
    return html`<section class="panel device" aria-labelledby="device-title" data-thing=${device.id}>
        ${this.head(nameOf(device.name, this.tongue))}
        <p>${healthMark(device.health.state, device.health.name, this.tongue)}${device.simulated ? html` <span class="state">${t("device.simulated")}</span>` : nothing}</p>
        <p class="fine">${nameOf(device.device_type.name, this.tongue)} · ${device.id}${device.lon === null || device.lat === null ? nothing : html` · ${device.lat.toFixed(5)}, ${device.lon.toFixed(5)}`}</p>
        ${this.facts(device)}
      </section>
      ${this.carrier(device)} ${this.readings(device)}
      <lf-commands .thing=${device.id}></lf-commands>
      ${this.history(device)}`;
  }

  private head(title: string): TemplateResult {
    return html`<header class="panel-head">
      <h2 id="device-title" tabindex="-1">${title}</h2>
      <button type="button" class="quiet" aria-label=${t("close")} @click=${() => view.set({ pick: null, series: null, stream: null, span: null })}>×</button>
    </header>`;
  }

  private certificate({ certificate_expires: expires, certificate, certificate_issuer: issuer }: Device): TemplateResult | string {
    if (!expires && !certificate) return t("device.certificate.none");
    const days = expires ? Math.floor((Date.parse(expires) - Date.now()) / DAY_MS) : null;
    const word = days === null ? "" : days < 0 ? t("device.certificate.over") : days < SOON_DAYS ? t("device.certificate.soon", { n: days }) : "";
    return html`${expires ? t("device.certificate.until", { time: moment(expires, this.zone).slice(0, 10) }) : ABSENT}
      ${word ? html`<b class="warn">▲ ${word}</b>` : nothing}${issuer ? html`<br /><small>${issuer}</small>` : nothing}`;
  }

  private facts(device: DeviceDetail): TemplateResult {
    const { health } = device;
    const lang = this.tongue;
    const fact = (term: string, value: TemplateResult | string | null | undefined): TemplateResult | typeof nothing =>
      value ? html`<dt>${term}</dt><dd>${value}</dd>` : nothing;
    const link = device.link
      ? html`<button type="button" class="link" @click=${() => changeView(t("undo.filtered"), { devices: { link: device.link }, pick: null })}>${device.link}</button>`
      : null;
    return html`<dl class="pairs">
      ${fact(t("device.last"), moment(health.last, this.zone))}
      ${fact(t("device.lag"), duration(health.lag_s, lang))} ${fact(t("device.loss"), percent(health.loss, lang, 2))}
      ${fact(t("device.uptime"), `${percent(health.uptime, lang)} (24 h), ${percent(health.uptime_all, lang)} ${t("device.uptime.all")}`)}
      ${fact(t("device.streams"), t("device.streams.count", { n: health.datastreams, silent: health.silent }))}
      ${health.clock_offset_s ? fact(t("device.clock"), duration(health.clock_offset_s, lang)) : nothing}
      ${health.doubted ? fact(t("device.doubted"), number(health.doubted, lang, 0)) : nothing}
      ${fact(t("facet.device.state"), t(`device.state.${device.state}` as "device.state.in_service"))}
      ${fact(t("facet.device.organisation"), device.organisation)}
      ${fact(t("facet.device.district"), device.district.code ? nameOf(device.district.name, lang) : null)}
      ${fact(t("facet.device.link"), link)} ${fact(t("device.gateway"), device.gateway ? this.go(device.gateway, device.gateway) : null)}
      ${fact(t("device.model"), [device.model, device.serial].filter(Boolean).join(" · "))}
      ${fact(t("device.firmware"), device.firmware)}
      ${device.battery === null ? nothing : fact(t("device.battery"), html`<meter min="0" max="100" low="20" .value=${device.battery} aria-hidden="true"></meter> ${number(device.battery, lang, 0)} %`)}
      ${fact(t("device.certificate"), this.certificate(device))}
      ${device.installed ? fact(t("device.installed"), moment(device.installed, this.zone).slice(0, 10)) : nothing}
    </dl>`;
  }

  private go(id: string, text: string): TemplateResult {
    return html`<button type="button" class="link" @click=${() => view.set({ pick: id, stream: null, span: null })}>${text}</button>`;
  }

  /** The multi-function pole: the one that carries this device, or this one itself. */
  private carrier(device: DeviceDetail): TemplateResult | typeof nothing {
    const own = device.mounted.length > 0 || (device.roles.length > 0 && !device.mounted_on);
    if (!own && !device.mounted_on) return nothing;
    const asked = own ? null : this.pole.want(device.mounted_on, () => net.device(device.mounted_on));
    if (asked?.state === "refused") return html`<section class="panel"><h2>${t("pole.title")}</h2><p class="fine">${t("pole.hidden", { id: device.mounted_on })}</p></section>`;
    const pole = own ? device : asked ? here(asked) : null;
    if (!pole) return html`<section class="panel">${skeleton(3)}</section>`;
    return html`<section class="panel pole" aria-labelledby="pole-title" data-pole=${pole.id}>
      <h2 id="pole-title">${t("pole.title")}</h2>
      <p>${own ? html`<b>${nameOf(pole.name, this.tongue)}</b>` : this.go(pole.id, nameOf(pole.name, this.tongue))}
        <small>${nameOf(pole.device_type.name, this.tongue)} · ${pole.id}</small></p>
      ${pole.roles.length ? html`<p class="fine">${t("pole.roles")}</p><ul class="tags">${pole.roles.map(({ name }) => html`<li class="state">${nameOf(name, this.tongue)}</li>`)}</ul>` : nothing}
      <p class="fine">${t("pole.mounted", { n: pole.mounted.length })}</p>
      <ul class="device-list">
        ${pole.mounted.map(
          (each) => html`<li><button type="button" class="device-row" data-device=${each.id} aria-current=${each.id === device.id ? "true" : "false"} @click=${() => view.set({ pick: each.id, stream: null, span: null })}>
            ${healthMark(each.health.state, each.health.name, this.tongue)} <b>${nameOf(each.name, this.tongue)}</b> <small>${nameOf(each.device_type.name, this.tongue)}</small>
          </button></li>`,
        )}
      </ul>
    </section>`;
  }

  private readings(device: DeviceDetail): TemplateResult | typeof nothing {
    if (!device.health.datastreams && !device.datastreams.length) return nothing;
    const asked = this.streams.list(device.id, (after) => net.streamsOf(device.id, after));
    if (asked.state === "refused") return problemCard(asked.problem, () => this.streams.forget());
    const live = new Map((here(data.value.datastreams) ?? []).map((stream) => [stream.id, stream]));
    const streams = (here(asked)?.items ?? []).map((stream) => live.get(stream.id) ?? stream);
    return html`<section class="panel" aria-labelledby="readings-title">
      <h2 id="readings-title">${t("device.readings")}</h2>
      <table class="streams"><thead class="sr"><tr><th>${t("sensing.property")}</th><th>${t("value")}</th><th>${t("unit")}</th><th>${t("time")}</th></tr></thead>
        <tbody>${streams.map(
          (stream) => html`<tr data-datastream=${stream.id}>
            <th scope="row"><button type="button" class="link" @click=${() => view.set({ stream: stream.id, span: null })}>${nameOf(stream.name, this.tongue) || stream.observed_property}</button></th>
            <td class="number"><b>${number(stream.latest?.value, this.tongue, 2)}</b></td><td>${unitOf(stream.unit, this.tongue)}</td>
            <td class="fine">${moment(stream.latest?.time, this.zone).slice(5)}${stream.latest && stream.latest.quality !== "good" ? html` <b>⚑ ${tOr(`quality.${stream.latest.quality}`, stream.latest.quality)}</b>` : nothing}</td>
          </tr>`,
        )}</tbody>
      </table>
      ${this.streams.foot()}
    </section>`;
  }

  private history(device: DeviceDetail): TemplateResult {
    const events = here(this.events.list(device.id, (after) => net.history(device.id, after)))?.items ?? null;
    const places = here(this.places.list(device.id, (after) => net.places(device.id, after)))?.items ?? null;
    return html`<section class="panel secondary" aria-labelledby="history-title">
      <h2 id="history-title">${t("device.history")}</h2>
      ${events === null ? skeleton(2) : events.length === 0 ? html`<p class="calm">${t("device.history.none")}</p>` : nothing}
      <ul class="events">${(events ?? []).map(
        ({ kind, moment: when, value, by }) => html`<li><time>${moment(when, this.zone)}</time> <b>${tOr(`device.${kind}`, kind)}</b> ${eventText(value)} <small>${by}</small></li>`,
      )}</ul>
      ${this.events.foot()}
      <h3>${t("device.places")}</h3>
      ${places?.length
        ? html`<ul class="events">${places.map(({ time, lon, lat }) => html`<li><time>${moment(time, this.zone)}</time> ${lat.toFixed(5)}, ${lon.toFixed(5)}</li>`)}</ul>`
        : html`<p class="calm">${t(places === null ? "app.loading" : "device.places.none")}</p>`}
      ${this.places.foot()}
    </section>`;
  }
}

function eventText(value: unknown): string {
  if (value === null || value === undefined || value === "") return ABSENT;
  if (typeof value !== "object") return String(value);
  return Object.entries(value)
    .map(([name, one]) => `${name} ${String(one)}`)
    .join(", ");
}
