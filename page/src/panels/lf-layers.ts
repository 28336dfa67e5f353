import { html, nothing, type TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";
import type { ImageryLayer, Layer, LayerStyle } from "../api/types";
import { headed, licenceOf, nameOf, number } from "../format";
import { t, tOr } from "../i18n";
import { AQI_CLASSES, classWords } from "../map/aqi";
import { AIR_LAYER } from "../map/kinds/air";
import { imageryWord } from "../map/kinds/imagery";
import { isShown, toggled } from "../map/shown";
import { Piece } from "../shell/element";
import { emptyCard } from "../shell/parts";
import { data, here } from "../state/data";
import { DEVICES_HIDDEN, DEVICES_LAYER, HEALTHS, airShown, airWord, anyDevices, devicesShown } from "../state/network";
import { healthMark } from "../shell/health";
import { datasetsOf } from "../state/trend";
import { changeView } from "../state/undo";
import { view } from "../state/view";

interface Row {
  id: string;
  name: string;
  style: LayerStyle | "air" | "device" | "imagery";
  datasets: string[];
  about: [string, string][];
}

/** The layers of the map: on or off, as a table, their source and licence, and the legend with units. */
@customElement("lf-layers")
export class LayersPiece extends Piece {
  private rows(): Row[] {
    const city = here(data.value.city);
    const report = here(data.value.air);
    const rows = [...this.devices(), ...(city?.layers ?? []).map((layer) => this.row(layer)), ...(city?.imagery ?? []).map((each) => this.picture(each))];
    if (!report?.result.stations.length) return rows;
    const { spec } = report;
    const air: Row = {
      id: AIR_LAYER,
      name: t("layers.station"),
      style: "air",
      datasets: datasetsOf(here(data.value.indicators) ?? []),
      about: [
        [t("source"), t("layers.computed", { name: nameOf(spec.name, this.tongue) })],
        [t("operations.citation"), nameOf(spec.citation, this.tongue)],
      ],
    };
    return [air, ...rows];
  }

  /** The devices, in the room that shows them. */
  private devices(): Row[] {
    const picture = here(data.value.picture);
    if (view.value.room !== "sensing" || !picture || !anyDevices()) return [];
    const about: [string, string][] = [[t("source"), t("layers.devices.source", { n: number(picture.total, this.tongue, 0) })]];
    return [{ id: DEVICES_LAYER, name: t("layers.devices"), style: "device", datasets: [], about }];
  }

  private row(layer: Layer): Row {
    return {
      id: layer.id,
      name: nameOf(layer.name, this.tongue),
      style: layer.style,
      datasets: [layer.dataset],
      about: [
        ...(layer.style === "district" ? [[t("layers.english"), t("layers.english.from")] as [string, string]] : []),
        [t("source"), `${nameOf(layer.attribution, this.tongue)}${layer.source ? ` · ${layer.source}` : ""}`],
        [t("licence"), licenceOf(layer, this.tongue)],
        [t("layers.classification"), tOr(`classification.${layer.classification}`, layer.classification)],
      ],
    };
  }

  /** A picture of the ground: it has no rows, so no table. */
  private picture(layer: ImageryLayer): Row {
    const about: [string, string][] = [
      [t("source"), layer.source],
      [t("licence"), licenceOf(layer, this.tongue)],
      [t("layers.classification"), tOr(`classification.${layer.classification}`, layer.classification)],
    ];
    return { id: imageryWord(layer), name: nameOf(layer.name, this.tongue), style: "imagery", datasets: [], about };
  }

  private shown(id: string): boolean {
    if (id === DEVICES_LAYER) return devicesShown(view.value);
    if (id === AIR_LAYER) return airShown(view.value);
    return isShown(id);
  }

  private toggle(id: string, name: string): void {
    const word = id === DEVICES_LAYER ? DEVICES_HIDDEN : id === AIR_LAYER ? airWord(view.value) : id;
    const words = t(this.shown(id) ? "undo.hidden" : "undo.shown", { name });
    changeView(words, { layers: toggled(word) });
  }

  protected override render(): TemplateResult {
    const rows = this.rows();
    const wide = window.matchMedia("(min-width: 1000px)").matches && !view.value.elder && !view.value.embed;
    return html`<details class="layers" ?open=${wide}>
      <summary>${t("layers.title")} · ${t("legend.title")}</summary>
      ${rows.length ? html`<ul>${rows.map((row) => this.one(row))}</ul>` : emptyCard(t("layers.empty"), "lifang data add districts.geojson")}
      ${rows.some(({ id }) => id === DEVICES_LAYER) && this.shown(DEVICES_LAYER) ? this.healthLegend() : nothing}
      ${rows.some(({ id }) => id === AIR_LAYER) && this.shown(AIR_LAYER) ? this.legend() : nothing}
    </details>`;
  }

  private one(row: Row): TemplateResult {
    const shown = this.shown(row.id);
    return html`<li class="layer" data-layer=${row.id}>
      <label title=${t("layers.show", { name: row.name })}>
        <input type="checkbox" .checked=${shown} @change=${() => this.toggle(row.id, row.name)} />
        <span class="sign" data-style=${row.style} aria-hidden="true"></span><span>${row.name}</span>
      </label>
      ${row.style === "imagery" ? nothing : html`<button type="button" class="quiet" aria-label=${t("layers.table.label", { name: row.name })} @click=${() => view.set({ table: row.id })}>
        ${t("layers.table")}
      </button>`}
      <details class="about">
        <summary aria-label=${headed(t("layers.about"), row.name, this.tongue)}>i</summary>
        <dl>${row.about.map(([term, text]) => html`<dt>${term}</dt><dd>${text}</dd>`)}</dl>
        ${row.datasets.map(
          (dataset) => html`<button type="button" class="link" aria-label=${t("layers.dataset.label", { name: dataset })}
            @click=${() => view.set({ room: "data", dataset })}>${t("layers.dataset")} ${dataset}</button>`,
        )}
      </details>
    </li>`;
  }

  private healthLegend(): TemplateResult {
    const picture = here(data.value.picture);
    return html`<div class="legend">
      <h2>${t("legend.health")}</h2>
      <ul>${HEALTHS.map((word) => html`<li>${healthMark(word, picture?.healths.find(({ code }) => code === word)?.name, this.tongue)}</li>`)}</ul>
      ${picture?.cells ? html`<p>${t("legend.cells")}</p>` : nothing}
    </div>`;
  }

  private legend(): TemplateResult {
    let from = 0;
    return html`<div class="legend">
      <h2>${t("legend.aqi")}</h2>
      <ul>
        ${AQI_CLASSES.map(({ level, colour, upTo }) => {
          const range = `${from}–${upTo}`;
          from = upTo + 1;
          return html`<li><i class="swatch" style="--class:${colour}"></i><span>${classWords(level)}</span><small>${range}</small></li>`;
        })}
        <li><i class="swatch" style="--class:var(--nodata)"></i><span>? ${t("legend.nodata")}</span></li>
      </ul>
    </div>`;
  }
}
