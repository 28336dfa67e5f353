import "../css/catalogue.css";
import "../css/twin-admit.css";
import { html, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { calls } from "../api/calls";
import { problemOf } from "../api/client";
import { follow, isOver } from "../api/jobs";
import type { Job, Names, Problem, TwinExamination } from "../api/types";
import { bytes, fromLocal, isoIn, localInput, nameOf, number } from "../format";
import { t, tOr } from "../i18n";
import "../i18n/later";
import { Piece } from "../shell/element";
import { problemCard } from "../shell/parts";
import { data } from "../state/data";
import { view } from "../state/view";
import { SLUG } from "../work/acting";
import { examined } from "./examination";
import { type Holds, HOLDS, holdsOf, idOf, placementOf, STAGES } from "./model-form";

const GRADES = ["open", "shared", "restricted"] as const;

/** What came in with a model: its id and since when, its objects by class, and what the checks found. */
interface Came {
  model: string;
  since: string;
  figures: Record<string, number>;
  classes: (Names & { id: string; count: number })[];
  found: TwinExamination;
}

/** Where a model is added to the twin: its file and what is said of it, the job that brings it in, and what came in. */
@customElement("lf-twin-add")
export class TwinAddPiece extends Piece {
  @state() private file: File | null = null;
  @state() private place: { name: string; text: string } | null = null;
  @state() private holds: Holds = "ifc";
  @state() private over = false;
  @state() private open = false;
  /** How much of the file is on its way, 0 to 1; null while none is sent. */
  @state() private share: number | null = null;
  @state() private job: Job | null = null;
  @state() private problem: Problem | null = null;
  @state() private came: Came | null = null;
  private sending = new AbortController();

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.sending.abort();
  }

  private get busy(): boolean {
    return this.share !== null || (this.job !== null && !isOver(this.job));
  }

  /** A `.toml` is the placement of a model. */
  private async take(files: FileList | null | undefined): Promise<void> {
    for (const file of files ?? []) {
      if (/\.toml$/i.test(file.name)) {
        this.place = { name: file.name, text: await file.text() };
        continue;
      }
      this.file = file;
      this.holds = holdsOf(file.name) ?? this.holds;
      const id = this.querySelector<HTMLInputElement>("input[name=model]");
      if (id && !id.value) id.value = idOf(file.name);
    }
  }

  protected override render(): TemplateResult {
    const toggled = (event: Event): void => {
      this.open = (event.currentTarget as HTMLDetailsElement).open;
    };
    return html`<section class="panel"><details class="twin-report twin-admit" ?open=${this.open} @toggle=${toggled}><summary>${t("admit.add")}</summary>
      ${this.form()} ${this.progress()} ${this.problem ? problemCard(this.problem) : nothing} ${this.came ? this.told(this.came) : nothing}
    </details></section>`;
  }

  private form(): TemplateResult {
    const drop = (event: DragEvent): void => {
      event.preventDefault();
      this.over = false;
      void this.take(event.dataTransfer?.files);
    };
    const drag = (event: DragEvent): void => {
      event.preventDefault();
      this.over = true;
    };
    const choose = (event: Event): void => {
      this.holds = (event.currentTarget as HTMLSelectElement).value as Holds;
    };
    return html`<form class="twin-clash" @submit=${(event: SubmitEvent) => void this.add(event)}>
      <div class="drop" data-over=${this.over} @dragover=${drag} @dragleave=${() => (this.over = false)} @drop=${drop}>
        ${this.chooser("model", t("upload.choose"), this.file?.name ?? null)}
        ${this.file ? html`<small>${bytes(this.file.size, this.tongue)}</small>` : html`<span>${t("upload.drop")}</span>`}
      </div>
      <p class="fine">${t("admit.hint")}</p>
      <label>${t("admit.holds")} <select name="holds" @change=${choose}>${HOLDS.map((each) => html`<option value=${each} ?selected=${each === this.holds}>${t(`admit.holds.${each}`)}</option>`)}</select></label>
      <label>${t("admit.id")} <input name="model" required maxlength="64" pattern=${SLUG} autocomplete="off" placeholder="town_hall" aria-describedby="admit-id" /></label>
      <p class="fine" id="admit-id">${t("admit.id.hint")}</p>
      <label>${t("twin.stage")} <select name="stage">${STAGES.map((each) => html`<option value=${each} ?selected=${each === "operation"}>${t(`admit.stage.${each}`)}</option>`)}</select></label>
      <label>${t("admit.since")} <input name="since" type="datetime-local" required .defaultValue=${localInput(data.value.now || Date.now(), this.zone)} /></label>
      ${this.holds === "outlines" ? this.columns() : html`<label>${t("layers.classification")} <select name="classification">${GRADES.map((each) => html`<option value=${each} ?selected=${each === "shared"}>${t(`classification.${each}`)}</option>`)}</select></label>`}
      ${this.holds === "ifc" ? this.placed() : nothing}
      ${this.holds === "model" ? html`<label>${t("admit.crs")} <input name="crs" maxlength="64" autocomplete="off" placeholder="EPSG:4544" aria-describedby="admit-crs" /></label><p class="fine" id="admit-crs">${t("admit.crs.hint")}</p>` : nothing}
      <button ?disabled=${!this.file || this.busy}>${t("admit.add")}</button>
    </form>`;
  }

  private chooser(part: "model" | "placement", words: string, chosen: string | null): TemplateResult {
    return html`<span class="chosen"><label class="button">${words}
        <input type="file" class="sr" data-part=${part} accept=${part === "placement" ? ".toml" : nothing}
          @change=${(event: Event) => void this.take((event.currentTarget as HTMLInputElement).files)}
          @click=${(event: Event) => ((event.currentTarget as HTMLInputElement).value = "")} /></label>
      ${chosen === null ? nothing : html`<b>${chosen}</b>
        <button type="button" class="quiet" aria-label=${t("upload.remove", { name: chosen })} @click=${() => (part === "model" ? (this.file = null) : (this.place = null))}>×</button>`}</span>`;
  }

  /** Where an IFC model stands: by its own conversion, by a placement file, or as it is said here. */
  private placed(): TemplateResult {
    const figure = (name: string, words: string): TemplateResult => html`<label>${words} <input name=${name} type="number" step="any" /></label>`;
    return html`<fieldset><legend>${t("admit.place")}</legend>
      <p class="fine">${t("admit.place.hint")}</p>
      ${this.chooser("placement", t("admit.place.file"), this.place?.name ?? null)}
      ${this.place ? nothing : html`<label>${t("admit.crs")} <input name="place-crs" maxlength="64" autocomplete="off" placeholder="EPSG:4544" /></label>
        <div class="admit-pair">${figure("east", t("admit.east"))} ${figure("north", t("admit.north"))} ${figure("height", t("admit.height"))} ${figure("turn", t("admit.turn"))}</div>`}
    </fieldset>`;
  }

  /** Which columns of outlines are raised. */
  private columns(): TemplateResult {
    const column = (name: string, words: string, needed: boolean, hint: string): TemplateResult =>
      html`<label>${words} <input name=${name} ?required=${needed} maxlength="128" autocomplete="off" placeholder=${hint} /></label>`;
    return html`<fieldset><legend>${t("admit.columns")}</legend>
      <p class="fine">${t("admit.columns.hint")}</p>
      <div class="admit-pair">${column("key", t("admit.key"), true, "id")} ${column("name", t("admit.name"), false, "name")}
        ${column("height", t("admit.tall"), true, "floors")}
        <label>${t("admit.each")} <input name="each" type="number" min="0.01" max="20" step="any" value="1" required /></label>
        ${column("base", t("admit.base"), false, "ground_m")}</div>
    </fieldset>`;
  }

  private async add(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const { file } = this;
    if (!file || this.busy) return;
    const given = new FormData(event.currentTarget as HTMLFormElement);
    const told = (name: string): string => String(given.get(name) ?? "").trim();
    const from = fromLocal(told("since"), this.zone);
    if (from === null) return;
    const since = isoIn(from, this.zone);
    this.problem = this.job = this.came = null;
    try {
      const job = this.holds === "outlines" ? await this.outlines(file, told, since) : await this.sent((on, signal) => {
        const placement = this.holds === "ifc" ? (this.place?.text ?? placementOf({ crs: told("place-crs"), east: told("east"), north: told("north"), height: told("height"), turn: told("turn") })) : "";
        return calls.addModel(file, { model: told("model"), valid_from: since, classification: told("classification"), stage: told("stage"), crs: told("crs"), placement }, on, signal);
      });
      const over = job && (await follow(job, (now) => (this.job = now)));
      if (over?.state === "done") await this.arrived(over, told("model"), since);
    } catch (error) {
      if (!this.sending.signal.aborted) this.problem = problemOf(error);
    }
  }

  private async sent(send: (told: (share: number) => void, signal: AbortSignal) => Promise<Job>): Promise<Job> {
    this.sending = new AbortController();
    this.share = 0;
    try {
      return await send((share) => (this.share = share), this.sending.signal);
    } finally {
      this.share = null;
    }
  }

  /** Put outlines into the catalogue, and have them raised; null where they did not come that far. */
  private async outlines(file: File, told: (name: string) => string, since: string): Promise<Job | null> {
    const first = await this.sent((on, signal) => calls.addOutlines(file, on, signal));
    const over = await follow(first, (now) => (this.job = now));
    if (over.state !== "done") return null;
    const columns = { key: told("key"), height: told("height"), metres_each: Number(told("each")), base: told("base"), name: told("name") };
    return calls.raiseOutlines({ dataset: over.result?.["dataset"], model: told("model"), ...columns, valid_from: since, stage: told("stage") });
  }

  /** Tell what came in, and fly there, to the moment from which it stands if that is still to come. */
  private async arrived({ result }: Job, model: string, since: string): Promise<void> {
    const figures = Object.fromEntries(["objects", "replaced", "unchanged", "ended", "refused", "warnings"].map((name) => [name, Number(result?.[name] ?? 0)]));
    const [extent, found] = await Promise.all([calls.twinExtent(model, since), calls.examination(model, since)]);
    this.came = { model, since, figures, classes: extent.asset.extras.classes, found };
    this.file = this.place = null;
    data.set({ said: t("admit.came", { model, n: figures["objects"] ?? 0 }) });
    const later = Date.parse(since) > data.value.now;
    view.set({ at: later ? new Date(since).toISOString() : null, pick: null, twin: { ...view.value.twin, model, scenario: null, storey: null, focus: [], against: null, eye: null } });
  }

  private progress(): TemplateResult | typeof nothing {
    if (this.share !== null) {
      return html`<div class="job" role="status"><p>${t("upload.sending", { name: this.file?.name ?? "" })}</p>
        <progress max="1" .value=${this.share} aria-label=${this.file?.name ?? ""}></progress>
        <button type="button" class="quiet" @click=${() => this.sending.abort()}>${t("cancel")}</button></div>`;
    }
    const { job } = this;
    if (!job) return nothing;
    const seen = (!isOver(job) && data.value.jobs[job.id]) || job;
    const cancel = (): void => void calls.cancel(job.id).catch((error: unknown) => (this.problem = problemOf(error)));
    return html`<div class="job" role="status" data-state=${seen.state}>
      <p>${tOr(`admit.job.${seen.kind}`, seen.kind)} ${t(`upload.state.${seen.state}`)}</p>
      <progress max="1" .value=${seen.state === "done" ? 1 : seen.progress} aria-label=${t("admit.add")}></progress>
      ${isOver(seen) ? nothing : html`<button type="button" class="quiet" @click=${cancel}>${t("cancel")}</button>`}
      ${seen.error ? problemCard({ ...seen.error, status: seen.error.status || 422 }) : nothing}
    </div>`;
  }

  private told({ model, figures, classes, found }: Came): TemplateResult {
    const n = (name: string): string => number(figures[name] ?? 0, this.tongue, 0);
    return html`<div class="admit-came" data-came=${model}>
      <p><b>${t("admit.came", { model, n: n("objects") })}</b></p>
      ${classes.length ? html`<p>${t("admit.drawn")}</p><ul>${classes.map((each) => html`<li>${nameOf(each, this.tongue)} ${number(each.count, this.tongue, 0)}</li>`)}</ul>` : nothing}
      <p class="fine">${t("admit.figures", { replaced: n("replaced"), unchanged: n("unchanged"), ended: n("ended") })}</p>
      ${examined(found, this.tongue, this.zone, figures["refused"] !== 0 || figures["warnings"] !== 0)}
    </div>`;
  }
}
