import { html, nothing, type TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";
import type { Layer, LayerStyle } from "../api/types";
import { nameOf } from "../format";
import { t, tOr } from "../i18n";
import { AQI_CLASSES, classWords } from "../map/aqi";
import { AIR_LAYER } from "../map/kinds/air";
import { Piece } from "../shell/element";
import { emptyCard } from "../shell/parts";
import { data, here } from "../state/data";
import { datasetsOf } from "../state/trend";
import { changeView } from "../state/undo";
import { view } from "../state/view";

interface Row {
  id: string;
  name: string;
  style: LayerStyle | "air";
  datasets: string[];
  about: [string, string][];
}

/** The layers of the map: on or off, as a table, their source and licence, and the legend with units. */
@customElement("lf-layers")
export class LayersPiece extends Piece {
  private rows(): Row[] {
    const city = here(data.value.city);
    const report = here(data.value.air);
    const rows = (city?.layers ?? []).map((layer) => this.row(layer));
    if (!report?.result.stations.length) return rows;
    const { spec } = report;
    const air: Row = {
      id: AIR_LAYER,
      name: t("layers.station"),
      style: "air",
      datasets: datasetsOf(here(data.value.indicators) ?? []),
      about: [
        [t("source"), t("layers.computed", { name: nameOf(spec.name, this.tongue) })],
        [t("operations.citation"), spec.citation],
      ],
    };
    return [air, ...rows];
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
        [t("licence"), layer.licence],
        [t("layers.classification"), tOr(`classification.${layer.classification}`, layer.classification)],
      ],
    };
  }

  private toggle(id: string, rows: Row[]): void {
    const all = rows.map((row) => row.id);
    const shown = view.value.layers ?? all;
    const next = shown.includes(id) ? shown.filter((one) => one !== id) : [...shown, id];
    const name = rows.find((row) => row.id === id)?.name ?? id;
    const words = t(next.includes(id) ? "undo.shown" : "undo.hidden", { name });
    changeView(words, { layers: all.every((one) => next.includes(one)) ? null : next });
  }

  protected override render(): TemplateResult {
    const rows = this.rows();
    const wide = window.matchMedia("(min-width: 1000px)").matches && !view.value.elder && !view.value.embed;
    return html`<details class="layers" ?open=${wide}>
      <summary>${t("layers.title")} · ${t("legend.title")}</summary>
      ${rows.length ? html`<ul>${rows.map((row) => this.one(row, rows))}</ul>` : emptyCard(t("layers.empty"), "lifang data add districts.geojson")}
      ${rows.some(({ id }) => id === AIR_LAYER) ? this.legend() : nothing}
    </details>`;
  }

  private one(row: Row, rows: Row[]): TemplateResult {
    const shown = view.value.layers === null || view.value.layers.includes(row.id);
    return html`<li class="layer" data-layer=${row.id}>
      <label title=${t("layers.show", { name: row.name })}>
        <input type="checkbox" .checked=${shown} @change=${() => this.toggle(row.id, rows)} />
        <span class="sign" data-style=${row.style} aria-hidden="true"></span><span>${row.name}</span>
      </label>
      <button type="button" class="quiet" aria-label=${t("layers.table.label", { name: row.name })} @click=${() => view.set({ table: row.id })}>
        ${t("layers.table")}
      </button>
      <details class="about">
        <summary aria-label="${t("layers.about")}: ${row.name}">i</summary>
        <dl>${row.about.map(([term, text]) => html`<dt>${term}</dt><dd>${text}</dd>`)}</dl>
        ${row.datasets.map(
          (dataset) => html`<button type="button" class="link" aria-label=${t("layers.dataset.label", { name: dataset })}
            @click=${() => view.set({ room: "data", dataset })}>${t("layers.dataset")} ${dataset}</button>`,
        )}
      </details>
    </li>`;
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
