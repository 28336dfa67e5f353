import type { FeatureCollection } from "geojson";
import { html, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { calls } from "../api/calls";
import { problemOf } from "../api/client";
import type { Picture } from "../api/network";
import type { AirStation, City, Dataset, Layer } from "../api/types";
import { attributionOf, nameOf, pictureAttributionOf } from "../format";
import { t } from "../i18n";
import { Piece } from "../shell/element";
import { Fetched } from "../shell/fetched";
import { pending } from "../shell/ready";
import { withEnglish } from "../state/codes";
import { data, here } from "../state/data";
import { airShown, devicesShown, lookAt, shownRows } from "../state/network";
import { cameraText, type Camera } from "../state/url";
import { coversMap, view } from "../state/view";
import { CityMap, type Picked } from "./city-map";
import { deviceBox } from "./device-points";
import { AIR_LAYER } from "./kinds/air";
import { imageryWord } from "./kinds/imagery";
import { mapPicture, savePicture } from "./picture";
import { isShown, picturesShown } from "./shown";
import { setPictureSource } from "./source";

type Box = [number, number, number, number];

/** Return the box round the stations, wider by an eighth on every side; null for none. */
function boxRound(stations: AirStation[]): Box | null {
  if (stations.length === 0) return null;
  const lons = stations.map(({ lon }) => lon);
  const lats = stations.map(({ lat }) => lat);
  const [west, south] = [Math.min(...lons), Math.min(...lats)];
  const [wide, high] = [Math.max(...lons) - west || 0.1, Math.max(...lats) - south || 0.1];
  return [west - wide / 8, south - high / 8, west + wide * 1.125, south + high * 1.125];
}

/** The map and its buttons. One instance lives as long as the page; rooms change what it shows. */
@customElement("lf-map")
export class MapPiece extends Piece {
  @state() private failed = false;
  @state() private drawing = true;
  @state() private feature: Picked | null = null;
  @state() private refused: { layer: Layer; why: string }[] = [];
  private city: CityMap | null = null;
  /** Whether the address said where to look. */
  private aimed = false;
  private readonly described = new Fetched<Dataset>(this);
  private asked = new Set<string>();
  private pictures: string[] = [];
  private shown: Record<string, unknown> = {};

  /** What lies under another room is neither drawn nor redrawn until it is seen. */
  protected override updated(): void {
    if (coversMap(view.value.room)) return;
    const city = here(data.value.city);
    const settled = data.value.air.state !== "asked";
    if (!this.city && !this.failed && city && settled) void this.start(city);
    else this.follow();
  }

  private async start(city: City): Promise<void> {
    const container = this.querySelector<HTMLElement>(".map-canvas");
    if (!container) return;
    pending.add("map");
    this.aimed = view.value.camera !== null;
    try {
      this.city = new CityMap(container, view.value.theme, view.value.camera, this.outset(city), {
        onMove: (camera, bbox) => {
          view.set({ camera });
          lookAt(bbox);
        },
        onThing: (thing) => view.set({ pick: thing, table: null }),
        onFeature: (feature) => (this.feature = feature),
      });
    } catch {
      this.failed = true;
      return pending.delete("map");
    }
    setPictureSource((theme) => (this.city ? mapPicture(this.city, theme) : null));
    const coming = Promise.all(city.layers.map(async (layer) => ({ layer, features: await this.load(layer) })));
    await this.city.styled();
    for (const { id } of city.layers) this.asked.add(id);
    for (const { layer, features } of await coming) if (features) this.city.draw(layer, features); // at once: a frame is dear
    for (const each of city.imagery) this.city.drawImagery(each);
    this.pictures = city.imagery.map(imageryWord);
    this.shown["camera"] = cameraText(view.value.camera) ?? "";
    this.follow();
    await this.city.painted();
    this.drawing = false;
    pending.delete("map");
  }

  private async load(layer: Layer): Promise<FeatureCollection | null> {
    try {
      const features = await calls.features(layer.dataset);
      return layer.style === "district" ? await this.english(layer, features) : features;
    } catch (error) {
      const { detail, title } = problemOf(error);
      this.refused = [...this.refused, { layer, why: detail || title }];
      return null;
    }
  }

  /** English names of districts come from their code list; without it the map shows the names it has. */
  private async english(layer: Layer, features: FeatureCollection): Promise<FeatureCollection> {
    try {
      return await withEnglish(features, await calls.dataset(layer.dataset));
    } catch (error) {
      const { detail, title } = problemOf(error);
      this.refused = [...this.refused, { layer, why: detail || title }];
      return features;
    }
  }

  /** Bring the map to what view and data say, touching only what changed. */
  private follow(): void {
    const map = this.city;
    if (!map?.map.isStyleLoaded() && !this.asked.size) return;
    if (!map) return;
    const { theme, layers, pick, lang, elder, room } = view.value;
    const stations = here(data.value.air)?.result.stations ?? [];
    this.once("elder", elder, () => map.relabel());
    this.once("theme", theme, () => map.setTheme(theme));
    const air = airShown(view.value);
    this.once("layers", `${layers?.join() ?? "*"}|${lang}|${this.drawing}|${air}`, () => {
      const shown = [...this.asked, ...this.pictures].map((id) => [id, layers === null || layers.includes(id)] as const);
      map.setShown(new Map([...shown, [AIR_LAYER, air]]), lang);
    });
    const picture = devicesShown({ room, layers }) ? here(data.value.picture) : null;
    this.once("picture", picture, () => delete this.shown["rows"]); // no picture has no rows either: they are shown anew
    const rows = picture ? shownRows(picture) : null;
    this.once("found", Boolean(picture), () => picture && this.findDevices(picture));
    this.once("rows", rows, () => (this.shown["devices"] = null));
    this.once("devices", `${pick}|${lang}`, () => map.setDevices(picture, rows ?? [], pick, lang));
    this.once("air", `${data.value.air.state === "here" ? stations.map((s) => s.aqi).join() : ""}|${pick}|${lang}`, () =>
      map.setAir(stations, pick, lang),
    );
    this.once("pick", pick, () => {
      const station = stations.find(({ thing }) => thing === pick);
      if (station) map.reveal(station.lon, station.lat);
      else if (pick) map.revealDevice(pick);
    });
    const { camera } = view.value; // what was found since may have moved the map
    const where = cameraText(camera) ?? "";
    this.once("camera", where, () => where !== cameraText(map.camera) && void this.turn(map, camera));
    this.once("label", lang, () => {
      map.map.getCanvas().setAttribute("aria-label", `${t("map.label")}. ${t("map.hint")}`);
    });
  }

  /** The address is another than where the map is, as after a step back: an address without a place is where it began. */
  private async turn(map: CityMap, camera: Camera | null): Promise<void> {
    pending.add("map");
    const city = here(data.value.city);
    if (camera) map.turn(camera);
    else if (city) map.fit(this.outset(city), false);
    await map.painted();
    if (!this.drawing) pending.delete("map");
  }

  private outset(city: City): Box {
    const stations = (here(data.value.air)?.result.stations ?? []).filter(({ background }) => !background);
    const picture = here(data.value.picture);
    return (city.layers.length || !picture ? null : deviceBox(picture)) ?? boxRound(stations) ?? city.extent;
  }

  /** A city without layers shows where its devices are, unless the address says where to look. */
  private findDevices(picture: Picture): void {
    const box = this.aimed || here(data.value.city)?.layers.length ? null : deviceBox(picture);
    if (box) this.city?.fit(box, false);
  }

  private once(name: string, value: unknown, act: () => void): void {
    if (this.shown[name] === value) return;
    this.shown[name] = value;
    act();
  }

  private home(): void {
    const city = here(data.value.city);
    if (city) this.city?.fit(city.extent);
  }

  private async save(): Promise<void> {
    const picture = this.city && mapPicture(this.city);
    if (picture) await savePicture(picture, `lifang-map-${new Date(this.moment).toISOString().slice(0, 13)}.png`);
  }

  protected override render(): TemplateResult {
    const button = (sign: string, label: string, act: () => void): TemplateResult =>
      html`<button type="button" class="map-button" title=${label} aria-label=${label} @click=${act}>${sign}</button>`;
    return html`<div class="map-canvas" data-drawing=${this.drawing}></div>
      ${this.failed ? html`<p class="map-failed" role="alert">${t("map.failed")}</p>` : nothing}
      ${this.drawing && !this.failed ? html`<p class="map-wait" role="status">${t("map.loading")}</p>` : nothing}
      <div class="map-buttons">
        ${button("+", t("map.in"), () => this.city?.zoomBy(1))} ${button("−", t("map.out"), () => this.city?.zoomBy(-1))}
        ${button("⌂", t("map.home"), () => this.home())} ${button("⤓", t("map.png"), () => void this.save())}
      </div>
      ${this.refused.map(
        ({ layer, why }) => html`<p class="map-refused" role="alert">
          ${t("layers.failed", { name: nameOf(layer.name, this.tongue), why })}
        </p>`,
      )}
      ${this.renderFeature()} ${this.renderAttribution()}`;
  }

  private renderFeature(): TemplateResult | typeof nothing {
    const { feature } = this;
    const layer = here(data.value.city)?.layers.find(({ id }) => id === feature?.layer);
    if (!feature || !layer) return nothing;
    const described = here(this.described.want(layer.dataset, () => calls.dataset(layer.dataset)));
    const title = (key: string): string =>
      nameOf(described?.columns.find(({ name }) => name === key)?.title, this.tongue) || key;
    const held = Object.entries(feature.properties).filter(([key, value]) => !key.startsWith("_") && value !== null);
    return html`<section class="map-card" aria-label=${nameOf(layer.name, this.tongue)}>
      <header>
        <b>${nameOf(layer.name, this.tongue)}</b>
        <button type="button" class="quiet" aria-label=${t("close")} @click=${() => (this.feature = null)}>×</button>
      </header>
      <dl>${held.slice(0, 9).map(([key, value]) => html`<dt>${title(key)}</dt><dd>${String(value)}</dd>`)}</dl>
      <button type="button" class="quiet" @click=${() => view.set({ room: "data", dataset: layer.dataset })}>
        ${t("map.feature.open")}
      </button>
    </section>`;
  }

  private renderAttribution(): TemplateResult {
    const city = here(data.value.city);
    const lines = new Set([
      ...(city?.layers ?? []).filter(({ id }) => isShown(id)).map((layer) => attributionOf(layer, this.tongue)),
      ...picturesShown().map((each) => pictureAttributionOf(each, this.tongue)),
    ]);
    if (!lines.size) return html``;
    const wide = window.matchMedia("(min-width: 821px)").matches;
    return html`<details class="map-attribution" ?open=${wide}>
      <summary>${t("map.attribution")}</summary>
      <p>${[...lines].join(" · ")}</p>
    </details>`;
  }
}
