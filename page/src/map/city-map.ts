import "maplibre-gl/dist/maplibre-gl.css";
import { MapLibreMap, ScaleControl, type GeoJSONSource, type MapGeoJSONFeature } from "maplibre-gl";
import type { FeatureCollection } from "geojson";
import type { Picture } from "../api/network";
import type { AirStation, ImageryLayer, Layer } from "../api/types";
import { DEVICES_LAYER } from "../state/network";
import type { Camera, Lang, Theme } from "../state/url";
import { Badges } from "./badges";
import { DeviceLayer } from "./device-layer";
import { KINDS, type Label } from "./kinds";
import { AIR_LAYER, airFeatures, airPaint } from "./kinds/air";
import { imageryWord } from "./kinds/imagery";
import type { Drawn } from "./kinds/kind";
import { LabelSheet, type Box as LabelBox } from "./labels";
import { PALETTES, type Palette } from "./palette";
import "./worker";

const WIDE_PX = 760;
const LIST_PX = 370;
/** How near to a side a place may lie and still show its name. */
const EDGE_PX = 100;
/** Types of layers that lie under everything else. */
const LAND = ["background", "fill", "raster"];
/** How far beyond a tile its shapes go on, px: wider than any line; by itself MapLibre draws them for a quarter more on each side. */
const BEYOND_PX = 32;
const NOTHING: FeatureCollection = { type: "FeatureCollection", features: [] };

export interface Picked {
  layer: string;
  properties: Record<string, unknown>;
}

export interface MapHooks {
  onMove(camera: Camera, bbox: string): void;
  onThing(thing: string): void;
  onFeature(picked: Picked | null): void;
}

type Box = [number, number, number, number];

/** Return the padding that keeps what is fitted clear of the layer list, where there is width for both. */
function roomFor(container: HTMLElement): { top: number; bottom: number; left: number; right: number } {
  const wide = container.clientWidth > WIDE_PX;
  return { top: wide ? 56 : 48, bottom: 32, left: wide ? LIST_PX : 24, right: wide ? 60 : 24 };
}

/** The one map of the page: the city's layers and stations over an empty ground, nothing remote. */
export class CityMap {
  readonly map: MapLibreMap;
  readonly words: LabelSheet;
  readonly badges: Badges;
  readonly devices: DeviceLayer;
  private readonly drawn = new Map<string, { layer: Layer; features: FeatureCollection }>();
  private readonly pictures = new Set<string>();
  private theme: Theme;
  private air = "";

  constructor(container: HTMLElement, theme: Theme, camera: Camera | null, extent: Box, hooks: MapHooks) {
    this.theme = theme;
    this.map = new MapLibreMap({
      container,
      style: {
        version: 8,
        transition: { duration: 0, delay: 0 }, // another theme is there at once, not in twenty frames
        sources: { [AIR_LAYER]: { type: "geojson", data: NOTHING } },
        layers: [{ id: "ground", type: "background", paint: { "background-color": PALETTES[theme].ground } }],
      },
      ...(camera ? { center: [camera.lng, camera.lat], zoom: camera.zoom } : { bounds: extent }),
      fitBoundsOptions: { padding: roomFor(container) },
      attributionControl: false,
      canvasContextAttributes: { preserveDrawingBuffer: true },
      dragRotate: false,
      pitchWithRotate: false,
      fadeDuration: 0,
    });
    this.map.addControl(new ScaleControl({ maxWidth: 110, unit: "metric" }), "bottom-left");
    this.words = new LabelSheet(this.map);
    this.badges = new Badges(this.map, (thing) => hooks.onThing(thing), ({ lon, lat }) => this.reveal(lon, lat));
    this.map.on("move", () => this.place());
    this.map.on("resize", () => this.place());
    this.map.on("moveend", () => hooks.onMove(this.camera, this.bbox));
    this.devices = new DeviceLayer(this.map);
    this.map.on("click", ({ point }) => {
      const device = this.devices.at(point.x, point.y);
      if (device) hooks.onThing(device);
      else hooks.onFeature(this.featureAt(point.x, point.y));
    });
    this.map.on("load", () => this.raise());
  }

  get camera(): Camera {
    const { lng, lat } = this.map.getCenter();
    return { zoom: this.map.getZoom(), lat, lng };
  }

