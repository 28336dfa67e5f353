import "maplibre-gl/dist/maplibre-gl.css";
import { MapLibreMap, ScaleControl, type LayerSpecification } from "maplibre-gl";
import type { FeatureCollection } from "geojson";
import { html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { calls } from "../api/calls";
import { t } from "../i18n";
import "../map/worker";
import { PALETTES } from "../map/palette";
import { Piece } from "../shell/element";
import { Fetched } from "../shell/fetched";
import { problemCard, skeleton } from "../shell/parts";
import { pending } from "../shell/ready";
import { view } from "../state/view";

const MOST = 5_000;
const SOURCE = "rows";

/** The rows of a dataset that have a place, on a map of their own. */
@customElement("lf-dataset-map")
export class DatasetMapPiece extends Piece {
  @property({ attribute: false }) which = "";
  @property({ attribute: false }) bbox: number[] | null = null;
  private readonly held = new Fetched<FeatureCollection>(this);
  private map: MapLibreMap | null = null;
  private drawn = "";

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.map?.remove();
    this.map = null;
    this.drawn = "";
  }

  protected override render(): TemplateResult {
    const asked = this.held.want(this.which, () => calls.features(this.which, MOST));
    if (asked.state === "refused") return problemCard(asked.problem, () => this.held.forget());
    const many = asked.state === "here" && asked.value.features.length >= MOST;
    return html`<div class="dataset-map" role="img" aria-label=${t("dataset.map.label")}></div>
      ${asked.state === "asked" ? skeleton(2) : nothing} ${many ? html`<p class="fine">${t("dataset.map.first", { n: MOST })}</p>` : nothing}`;
  }

  protected override updated(): void {
    const place = this.querySelector<HTMLElement>(".dataset-map");
    const asked = this.held.asked;
    if (!place || asked.state !== "here") return;
    const key = `${this.which} ${view.value.theme}`;
    if (this.drawn === key) return;
    this.drawn = key;
    this.map?.remove();
    const palette = PALETTES[view.value.theme];
    const [west, south, east, north] = this.bbox ?? [];
    const known = [west, south, east, north].every((each) => each !== undefined);
    pending.add("dataset-map");
    this.map = new MapLibreMap({
      container: place,
      style: {
        version: 8,
        sources: { [SOURCE]: { type: "geojson", data: asked.value } },
        layers: [{ id: "ground", type: "background", paint: { "background-color": palette.land } }, ...layers(palette.ring, palette.ink)],
      },
      ...(known ? { bounds: [west!, south!, east!, north!] as [number, number, number, number] } : {}),
      fitBoundsOptions: { padding: 24, maxZoom: 16 },
      attributionControl: false,
      canvasContextAttributes: { preserveDrawingBuffer: true },
      fadeDuration: 0,
      cooperativeGestures: true,
    });
    this.map.addControl(new ScaleControl({ maxWidth: 110, unit: "metric" }), "bottom-left");
    void this.map.once("idle").then(() => {
      place.dataset["drawn"] = "true";
      pending.delete("dataset-map");
    });
  }
}

/** Return the layers that draw features of any geometry. */
function layers(mark: string, ink: string): LayerSpecification[] {
  return [
    { id: "areas", type: "fill", source: SOURCE, filter: ["==", ["geometry-type"], "Polygon"], paint: { "fill-color": mark, "fill-opacity": 0.22, "fill-outline-color": ink } },
    { id: "lines", type: "line", source: SOURCE, filter: ["==", ["geometry-type"], "LineString"], paint: { "line-color": mark, "line-width": 1.4 } },
    { id: "points", type: "circle", source: SOURCE, filter: ["==", ["geometry-type"], "Point"], paint: { "circle-color": mark, "circle-radius": 4, "circle-stroke-color": ink, "circle-stroke-width": 0.8 } },
  ];
}
