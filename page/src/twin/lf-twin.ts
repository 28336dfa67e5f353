import "../css/twin.css";
import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { Vector3 } from "three";
import { calls, tilesetOf } from "../api/calls";
import type { About, CityObject, Page, TwinDifference, TwinExtent, TwinLive, TwinModel, TwinProperty, TwinScenario } from "../api/types";
import { moment, nameOf, number, pictureAttributionOf, unitOf } from "../format";
import { t } from "../i18n";
import { saveBlob, savePicture } from "../map/picture";
import { picturesShown } from "../map/shown";
import { Piece } from "../shell/element";
import { Fetched } from "../shell/fetched";
import { command, emptyCard, problemCard } from "../shell/parts";
import { pending } from "../shell/ready";
import { data, here } from "../state/data";
import { asOf, comparedWith, type Cut, eyeText } from "../state/twin-url";
import { formatView } from "../state/url";
import { view } from "../state/view";
import { admitting, chosenOf } from "./admitting";
import { byChange, byClass, byHeight, byModel, byProperty, bySensed, type Dress, FLOORS, FOCUS, GROUNDS, INKS, MARKS } from "./colours";
import type { Look } from "./layer";
import "./lf-twin-due";
import "./lf-twin-halves";
import { type Told, wordsOf } from "./lf-twin-legend";
import "./lf-twin-list";
import "./lf-twin-model";
import "./lf-twin-object";
import "./lf-twin-time";
import "./lf-twin-tools";
import "./lf-twin-topics";
import type { Capture } from "./lf-twin-topics";
import { pathOf, tagsOf } from "./measure";
import { FIELD_OF_VIEW, TwinScene } from "./scene";
import { labelOf, type Sensed, sensedIn, turn } from "./states";
import { bytesOf } from "./size";
import { hand, measuring } from "./tool";

const PLAN_M = 1.5; // above a storey's floor a plan of it is cut

/** The room of the twin: the city's objects in three dimensions and as a list, as they were at any moment. */
@customElement("lf-twin")
export class TwinPiece extends Piece {
  @state() private broken = false;
  @state() private due = { share: 0, failed: 0 };
  @state() private cost: { calls: number; triangles: number; bytes: number } | null = null;
  private scene: TwinScene | null = null;
  /** Whether the scene knows where it is on the earth. */
  private grounded = false;
  private done: Record<string, string> = {};
  private end = (): void => {};
  private readonly extent = new Fetched<TwinExtent>(this, "twin-extent");
  private readonly models = new Fetched<{ items: TwinModel[] }>(this);
  private readonly known = new Fetched<{ items: TwinProperty[] }>(this, "twin-known");
  private readonly changes = new Fetched<TwinDifference>(this, "twin-changes");
  private readonly plans = new Fetched<{ items: TwinScenario[] }>(this);
  private readonly storey = new Fetched<About>(this);
  private readonly states = new Fetched<Page<TwinLive>>(this);

  override connectedCallback(): void {
    super.connectedCallback();
    this.end = hand.listen(() => this.requestUpdate());
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.end();
    this.scene?.dispose();
    this.scene = null;
    this.done = {};
    pending.delete("twin");
    pending.delete("extent");
  }

  private get when(): string {
    return asOf(view.value.at ?? "now", view.value.twin.scenario);
  }

  /** Whether there is terrain. */
  private get hilly(): boolean {
    return Boolean(here(this.extent.asked)?.asset.extras.classes.some(({ id }) => id === "TINRelief"));
  }

  private get model(): string {
    return view.value.twin.model ?? "all";
  }

  private get generated(): TwinModel[] {
    const { model } = view.value.twin;
    return (here(this.models.asked)?.items ?? []).filter(({ id, generated }) => generated && (model === null || model === id));
  }

  /** What is measured in the rooms of the storey that is shown; null where another colouring is chosen. */
  private get sensed(): Sensed | null {
    const { by, twin } = view.value;
    if (!twin.storey || (by !== null && !by.startsWith("s:"))) return null;
    return sensedIn(here(this.states.asked)?.items ?? [], by?.slice(2) ?? null);
  }