  /** West, south, east and north of what is seen, in degrees. */
  get bbox(): string {
    const bounds = this.map.getBounds();
    const within = (degrees: number, most: number): string => Math.max(-most, Math.min(most, degrees)).toFixed(5);
    return [within(bounds.getWest(), 180), within(bounds.getSouth(), 90), within(bounds.getEast(), 180), within(bounds.getNorth(), 90)].join();
  }

  /** Return a promise that is kept when the style can take layers. */
  async styled(): Promise<void> {
    if (!this.map.isStyleLoaded()) await this.map.once("load");
  }

  /** Put a layer's features on the map, below the layers of higher rank. */
  draw(layer: Layer, raw: FeatureCollection): void {
    const kind = KINDS[layer.style];
    const features = kind.prepare(raw);
    this.drawn.set(layer.id, { layer, features });
    this.map.addSource(layer.id, { type: "geojson", data: features, buffer: BEYOND_PX });
    for (const drawn of kind.paint(layer.id, PALETTES[this.theme])) this.map.addLayer(drawn);
    this.raise();
    this.place();
  }

  /** Put a picture of the ground on the map: over the land, below lines and signs. */
  drawImagery(layer: ImageryLayer): void {
    const { tiles, bounds, zooms: [minzoom, maxzoom] } = layer;
    const name = imageryWord(layer);
    this.pictures.add(name);
    this.map.addSource(name, { type: "raster", tiles: [`${window.location.origin}${tiles}`], tileSize: 256, bounds, minzoom, maxzoom });
    this.map.addLayer({ id: name, type: "raster", source: name, paint: { "raster-fade-duration": 0 } });
    this.raise();
  }

  private raise(): void {
    const inOrder = [...this.drawn.values()].sort((a, b) => KINDS[a.layer.style].rank - KINDS[b.layer.style].rank);
    for (const { layer } of inOrder) {
      for (const { id } of KINDS[layer.style].paint(layer.id, PALETTES[this.theme])) this.map.moveLayer(id);
    }
    for (const drawn of airPaint(PALETTES[this.theme])) {
      if (this.map.getLayer(drawn.id)) this.map.moveLayer(drawn.id);
      else this.map.addLayer(drawn);
    }
    if (this.map.getLayer(DEVICES_LAYER)) this.map.moveLayer(DEVICES_LAYER);
    else this.map.addLayer(this.devices.layer);
    const order = this.map.getLayersOrder();
    const above = order.find((id) => !LAND.includes(this.map.getLayer(id)?.type ?? ""));
    for (const name of order) if (this.pictures.has(name)) this.map.moveLayer(name, above);
  }

  /** Show rows of the picture of devices, the picked one ringed; null shows none. */
  setDevices(picture: Picture | null, rows: readonly number[], picked: string | null, lang: Lang): void {
    this.devices.show(picture, rows, picked, lang, PALETTES[this.theme]);
  }

  /** Show or hide each of these layers, with its words in a language. */
  setShown(layers: ReadonlyMap<string, boolean>, lang: Lang): void {
    const words = new Map<string, Label[]>();
    for (const [id, shown] of layers) {
      for (const { id: name } of this.paintsOf(id)) {
        if (this.map.getLayer(name)) this.map.setLayoutProperty(name, "visibility", shown ? "visible" : "none");
      }
      if (id === AIR_LAYER) this.badges.element.hidden = !shown;
      const held = this.drawn.get(id);
      if (held) words.set(id, shown ? KINDS[held.layer.style].labels(held.features, held.layer.label_column, lang) : []);
    }
    this.words.put(words);
    this.place(); // stations' badges take the place of words too
  }

  private paintsOf(id: string): Drawn[] {
    if (id === AIR_LAYER) return airPaint(PALETTES[this.theme]);
    if (this.pictures.has(id)) return [{ id, type: "raster", source: id }];
    const held = this.drawn.get(id);
    return held ? KINDS[held.layer.style].paint(id, PALETTES[this.theme]) : [];
  }

  /** Show the stations' air, the picked one ringed. */
  setAir(stations: AirStation[], picked: string | null, lang: Lang): void {
    const features = airFeatures(stations, picked);
    const told = JSON.stringify(features);
    if (told !== this.air) this.map.getSource<GeoJSONSource>(AIR_LAYER)?.setData(features); // words alone draw nothing anew
    this.air = told;
    this.badges.show(stations, picked, lang);
    this.place();
  }

