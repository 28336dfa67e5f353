import type { MapLibreMap } from "maplibre-gl";
import type { AirStation } from "../api/types";
import { nameOf, number } from "../format";
import { t } from "../i18n";
import type { Lang } from "../state/url";
import { levelOf } from "./aqi";
import { boxAround, collide, type Box } from "./labels";

/** Sizes in px as the style sheet draws them: a badge's height, how high its middle is over the place, width without name, letters. */
const USUAL = { height: 26, lift: 33, narrow: 62, cjk: 14, latin: 7.5 };
const ELDER = { height: 50, lift: 46, narrow: 92, cjk: 20, latin: 10.5 };
const CIRCLE = 20;

function sizes(): typeof USUAL {
  return document.documentElement.hasAttribute("data-elder") ? ELDER : USUAL;
}

interface Badge {
  station: AirStation;
  element: HTMLButtonElement;
  name: string;
}

function widthOf(name: string): number {
  const { cjk, latin, narrow } = sizes();
  return [...name].reduce((sum, letter) => sum + (letter > "\u2e7f" ? cjk : latin), narrow + 8);
}

/** Return the text beside a class's colour: the index and the class's mark. */
export function badgeText(station: AirStation): { aqi: string; mark: string; word: string } {
  const level = levelOf(station.class);
  return {
    aqi: number(station.aqi, "en", 0),
    mark: level ? t(`aqi.mark.${level}`) : "?",
    word: level ? t(`aqi.level.${level}`) : t("legend.nodata"),
  };
}

/** The stations as buttons over the map: number, mark and name, reachable by Tab; the worst is never hidden. */
export class Badges {
  readonly element = document.createElement("div");
  private badges = new Map<string, Badge>();

  constructor(
    private readonly map: MapLibreMap,
    private readonly onPick: (thing: string) => void,
    private readonly onFocus: (station: AirStation) => void,
  ) {
    this.element.className = "map-badges";
    this.element.setAttribute("role", "group");
    map.getCanvasContainer().append(this.element);
  }

  show(stations: AirStation[], picked: string | null, lang: Lang): void {
    this.element.setAttribute("aria-label", t("layers.station"));
    const here = new Set(stations.map(({ thing }) => thing));
    for (const [thing, badge] of this.badges) {
      if (here.has(thing)) continue;
      badge.element.remove();
      this.badges.delete(thing);
    }
    for (const station of stations) this.write(station, station.thing === picked, lang);
  }

  private write(station: AirStation, picked: boolean, lang: Lang): void {
    const badge = this.badges.get(station.thing) ?? this.make(station);
    badge.station = station;
    const { aqi, mark, word } = badgeText(station);
    const [number_, mark_, name_] = [...badge.element.children];
    if (number_) number_.textContent = aqi;
    if (mark_) mark_.textContent = mark;
    badge.name = nameOf(station.name, lang);
    if (name_) name_.textContent = badge.name;
    badge.element.setAttribute("aria-pressed", String(picked));
    badge.element.setAttribute("aria-label", t("aqi.station.label", { name: badge.name, aqi, mark, word }));
    badge.element.title = badge.element.getAttribute("aria-label") ?? "";
  }

  private make(station: AirStation): Badge {
    const element = document.createElement("button");
    element.type = "button";
    element.className = "map-badge";
    element.dataset["thing"] = station.thing;
    element.append(...["b", "i", "span"].flatMap((tag) => [document.createElement(tag), " "]));
    element.addEventListener("click", (event) => {
      event.stopPropagation();
      this.onPick(station.thing);
    });
    this.element.append(element);
    const badge: Badge = { station, element, name: "" };
    element.addEventListener("focus", () => element.matches(":focus-visible") && this.onFocus(badge.station));
    this.badges.set(station.thing, badge);
    return badge;
  }

  /** Move the badges to their places and return the boxes they take: the picked first, then the worst air. */
  place(covered: Box[]): Box[] {
    const { height, lift, narrow } = sizes();
    const weight = ({ station, element }: Badge): number =>
      element.getAttribute("aria-pressed") === "true" ? Infinity : (station.aqi ?? -1);
    const spots = [...this.badges.values()]
      .sort((a, b) => weight(b) - weight(a))
      .map((badge) => ({ badge, ...this.map.project([badge.station.lon, badge.station.lat]), box: null as Box | null }));
    const circles = spots.map(({ x, y }) => boxAround(x, y, CIRCLE, CIRCLE, 0));
    for (const size of ["narrow", "wide"] as const) {
      for (const spot of spots) {
        if (size === "wide" && !spot.box) continue;
        const box = boxAround(spot.x, spot.y - lift, size === "wide" ? widthOf(spot.badge.name) : narrow, height, 0);
        const others = [...circles, ...(size === "wide" ? covered : []), ...spots.flatMap((other) => (other === spot || !other.box ? [] : [other.box]))];
        const first = spot.badge === spots[0]?.badge && !(size === "wide" && covered.some((other) => collide(box, other)));
        const fits = first || !others.some((other) => collide(box, other));
        if (fits) spot.box = box;
        if (fits || size === "narrow") spot.badge.element.dataset["size"] = fits ? size : "dot";
      }
    }
    spots.forEach(({ badge, x, y }, order) => {
      badge.element.style.zIndex = String(100 - order);
      badge.element.style.left = `${Math.round(x)}px`;
      badge.element.style.top = `${Math.round(y)}px`;
    });
    return [...circles, ...spots.flatMap(({ box }) => (box ? [box] : []))];
  }

  /** The badges now shown, for the map's picture. */
  shown(): { text: string; x: number; y: number }[] {
    return [...this.badges.values()].map(({ station, element }) => {
      const { x, y } = this.map.project([station.lon, station.lat]);
      const { aqi, mark } = badgeText(station);
      return { text: element.dataset["size"] === "dot" ? "" : `${aqi} ${mark}`, x, y };
    });
  }
}