  private get dress(): Dress {
    const { by, theme, twin } = view.value;
    const { sensed } = this;
    if (sensed) return bySensed(theme, sensed);
    const changes = here(this.changes.asked);
    if (twin.against && changes) return byChange(theme, new Map(changes.items.map(({ id, change }) => [id, change])));
    const property = (here(this.known.asked)?.items ?? []).find(({ name }) => `p:${name}` === by);
    if (property) return byProperty(theme, property);
    if (by === "model") return byModel(theme);
    return by === "height" ? byHeight(theme) : byClass(theme, (here(this.extent.asked)?.asset.extras.classes ?? []).map(({ id }) => id));
  }

  private get look(): Look {
    const { theme, twin } = view.value;
    return { ground: GROUNDS[theme], plain: FLOORS[theme], picked: MARKS[theme], focus: new Map(twin.focus.map((id, n) => [id, FOCUS[n] ?? MARKS[theme]])), dress: this.dress, clear: twin.under ? Math.max(twin.clear, 60) : twin.clear, under: twin.under, hide: new Set(twin.hide), off: new Set(twin.off) };
  }

  protected override render(): TemplateResult {
    const { pick, twin, by } = view.value;
    const change = data.value.twin;
    const extent = this.extent.want(`${this.model} ${this.when} ${change}`, () => calls.twinExtent(this.model, this.when));
    if (extent.state === "refused" && extent.problem.status !== 404) {
      pending.delete("twin");
      return html`<section class="whole">${problemCard(extent.problem, () => this.extent.forget())}</section>`;
    }
    const none = extent.state === "refused";
    if (none) pending.delete("twin");
    const models = here(this.models.want(`${this.when} ${change}`, () => calls.twinModels(view.value.at, twin.scenario)))?.items ?? [];
    if (by?.startsWith("p:") || this.known.asked.state === "here" || extent.state === "here") this.known.want(`${this.when} ${change}`, () => calls.twinProperties(view.value.at, twin.scenario));
    const now = view.value.at ?? new Date(data.value.now).toISOString();
    const then = comparedWith(twin, now);
    if (then && (view.value.at || data.value.now)) { // before it is told, the city's now is 1970
      const more = { model: twin.model, before_scenario: then.scenario, after_scenario: twin.scenario };
      this.changes.want(`${twin.against} ${this.when} ${twin.model} ${change}`, () => calls.twinDifference(then.moment, now, more));
    }
    if (twin.against) this.plans.want(String(change), () => calls.twinScenarios());
    if (twin.storey) {
      const parent = twin.storey;
      this.storey.want(`${parent} ${this.when} ${change}`, () => calls.object(parent, view.value.at));
      this.states.want(`${parent} ${turn()}`, () => calls.twinStates({ parent }, view.value.at));
    }
    return html`<section class="twin-stage" aria-label=${t("twin.label")}>
        <div class="twin-scene">
          <canvas tabindex="0" aria-label=${t("twin.hint")} ?hidden=${none || this.broken}></canvas>
          ${none ? html`<div class="whole">${this.nothingThere()}</div>` : nothing}
          ${this.broken ? html`<p class="calm" role="status">${t("twin.failed")}</p>` : nothing}
          ${none ? nothing : html`<lf-twin-tools .models=${models} .known=${here(this.known.asked)?.items ?? []} .live=${twin.storey ? (here(this.states.asked)?.items ?? []) : []} .hilly=${this.hilly} .span=${here(this.extent.asked)?.root.boundingVolume.region.slice(4) ?? [0, 100]}
            @act=${(event: CustomEvent<string>) => void this.act(event.detail)}></lf-twin-tools>`}
          ${none || this.broken ? nothing : html`<lf-twin-due .share=${this.extent.fresh ? this.due.share : null} .failed=${this.due.failed} @again=${() => this.scene?.again()}></lf-twin-due>`}
          ${twin.against && !none ? html`<lf-twin-halves .plans=${here(this.plans.asked)?.items ?? []} @push=${(event: CustomEvent<number>) => this.scene?.push(event.detail)}></lf-twin-halves>` : nothing}
          <div class="twin-pins">${twin.notes.map(({ text }) => html`<div class="twin-pin">${text}</div>`)}${this.tags.map(([, words]) => html`<div class="twin-pin twin-tag">${words}</div>`)}${this.labels.map(([, words]) => html`<div class="twin-pin twin-room">${words}</div>`)}</div>
          ${none ? nothing : this.legend()}
        </div>
        <lf-twin-time></lf-twin-time>
      </section>
      <aside class="column twin-side" aria-label=${t("room.twin")}>
        ${admitting(none ? [] : models)} ${none ? nothing : html`<lf-twin-topics .capture=${this.capture}></lf-twin-topics>`}
        ${pick
          ? html`<lf-twin-object .models=${models} @visit=${this.visit}></lf-twin-object>`
          : none ? html`<section class="panel"><h2>${t("twin.objects")}</h2><p class="calm">${t("twin.none")}</p></section>`
          : html`<lf-twin-model .models=${models} .model=${chosenOf(models)}></lf-twin-model>
            <lf-twin-list .models=${models} .extent=${here(this.extent.asked)} @visit=${this.visit}></lf-twin-list>`}
      </aside>`;
  }