  setTheme(theme: Theme): void {
    this.theme = theme;
    this.map.setPaintProperty("ground", "background-color", PALETTES[theme].ground);
    this.devices.dress(PALETTES[theme]);
    for (const id of [...this.drawn.keys(), AIR_LAYER]) {
      for (const drawn of this.paintsOf(id)) {
        if (!this.map.getLayer(drawn.id)) continue;
        for (const [name, value] of Object.entries(drawn.paint ?? {})) {
          this.map.setPaintProperty(drawn.id, name as never, value as never);
        }
      }
    }
  }

  /** Return what `look` makes of the map drawn in a theme, which the visitor does not see it in. */
  dressedIn<T>(theme: Theme, look: (palette: Palette) => T): T {
    const own = this.theme;
    if (theme === own) return look(PALETTES[own]);
    this.setTheme(theme);
    this.map.redraw();
    try {
      return look(PALETTES[theme]);
    } finally {
      this.setTheme(own);
    }
  }

  /** Bring a device into sight if it is out of it. */
  revealDevice(id: string): void {
    const place = this.devices.placeOf(id);
    if (place) this.reveal(...place);
  }

  fit(box: Box, animate = true): void {
    this.map.fitBounds(box, { padding: roomFor(this.map.getContainer()), animate: animate && !this.calm });
  }

  zoomBy(step: number): void {
    this.map.easeTo({ zoom: this.map.getZoom() + step, animate: !this.calm });
  }

  /** Bring a place into sight if it is out of it. */
  reveal(lng: number, lat: number): void {
    const { x, y } = this.map.project([lng, lat]);
    const { clientWidth, clientHeight } = this.map.getContainer();
    const seen = x > EDGE_PX && x < clientWidth - EDGE_PX && y > EDGE_PX / 2 && y < clientHeight - EDGE_PX / 2;
    if (!seen) this.map.easeTo({ center: [lng, lat], animate: !this.calm });
  }

  /** Place the words anew, as after the letters' size changed. */
  relabel(): void {
    this.map.resize();
    this.words.measure();
    this.place();
  }

  /** Look where an address says. */
  turn({ lng, lat, zoom }: Camera): void {
    this.map.jumpTo({ center: [lng, lat], zoom });
  }

  private get calm(): boolean {
    return window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  }

  private place(): void {
    const covered = this.covered();
    const taken = this.badges.element.hidden ? covered : [...covered, ...this.badges.place(covered)];
    const { clientHeight } = this.map.getCanvas();
    const across = { left: -Infinity, right: Infinity };
    this.words.place([...taken, { ...across, top: -Infinity, bottom: 0 }, { ...across, top: clientHeight, bottom: Infinity }]);
  }

  /** Where nothing can be read, px from the map's top left: under the layer list and the scale, and beyond the sides. */
  private covered(): LabelBox[] {
    const map = this.map.getContainer().getBoundingClientRect();
    const beyond = { top: -Infinity, bottom: Infinity };
    const sides = [
      { ...beyond, left: -Infinity, right: 0 },
      { ...beyond, left: map.width, right: Infinity },
    ];
    const lists = [...document.querySelectorAll(".layers, .maplibregl-ctrl-scale")].map((element) => {
      const box = element.getBoundingClientRect();
      return { left: box.left - map.left, right: box.right - map.left, top: box.top - map.top, bottom: box.bottom - map.top };
    });
    return [...sides, ...lists];
  }

  private featureAt(x: number, y: number): Picked | null {
    const around: [[number, number], [number, number]] = [
      [x - 4, y - 4],
      [x + 4, y + 4],
    ];
    const found: MapGeoJSONFeature | undefined = this.map
      .queryRenderedFeatures(around)
      .find(({ source }) => this.drawn.has(source));
    return found ? { layer: found.source, properties: found.properties } : null;
  }

  /** Return a promise that is kept when every layer is drawn and the picture is not blank. */
  async painted(): Promise<void> {
    for (let tries = 0; tries < 180; tries++) {
      if (this.map.loaded() && !this.map.isMoving()) {
        if (!this.blank()) return;
        this.map.triggerRepaint();
      }
      await new Promise((resolve) => window.setTimeout(resolve, 50));
    }
  }

  private blank(): boolean {
    if (this.drawn.size === 0) return false;
    const small = document.createElement("canvas");
    small.width = small.height = 48;
    const context = small.getContext("2d", { willReadFrequently: true });
    if (!context) return false;
    context.drawImage(this.map.getCanvas(), 0, 0, 48, 48);
    const { data } = context.getImageData(0, 0, 48, 48);
    for (let i = 4; i < data.length; i++) if (data[i] !== data[i % 4]) return false;
    return true;
  }
}
