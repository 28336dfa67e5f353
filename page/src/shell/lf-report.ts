import { html, nothing, type TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";
import { headed, attributionOf, moment, nameOf, pictureAttributionOf, number, unitOf, zoneName } from "../format";
import { t } from "../i18n";
import { levelOf } from "../map/aqi";
import { primaryText } from "../panels/lf-now";
import { data, here } from "../state/data";
import { alertsAt } from "../state/moment";
import { Piece } from "./element";
import { severityMark } from "./parts";

/** What is printed: one A4 sheet of title, time, air, indicators, alerts, the map and the stations. */
@customElement("lf-report")
export class ReportPiece extends Piece {
  protected override render(): TemplateResult {
    const city = here(data.value.city);
    const zone = zoneName(this.moment, this.zone);
    const alerts = alertsAt(here(data.value.alerts) ?? [], this.past).filter(({ state }) => state !== "closed" && state !== "cleared");
    const lines = [
      ...(city?.layers ?? []).map((layer) => headed(nameOf(layer.name, this.tongue), attributionOf(layer, this.tongue), this.tongue)),
      ...(city?.imagery ?? []).map((each) => headed(nameOf(each.name, this.tongue), pictureAttributionOf(each, this.tongue), this.tongue)),
    ];
    const indicators = here(data.value.indicators) ?? [];
    const known = indicators.filter(({ value }) => value !== null);
    const lacking = indicators.length - known.length;
    return html`<article class="report" aria-hidden="true">
      <h1>${t("report.title", { city: nameOf(city?.name, this.tongue) })}</h1>
      <p>${t("report.moment", { time: moment(this.moment, this.zone), zone })}</p>
      ${this.air()}
      <img class="report-map" alt=${t("report.map")} hidden />
      <h2>${t("indicators.title")}</h2>
      <table class="facts"><tbody>
        ${known.map(
          (one) => html`<tr><th>${nameOf(one.name, this.tongue)}</th><td class="number">${number(one.value, this.tongue)} ${unitOf(one.unit, this.tongue)}</td><td>${moment(one.moment, this.zone)}</td><td>${one.standard}</td></tr>`,
        )}
      </tbody></table>
      ${lacking ? html`<p class="fine">${t("indicators.lacking", { n: lacking })}</p>` : nothing}
      <h2>${t("alerts.title")}</h2>
      ${alerts.length
        ? html`<ul>${alerts.map((alert) => html`<li>${severityMark(alert.severity)} ${t(`alert.state.${alert.state}`)} · ${nameOf(alert.text, this.tongue)} · ${t("alerts.since", { time: moment(alert.fired ?? alert.opened, this.zone) })}</li>`)}</ul>`
        : html`<p>${t("alerts.none")}</p>`}
      ${this.stations()}
      <p class="fine">${lines.join(" · ")}</p>
      <p class="fine">${t("report.printed", { time: moment(Date.now(), this.zone) })} ${zone} · ${window.location.href}</p>
    </article>`;
  }

  private air(): TemplateResult | typeof nothing {
    const result = here(data.value.air)?.result;
    const level = levelOf(result?.city.class);
    if (!result || !level) return nothing;
    return html`<p class="report-index">
      AQI <b>${number(result.city.aqi, this.tongue, 0)}</b> ${t(`aqi.level.${level}`)} · ${headed(t("aqi.primary"), primaryText(result.city.primary), this.tongue)}
    </p>`;
  }

  private stations(): TemplateResult | typeof nothing {
    const stations = here(data.value.air)?.result.stations ?? [];
    const keys = Object.keys(stations[0]?.values ?? {});
    if (!stations.length) return nothing;
    const units = new Map((here(data.value.datastreams) ?? []).map((stream) => [stream.observed_property, unitOf(stream.unit, this.tongue)]));
    return html`<h2>${t("report.stations")}</h2>
      <table class="facts">
        <thead><tr><th>${t("station.title")}</th><th>AQI</th><th></th><th>${t("aqi.primary")}</th>${keys.map((key) => html`<th class="number">${key} <small>${units.get(key) ?? ""}</small></th>`)}</tr></thead>
        <tbody>
          ${stations.map((one) => {
            const level = levelOf(one.class);
            return html`<tr><th>${nameOf(one.name, this.tongue)}</th><td class="number">${number(one.aqi, this.tongue, 0)}</td><td>${level ? t(`aqi.level.${level}`) : t("legend.nodata")}</td><td>${[one.primary ?? []].flat().join(", ")}</td>${keys.map((key) => html`<td class="number">${number(one.values[key], this.tongue)}</td>`)}</tr>`;
          })}
        </tbody>
      </table>`;
  }
}