  /** Say why there is nothing to see: the city has no objects, or had none then, or the model or scenario has none. */
  private nothingThere(): TemplateResult {
    const { at, twin } = view.value;
    if (!at && !twin.model && !twin.scenario) {
      const demo = html`<p>${t("twin.empty.demo")}</p>${command("lifang demo delft")}`;
      return emptyCard(t("twin.empty"), "lifang twin add FILE.city.json --model ID", demo);
    }
    const back = (): void => view.set({ at: null, twin: { ...twin, model: null, scenario: null } });
    return html`<section class="empty"><span class="ward" aria-hidden="true"></span><p>${t("twin.none.then")}</p>
      <button type="button" @click=${back}>${t("twin.now")}</button>
      ${data.value.subject ? nothing : html`<p class="fine">${t("twin.none.signin")}</p><button type="button" class="quiet" @click=${() => data.set({ dialog: "sign-in" })}>${t("header.signin")}</button>`}</section>`;
  }

  protected override updated(_: PropertyValues): void {
    const extent = this.extent.asked;
    if (extent.state !== "refused" && !this.extent.fresh) return pending.add("extent");
    pending.delete("extent");
    if (extent.state !== "here" || this.broken) return;
    if (!this.scene) this.open();
    const { scene } = this;
    if (!scene) return;
    const { twin, theme, by, pick } = view.value;
    const [, , , , low = 0, high = 0] = extent.value.root.boundingVolume.region;
    const site = { box: extent.value.asset.extras.box, low, high, ground: this.hilly };
    const then = comparedWith(twin, view.value.at ?? "now");
    const before = then && tilesetOf(this.model, asOf(then.moment, then.scenario));
    const told = here(this.changes.asked) ? twin.against : "";
    const address = tilesetOf(this.model, this.when);
    this.once("tiles", `${address} ${data.value.twin}`, (tiles) => {
      pending.add("twin");
      scene.load(new URL(address, window.location.href).href, site);
      this.grounded = false;
      const same = this.done["model"] === this.model; // another moment is seen from where one stands, another model anew
      this.done = { tiles, model: this.model, eye: (same && this.done["eye"]) || "?" };
    });
    this.once("before", `${before} ${twin.split}`, () => {
      if (before) pending.add("twin");
      scene.compare(before ? new URL(before, window.location.href).href : null, twin.split);
    });
    const { sensed } = this;
    const values = sensed && [sensed.property, ...sensed.values.entries()].join();
    this.once("dress", `${theme} ${by} ${twin.clear} ${twin.under} ${told} ${before} ${here(this.known.asked)?.items.length} ${values} ${JSON.stringify([twin.focus, twin.hide, twin.off])}`, () => {
      pending.add("twin");
      scene.dress(this.look);
    });
    this.once("pick", pick ?? "", (id) => scene.mark(id || null));
    this.once("under", String(twin.under), () => scene.dig(twin.under));
    const storey = here(this.storey.asked)?.object;
    const above = twin.storey && storey ? Math.min(storey.top_m, storey.bottom_m + PLAN_M) : null;
    this.once("cut", `${JSON.stringify(twin.cut)} ${above} ${before}`, () => {
      pending.add("twin");
      scene.cut(twin.cut, above);
    });
    this.once("pictures", `${site.box} ${picturesShown().map(({ id }) => id)}`, () => {
      pending.add("twin");
      scene.cover(picturesShown());
    });
    if (!this.grounded) return;
    this.once("tape", JSON.stringify([hand.value, theme]), () => this.tape());
    this.once("pins", JSON.stringify([twin.notes, this.labels, this.tags]), () => this.pinAll());
    this.once("eye", eyeText(twin.eye) ?? "", () => {
      pending.add("twin");
      if (twin.eye) scene.stand(twin.eye);
      else scene.home();
    });
  }

