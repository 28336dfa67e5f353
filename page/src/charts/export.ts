import { isoIn } from "../format";
import { saveBlob, savePicture } from "../map/picture";
import type { BandPoint, Point } from "./scale";

/** Return a field of CSV, quoted where it must be, and never read as a formula by a spreadsheet. */
export function csvField(value: unknown): string {
  const text = value === null || value === undefined ? "" : String(value);
  const harmless = /^[=+@\t\r]|^-(?![\d.])/.test(text) ? `'${text}` : text;
  return /[",\n\r]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

/** Return what a chart shows as CSV: times in the chart's zone, an empty field for a gap. */
export function chartCsv(name: string, unit: string, zone: string, points: Point[], band: BandPoint[]): string {
  const rows = [["time", `${name} (${unit})`, "kind", "low", "high"]];
  for (const { time, value } of points) rows.push([isoIn(time, zone), String(value ?? ""), "observed", "", ""]);
  for (const { time, low, high } of band) rows.push([isoIn(time, zone), "", "forecast", String(low), String(high)]);
  return rows.map((row) => row.map(csvField).join(",")).join("\r\n") + "\r\n";
}

/** Hand rows to the visitor as a CSV file that spreadsheets read as UTF-8. */
export function saveCsv(text: string, name: string): void {
  saveBlob(new Blob(["\ufeff", text], { type: "text/csv;charset=utf-8" }), name);
}

const STYLED = ["fill", "stroke", "stroke-width", "stroke-dasharray", "font-family", "font-size", "font-weight", "opacity", "text-anchor", "paint-order"] as const;

function dressed(svg: SVGSVGElement): string {
  const copy = svg.cloneNode(true) as SVGSVGElement;
  const originals = [svg, ...svg.querySelectorAll("*")];
  [copy, ...copy.querySelectorAll("*")].forEach((element, i) => {
    const original = originals[i];
    if (!original) return;
    const style = getComputedStyle(original);
    element.setAttribute("style", STYLED.map((name) => `${name}:${style.getPropertyValue(name)}`).join(";"));
  });
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  return new XMLSerializer().serializeToString(copy);
}

/** Hand a chart to the visitor as PNG at twice its size, on the colour of its sheet. */
export async function saveChart(svg: SVGSVGElement, title: string, name: string): Promise<void> {
  const { width, height } = svg.getBoundingClientRect();
  const picture = new Image();
  picture.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(dressed(svg))}`;
  await picture.decode();
  const canvas = document.createElement("canvas");
  canvas.width = width * 2;
  canvas.height = (height + 32) * 2;
  const pen = canvas.getContext("2d");
  if (!pen) return;
  const root = getComputedStyle(document.documentElement);
  pen.scale(2, 2);
  pen.fillStyle = root.getPropertyValue("--sheet");
  pen.fillRect(0, 0, width, height + 32);
  pen.fillStyle = root.getPropertyValue("--ink");
  pen.font = '600 14px "Noto Sans SC", "Noto Sans CJK SC", system-ui, sans-serif';
  pen.fillText(title, 12, 21);
  pen.drawImage(picture, 0, 32, width, height);
  await savePicture(canvas, name);
}
