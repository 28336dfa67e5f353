import { html, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { nameOf } from "../format";
import { t } from "../i18n";
import "../panels/lf-alerts";
import "../panels/lf-drawer";
import "../panels/lf-indicators";
import "../panels/lf-layers";
import "../panels/lf-now";
import "../panels/lf-station";
import "../panels/lf-time";
import "../panels/lf-welcome";
import "../rooms/lf-operations";
import { loadAll } from "../state/actions";
import { data, here } from "../state/data";
import type { Room } from "../state/url";
import { coversMap, view } from "../state/view";
import { Piece } from "./element";
import "./lf-dialogs";
import "./lf-header";
import "./lf-rail";
import "./lf-report";
import "./lf-undo";
import { problemCard, skeleton } from "./parts";
import { pending } from "./ready";

const COLUMNS: Record<Room, () => TemplateResult> = {
  overview: () => html`${view.value.pick ? html`<lf-station></lf-station>` : nothing}<lf-now></lf-now><lf-alerts></lf-alerts><lf-indicators></lf-indicators>`,
  sensing: () => html`<lf-sensing></lf-sensing>`,
  operations: () => html`${view.value.pick ? html`<lf-station></lf-station>` : nothing}<lf-operations></lf-operations>`,
  data: () => html``,
  twin: () => html``,
  work: () => html``,
};

/** The one screen: head, rooms, map with its time slider, and what matters now in this room. */
@customElement("lf-app")
export class AppPiece extends Piece {
  @state() private catalogue = false;
  @state() private twin = false;
  @state() private work = false;
  @state() private sensing: "absent" | "coming" | "here" = "absent";
  private map: "absent" | "coming" | "here" = "absent";

  /** The map comes with the first room that shows it: it is the dearest thing on the screen. */
  private async fetchMap(): Promise<void> {
    if (this.map !== "absent") return;
    this.map = "coming";
    pending.add("map");
    await import("../map/lf-map");
    this.map = "here";
    this.requestUpdate();
  }

  private async fetchSensing(): Promise<void> {
    if (this.sensing !== "absent") return;
    this.sensing = "coming";
    pending.add("sensing");
    await import("../sensing/lf-sensing");
    this.sensing = "here";
  }

  private async fetchCatalogue(): Promise<void> {
    pending.add("catalogue");
    await import("../catalogue/lf-catalogue");
    this.catalogue = true;
  }

  private async fetchTwin(): Promise<void> {
    pending.add("twin");
    await import("../twin/lf-twin");
    this.twin = true;
  }

  private async fetchWork(): Promise<void> {
    pending.add("work");
    await import("../work/lf-work");
    this.work = true;
  }

  protected override willUpdate(): void {
    if (!coversMap(view.value.room)) void this.fetchMap();
    if (view.value.room === "work" && !this.work) void this.fetchWork();
    if (view.value.room === "twin" && !this.twin) void this.fetchTwin();
    if (view.value.room === "data" && !this.catalogue) void this.fetchCatalogue();
    if (view.value.room === "sensing") void this.fetchSensing();
    const city = here(data.value.city);
    const whole = city ? t("app.title", { city: nameOf(city.name, this.tongue) }) : "里坊 lifang";
    const { titled } = data.value;
    const told = view.value.room === "data" && titled?.dataset === view.value.dataset ? nameOf(titled?.name, this.tongue) : "";
    document.title = told ? `${told} · ${whole}` : whole;
    if (data.value.city.state === "refused" || coversMap(view.value.room)) pending.delete("map");
  }

  protected override render(): TemplateResult {
    const { city, said } = data.value;
    const { room } = view.value;
    return html`<a class="skip" href="#main" @click=${(event: Event) => this.skip(event)}>${t("app.skip")}</a>
      <lf-header></lf-header>
      <lf-rail></lf-rail>
      <main id="main" tabindex="-1" data-room=${room}>
        ${room === "data" || room === "work" ? nothing : html`<h1 class="sr">${document.title}: ${t(`room.${room}`)}</h1>`}
        ${city.state === "refused" ? html`<div class="whole">${problemCard(city.problem, () => void loadAll())}</div>` : this.screen(room)}
      </main>
      <lf-undo></lf-undo>
      <lf-dialogs></lf-dialogs>
      <lf-report></lf-report>
      <p class="sr" role="status" aria-live="polite">${said}</p>`;
  }

  private screen(room: Room): TemplateResult {
    return html`<section class="stage" aria-label=${t("map.label")} ?inert=${coversMap(room)}>
        <div class="map-place">${this.map === "here" ? html`<lf-map></lf-map>` : nothing}<lf-layers></lf-layers><lf-welcome></lf-welcome></div>
        <lf-time></lf-time>
        <lf-drawer></lf-drawer>
        ${room === "sensing" && this.sensing === "here" && view.value.stream ? html`<lf-datastream></lf-datastream>` : nothing}
      </section>
      <aside class="column" aria-label=${t(`room.${room}`)}>${room === "sensing" && this.sensing !== "here" ? skeleton(8) : COLUMNS[room]()}</aside>
      ${room === "twin" && this.twin ? html`<lf-twin></lf-twin>` : nothing}
      ${room === "work" && this.work ? html`<lf-work></lf-work>` : nothing}
      ${room === "data" && this.catalogue ? html`<lf-catalogue></lf-catalogue>` : nothing}`;
  }

  private skip(event: Event): void {
    event.preventDefault();
    this.querySelector<HTMLElement>("#main")?.focus();
  }
}