  /** Do something when what it depends on is another than when it was last done. */
  private once(what: string, key: string, act: (key: string) => void): void {
    if (this.done[what] === key) return;
    this.done[what] = key;
    act(key);
  }

  private open(): void {
    const canvas = this.querySelector("canvas");
    if (!canvas) return;
    performance.setResourceTimingBufferSize(5_000);
    try {
      this.scene = new TwinScene(canvas, this.look, {
        onPick: (id, place, point, cut) => this.touched(id, place, point, cut),
        onDue: (share, failed) => (this.due = { share, failed }),
        onSettled: () => this.settle(canvas),
        onMoved: (eye) => {
          this.done["eye"] = eyeText(eye) ?? "";
          view.set({ twin: { ...view.value.twin, eye } });
        },
        onPlaced: () => this.placed(),
        onFailed: () => pending.delete("twin"),
      });
    } catch {
      this.broken = true;
      pending.delete("twin");
    }
  }

  /** The scene knows where it is on the earth: what is told in degrees can be put into it. */
  private placed(): void {
    const { scene } = this;
    if (!scene) return;
    this.grounded = true;
    this.pinAll();
    this.done["cut"] = "";
    this.requestUpdate();
    void this.pave();
  }

  private pinAll(): void {
    const places = view.value.twin.notes.map(({ lon, lat, up }): [number, number, number] => [lon, lat, up]);
    this.scene?.pin([...this.querySelectorAll<HTMLElement>(".twin-pin")], [...places, ...this.tags.map(([place]) => place), ...this.labels.map(([place]) => place)]);
  }

  private tape(): void {
    const { tool, points } = hand.value;
    const kind = measuring(tool);
    this.scene?.measure(kind && points, kind ? pathOf(kind, points).map(({ x, y, z }) => new Vector3(x, y, z)) : []);
  }

  /** What is measured, and where it is told in the picture. */
  private get tags(): [Vector3, string][] {
    const { tool, points } = hand.value;
    const kind = measuring(tool);
    return kind ? tagsOf(kind, points).map(({ at, value, unit }) => [new Vector3(at.x, at.y, at.z), `${number(value, this.tongue, 2)} ${unit}`]) : [];
  }

  /** Where the rooms of the storey that is shown stand, and what is measured in each. */
  private get labels(): [[number, number, number], string][] {
    const { sensed } = this;
    const rooms = here(this.storey.asked)?.parts ?? [];
    if (!sensed) return [];
    const mark = sensed.simulated ? ` ${t("device.simulated")}` : "";
    return rooms.flatMap((room): [[number, number, number], string][] => {
      const value = sensed.values.get(room.id);
      return value === undefined ? [] : [[labelOf(room), `${number(value, this.tongue)} ${unitOf(sensed.unit, this.tongue)}${mark}`]];
    });
  }

  /** Draw the city's roads on the ground, as its map does. */
  private async pave(): Promise<void> {
    const layer = here(data.value.city)?.layers.find(({ style }) => style === "road");
    const extent = here(this.extent.asked);
    if (!layer || !extent || this.done["paved"]) return;
    this.done["paved"] = layer.dataset;
    const [west, south, east, north] = extent.asset.extras.box;
    const { features } = await calls.features(layer.dataset);
    const near = ([lon = 0, lat = 0]: number[]): boolean => lon > west - 0.01 && lon < east + 0.01 && lat > south - 0.01 && lat < north + 0.01;
    const lines = features.flatMap(({ geometry }) => (geometry?.type === "LineString" && geometry.coordinates.some(near) ? [geometry.coordinates] : []));
    this.scene?.pave(lines, extent.root.boundingVolume.region[4] ?? 0);
  }

  private settle(canvas: HTMLCanvasElement): void {
    const cost = this.scene?.cost;
    if (!cost) return;
    const size = bytesOf("/tiles/3d/", "/tiles/imagery/");
    Object.assign(canvas.dataset, cost, { bytes: size });
    this.cost = { ...cost, bytes: size };
    pending.delete("twin");
  }

