import { html, nothing, type TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";
import { calls } from "../api/calls";
import type { AirReport, IndicatorHistory } from "../api/types";
import "../charts/lf-chart";
import { isoIn, moment, nameOf, number, unitOf, zoneName } from "../format";
import { t } from "../i18n";
import { classLines, classWords, colourOf, levelOf } from "../map/aqi";
import { Piece } from "../shell/element";
import { Fetched } from "../shell/fetched";
import { emptyCard, problemCard, skeleton } from "../shell/parts";
import { loadMoment } from "../state/actions";
import { data, here, sensed } from "../state/data";
import { forecastPoints, historyPoints, indicatorOf } from "../state/trend";
import { view } from "../state/view";

const HOUR = 3_600_000;

/** Return the pollutants' names in one line. */
export function primaryText(primary: string | string[] | null): string {
  const list = Array.isArray(primary) ? primary : primary ? [primary] : [];
  return list.join(", ") || t("aqi.primary.none");
}

/** The city's air at the moment looked at: index, class, primary pollutant, the day behind and the day ahead. */
@customElement("lf-now")
export class NowPiece extends Piece {
  private readonly history = new Fetched<IndicatorHistory>(this);

  protected override render(): TemplateResult {
    const { air } = data.value;
    if (air.state === "asked") return this.frame(skeleton(4));
    if (air.state === "refused") {
      const { problem } = air;
      if (problem.status === 404) return this.frame(emptyCard(t("now.empty"), this.remedy()));
      return this.frame(problemCard(problem, () => void loadMoment()));
    }
    const report = air.value;
    if (report.result.city.aqi === null && report.result.stations.length === 0) {
      return this.frame(emptyCard(t("now.empty"), this.remedy()));
    }
    return this.frame(html`${this.index(report)}${this.trend(report)}`);
  }

  /** The command that fills an empty panel: run the scene, or without any series get a city that has some. */
  private remedy(): string {
    return sensed() ? "lifang scene run air_quality_early_warning" : "lifang demo chengdu";
  }

  private frame(content: TemplateResult): TemplateResult {
    return html`<section class="panel now" aria-labelledby="now-title">
      <h2 id="now-title">${view.value.at ? t("now.then") : t("now.title")}</h2>
      ${content}
    </section>`;
  }

  private index({ moment: when, result: { city } }: AirReport): TemplateResult {
    const level = levelOf(city.class);
    const ms = Date.parse(when);
    return html`<div class="index" data-level=${level ?? 0} style="--class:${colourOf(city.class) ?? "transparent"}">
        <span class="index-value" data-aqi>${number(city.aqi, this.tongue, 0)}</span>
        <span class="index-words">
          <span>${t("aqi")}</span>
          <b class="index-class"><i class="swatch" aria-hidden="true"></i>${level ? classWords(level) : nameOf(city.class, this.tongue)}</b>
          <span>${t("aqi.primary")}: <b>${primaryText(city.primary)}</b></span>
        </span>
      </div>
      <p class="fine"><time datetime=${when}>${moment(ms, this.zone)} ${zoneName(ms, this.zone)}</time></p>`;
  }

  private trend(report: AirReport): TemplateResult | typeof nothing {
    const { forecast } = report.result;
    const indicator = indicatorOf(here(data.value.indicators) ?? [], forecast?.variable ?? "AQI");
    const hour = Math.floor(Date.parse(report.moment) / HOUR) * HOUR;
    const history = indicator
      ? this.history.want(`${indicator.id}|${hour}`, () =>
          calls.history(indicator.id, isoIn(hour - 24 * HOUR, this.zone), isoIn(hour, this.zone)),
        )
      : null;
    const { line, band } = forecastPoints(forecast);
    const points = historyPoints(history ? here(history) : null).filter(({ time }) => time <= hour);
    if (!points.length && !line.length) return nothing;
    const variable = forecast?.variable ?? nameOf(indicator?.name, this.tongue);
    const isIndex = /aqi/i.test(variable);
    return html`<h3 class="minor">${t("now.trend")}</h3>
      <lf-chart
        .name=${variable} .unit=${unitOf(forecast?.unit ?? indicator?.unit, this.tongue) || variable} .points=${points}
        .forecast=${line} .band=${band} .now=${hour} .height=${150} .bare=${true}
        .thresholds=${isIndex ? classLines() : []}
      ></lf-chart>
      ${forecast ? html`<p class="fine">${variable} · ${t("now.forecast", { model: nameOf(forecast.model, this.tongue) })}</p>` : nothing}`;
  }
}
