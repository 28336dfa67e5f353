import { attributionOf, nameOf, moment, pictureAttributionOf, zoneName } from "../format";
import { data, here } from "../state/data";
import type { Theme } from "../state/url";
import { view } from "../state/view";
import { AQI_CLASSES, classWords } from "./aqi";
import type { CityMap } from "./city-map";
import type { Palette } from "./palette";

const STRIP_PX = 50; // moment and legend; below it a line or more of attributions
const LINE_PX = 14;
const FONT = '"Noto Sans SC", "Noto Sans CJK SC", system-ui, sans-serif';
const SMALL = `10px ${FONT}`;

type Pen = CanvasRenderingContext2D;

function word(pen: Pen, text: string, x: number, y: number, ink: string, halo: string): void {
  pen.lineWidth = 3;
  pen.lineJoin = "round";
  pen.strokeStyle = halo;
  pen.strokeText(text, x, y);
  pen.fillStyle = ink;
  pen.fillText(text, x, y);
}

function words(pen: Pen, city: CityMap, ink: string, halo: string): void {
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  for (const { text, look, x, y } of city.words.shown()) {
    pen.font = `${look === "district" ? 13 : 11}px ${FONT}`;
    word(pen, text, x, y, ink, halo);
  }
  if (city.badges.element.hidden) return;
  pen.font = `600 14px ${FONT}`;
  for (const { text, x, y } of city.badges.shown()) word(pen, text, x, y - 24, ink, halo);
}

/** The attributions of all layers, as many a line as there is room for. */
function attributions(width: number): string[] {
  const pen = document.createElement("canvas").getContext("2d");
  const { lang } = view.value;
  const city = here(data.value.city);
  const held = new Set([
    ...(city?.layers ?? []).map((layer) => attributionOf(layer, lang)),
    ...(city?.imagery ?? []).map((each) => pictureAttributionOf(each, lang)),
  ]);
  const lines: string[] = [];
  if (pen) pen.font = SMALL;
  for (const each of held) {
    const longer = lines.length ? `${lines[lines.length - 1]} · ${each}` : each;
    if (lines.length && pen && pen.measureText(longer).width <= width - 24) lines[lines.length - 1] = longer;
    else lines.push(each);
  }
  return lines;
}

function legend(pen: Pen, top: number, ink: string, held: readonly string[]): void {
  pen.textAlign = "left";
  pen.textBaseline = "middle";
  pen.font = `600 13px ${FONT}`;
  pen.fillStyle = ink;
  const { lang, at } = view.value;
  const city = here(data.value.city);
  const zone = city?.time_zone ?? "UTC";
  const ms = at ? Date.parse(at) : data.value.now;
  pen.fillText(`${nameOf(city?.name, lang)} · ${moment(ms, zone)} ${zoneName(ms, zone)}`, 12, top + 14);
  pen.font = `12px ${FONT}`;
  let x = 12;
  for (const { level, colour } of AQI_CLASSES) {
    const text = classWords(level);
    pen.fillStyle = colour;
    pen.fillRect(x, top + 28, 12, 12);
    pen.strokeStyle = ink;
    pen.lineWidth = 1;
    pen.strokeRect(x, top + 28, 12, 12);
    pen.fillStyle = ink;
    pen.fillText(text, x + 17, top + 34);
    x += 30 + pen.measureText(text).width;
  }
  pen.font = SMALL;
  held.forEach((line, n) => pen.fillText(line, 12, top + STRIP_PX + 3 + n * LINE_PX));
}

/** Return the map as one picture: canvas, words, badges, time, legend and attribution; in another theme if one is named. */
export function mapPicture(city: CityMap, theme: Theme | null = null): HTMLCanvasElement {
  return city.dressedIn(theme ?? view.value.theme, (palette) => drawn(city, palette));
}

function drawn(city: CityMap, palette: Palette): HTMLCanvasElement {
  const source = city.map.getCanvas();
  const scale = source.width / Math.max(source.clientWidth, 1);
  const picture = document.createElement("canvas");
  picture.width = source.width;
  const held = attributions(source.clientWidth);
  picture.height = source.height + Math.round((STRIP_PX + held.length * LINE_PX) * scale);
  const pen = picture.getContext("2d");
  if (!pen) return picture;
  pen.fillStyle = palette.land;
  pen.fillRect(0, 0, picture.width, picture.height);
  pen.drawImage(source, 0, 0);
  pen.scale(scale, scale);
  words(pen, city, palette.ink, palette.halo);
  legend(pen, source.clientHeight, palette.ink, held);
  return picture;
}

/** Hand a picture to the visitor as a PNG file. */
export async function savePicture(picture: HTMLCanvasElement, name: string): Promise<void> {
  const blob = await new Promise<Blob | null>((resolve) => picture.toBlob(resolve, "image/png"));
  if (blob) saveBlob(blob, name);
}

/** Hand a file to the visitor. */
export function saveBlob(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  window.setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