  private touched(id: string | null, place: [number, number, number] | null, point: Vector3 | null, cut: Cut | null): void {
    const { tool, points } = hand.value;
    if (tool === null) return view.set({ pick: id });
    if (tool === "cut") {
      if (cut) view.set({ twin: { ...view.value.twin, cut } });
      return cut ? hand.set({ tool: null }) : undefined;
    }
    if (!place || !point) return;
    if (tool !== "note") return hand.set({ points: [...points, point] });
    const [lon, lat, up] = place;
    const { notes } = view.value.twin;
    view.set({ twin: { ...view.value.twin, notes: [...notes, { lon, lat, up, text: `${t("twin.notes.new")} ${notes.length + 1}` }] } });
    hand.set({ tool: null });
  }

  /** Keep what is measured as notes, which the address carries. */
  private noteTags(): void {
    const added = this.tags.flatMap(([at, text]) => {
      const [lon, lat, up] = this.scene?.now?.where(at) ?? [];
      return lon === undefined || lat === undefined || up === undefined ? [] : [{ lon, lat, up, text }];
    });
    view.set({ twin: { ...view.value.twin, notes: [...view.value.twin.notes, ...added] } });
    hand.set({ tool: null, points: [] });
  }

  private get told(): Told {
    return { extent: here(this.extent.asked), changes: here(this.changes.asked) };
  }

  private legend(): TemplateResult {
    const { sensed } = this;
    const live = sensed && (here(this.states.asked)?.items ?? []).find(({ observed_property }) => observed_property === sensed.property);
    return html`<lf-twin-legend .dress=${this.dress} .told=${this.told} .live=${live && { ...live, simulated: sensed.simulated }} .generated=${this.generated} .cost=${this.cost}></lf-twin-legend>`;
  }

  private readonly visit = (event: CustomEvent<CityObject>): void => {
    view.set({ pick: event.detail.id });
    this.scene?.visit(event.detail);
  };

  private async act(what: string): Promise<void> {
    const { scene } = this;
    if (!scene?.now) return;
    if (what === "north") return scene.north();
    if (what === "note") return this.noteTags();
    if (what === "home") return view.set({ twin: { ...view.value.twin, eye: null } });
    if (what === "glb") {
      const { modelOf } = await import("./export");
      return saveBlob(await modelOf(scene.now, here(this.models.asked)?.items ?? [], this.when), "lifang-twin.glb");
    }
    const picture = await this.picture();
    if (picture) await savePicture(picture, "lifang-twin.png");
  }

  /** Return the scene as it is seen, with its moment, its legend and where its models are from. */
  private async picture(): Promise<HTMLCanvasElement | null> {
    const canvas = this.querySelector("canvas");
    if (!canvas) return null;
    const { pictureOf } = await import("./export");
    const { theme } = view.value;
    const title = `${nameOf(here(data.value.city)?.name, this.tongue)} · ${moment(this.moment, this.zone)}`;
    const swatches = this.dress.swatches.map((each) => ({ ...each, key: wordsOf(each, this.told) }));
    const shown = (here(this.models.asked)?.items ?? []).filter(({ id }) => this.model === "all" || this.model === id);
    const lines = [...shown.map((each) => `${nameOf(each.title, this.tongue)} · ${each.licence}`), ...picturesShown().map((each) => pictureAttributionOf(each, this.tongue))];
    return pictureOf(canvas, { title, swatches, lines, pins: [...this.querySelectorAll<HTMLElement>(".twin-pin:not([hidden])")], ink: INKS[theme], ground: FLOORS[theme] });
  }

  /** Return the present view as what is said about it is kept with. */
  private readonly capture = async (): Promise<Capture | null> => {
    const eye = this.scene?.eye;
    const snapshot = (await this.picture())?.toDataURL("image/png").split(",")[1];
    if (!eye || !snapshot) return null;
    const { pick, twin } = view.value;
    const selection = [...new Set([...(pick ? [pick] : []), ...twin.focus])];
    const sight = { eye: eye.slice(0, 3), target: eye.slice(3), field_of_view: FIELD_OF_VIEW, selection, shown: true, exceptions: [] };
    return { view: sight, snapshot, link: formatView({ ...view.value, twin: { ...twin, eye } }) };
  };
}
