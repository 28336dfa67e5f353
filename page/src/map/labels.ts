import type { MapLibreMap } from "maplibre-gl";
import { hasHan } from "../format";
import type { Label } from "./kinds";

export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** Return whether two boxes share more than an edge. */
export function collide(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

/** Return the box of a size centred on a point, `gap` px wider all round. */
export function boxAround(x: number, y: number, width: number, height: number, gap = 2): Box {
  return {
    left: x - width / 2 - gap,
    right: x + width / 2 + gap,
    top: y - height / 2 - gap,
    bottom: y + height / 2 + gap,
  };
}

interface Placed {
  label: Label;
  element: HTMLElement;
  width: number;
  height: number;
  shown: boolean;
}

const STOP_OFFSET_PX = 12;

/** The map's words as HTML over it, so that no glyphs are fetched; of words that collide one is shown. */
export class LabelSheet {
  readonly element = document.createElement("div");
  private groups = new Map<string, Placed[]>();

  constructor(private readonly map: MapLibreMap) {
    this.element.className = "map-labels";
    this.element.setAttribute("aria-hidden", "true");
    map.getCanvasContainer().append(this.element);
  }

  /** Replace the words of these groups; they are in place once `place` is told what is taken. */
  put(groups: ReadonlyMap<string, Label[]>): void {
    for (const name of groups.keys()) for (const old of this.groups.get(name) ?? []) old.element.remove();
    for (const [name, labels] of groups) this.groups.set(name, labels.map((label) => this.write(label)));
    this.measure(groups.keys()); // all are written before: reading after writing lays out anew
  }

  /** Take the sizes of these groups' words, of all by themselves: letters are larger in the mode for the elderly. */
  measure(names: Iterable<string> = this.groups.keys()): void {
    for (const name of names) {
      for (const one of this.groups.get(name) ?? []) {
        one.width = one.element.offsetWidth;
        one.height = one.element.offsetHeight;
      }
    }
  }

  private write(label: Label): Placed {
    const element = document.createElement("span");
    element.className = `map-label ${label.look}`;
    element.textContent = label.text;
    if (hasHan(label.text)) element.lang = "zh-CN";
    this.element.append(element);
    return { label, element, width: 0, height: 0, shown: true };
  }

  /** Move every word to its place; hide those that collide with a taken box or a word of lower rank. */
  place(taken: Box[]): void {
    const boxes = [...taken];
    const zoom = this.map.getZoom();
    const { clientWidth: wide, clientHeight: high } = this.map.getCanvas(); // read once: reading after writing lays out anew
    const all = [...this.groups.values()].flat().sort((a, b) => a.label.rank - b.label.rank);
    for (const one of all) {
      const { x, y: base } = this.map.project([one.label.lng, one.label.lat]);
      const y = one.label.look === "stop" ? base + STOP_OFFSET_PX : base;
      const box = boxAround(x, y, one.width, one.height);
      const on = box.right > 0 && box.bottom > 0 && box.left < wide && box.top < high;
      one.shown = on && zoom >= one.label.fromZoom && !boxes.some((other) => collide(box, other));
      if (one.shown) boxes.push(box);
      one.element.style.transform = `translate(${Math.round(x - one.width / 2)}px,${Math.round(y - one.height / 2)}px)`;
      one.element.style.visibility = one.shown ? "" : "hidden";
    }
  }

  /** The words now shown, each with its middle in px from the map's top left. */
  shown(): { text: string; look: Label["look"]; x: number; y: number }[] {
    return [...this.groups.values()].flat().flatMap(({ label, shown }) => {
      if (!shown) return [];
      const { x, y } = this.map.project([label.lng, label.lat]);
      return [{ text: label.text, look: label.look, x, y: label.look === "stop" ? y + STOP_OFFSET_PX : y }];
    });
  }
}
