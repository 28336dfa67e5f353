import { html, nothing, svg, type SVGTemplateResult, type TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";
import { bureau, type Waiting } from "../api/bureau";
import { t } from "../i18n";
import { data, here } from "../state/data";
import { formatView, ROOMS, type Room } from "../state/url";
import { goTo, view } from "../state/view";
import { Piece } from "./element";
import { Fetched } from "./fetched";

const AGAIN_MS = 60_000;
const MOST = 99;

const SIGNS: Record<Room, SVGTemplateResult> = {
  overview: svg`<path d="M3 3h18v18H3zM9 3v18M15 3v18M3 9h18M3 15h18" />`,
  data: svg`<path d="M4 4h16v5H4zM4 9.500h16v5H4zM4 15h16v5H4zM7 6.500h2M7 12h2M7 17.500h2" />`,
  sensing: svg`<path d="M3 15l4-5 4 6 4-11 3 8 3-2" />`,
  twin: svg`<path d="M12 2.500 20.500 7v10L12 21.500 3.500 17V7zM3.500 7 12 11.500 20.500 7M12 11.500v10" />`,
  work: svg`<path d="M5 3h11l3 3v15H5zM8 9h8M8 13h8M8 17h5" />`,
  operations: svg`<path d="M12 3a6 6 0 0 1 6 6v5l2 3H4l2-3V9a6 6 0 0 1 6-6zM10 20h4" />`,
};

/** The rooms of the house, by their names. */
@customElement("lf-rail")
export class RailPiece extends Piece {
  private readonly held = new Fetched<Waiting>(this);

  /** What waits for whoever is signed in: asked again when the catalogue changes, and once a minute. */
  private waiting(): Waiting | null {
    const { subject, changes } = data.value;
    if (!subject) return null;
    return here(this.held.want(`${subject.id} ${changes} ${Math.floor(performance.now() / AGAIN_MS)}`, bureau.waiting));
  }

  private badge(): TemplateResult | typeof nothing {
    const found = this.waiting();
    const count = found ? found.late + found.others : 0;
    if (!found || !count) return nothing;
    const told = t(found.late ? "rooms.waiting.late" : "rooms.waiting", { late: found.late, others: found.others });
    return html`<b class="count" data-late=${found.late} title=${told}><span aria-hidden="true">${count > MOST ? `${MOST}+` : count}</span><span class="sr">${told}</span></b>`;
  }

  protected override render(): TemplateResult {
    return html`<nav class="rail" aria-label=${t("rooms.label")}>
      ${ROOMS.map((room) => this.door(room))}
      <span class="wards" aria-hidden="true"></span>
    </nav>`;
  }

  private door(room: Room): TemplateResult {
    const enter = (event: MouseEvent): void => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      goTo(room);
    };
    const address = formatView({ ...view.value, room, table: null, dataset: null, tab: null, item: null }) || "/";
    return html`<a href=${address} aria-current=${view.value.room === room ? "page" : "false"} data-door=${room} @click=${enter}>
      <svg viewBox="0 0 24 24" aria-hidden="true">${SIGNS[room]}</svg><span>${t(`room.${room}`)}</span>${room === "work" ? this.badge() : nothing}
    </a>`;
  }
}
