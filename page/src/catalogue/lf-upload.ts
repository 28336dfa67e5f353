import { html, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { calls } from "../api/calls";
import { problemOf } from "../api/client";
import { follow, isOver } from "../api/jobs";
import type { Job, Page, Problem, RefusedRow } from "../api/types";
import { bytes } from "../format";
import { t } from "../i18n";
import { Piece } from "../shell/element";
import { command, problemCard } from "../shell/parts";
import { Listed } from "../shell/listed";
import { data, here } from "../state/data";
import { view } from "../state/view";
import { refusedTable } from "./refused";

type Part = "file" | "card";

/** Where a data officer puts a file and its card into the catalogue: the job, cancel, what it became, what was refused. */
@customElement("lf-upload")
export class UploadPiece extends Piece {
  @state() private parts: Partial<Record<Part, File>> = {};
  @state() private name = "";
  @state() private sending = false;
  @state() private job: Job | null = null;
  @state() private refused: Problem | null = null;
  private readonly rows = new Listed<Page<RefusedRow>>(this);
  @state() private over = false;

  /** A `.toml` or `.json` dropped beside another file is its card. */
  private take(files: FileList | null | undefined, part?: Part): void {
    const given = [...(files ?? [])];
    const parts = { ...this.parts };
    for (const file of given) {
      const isCard = /\.toml$/i.test(file.name) || (given.length > 1 && /\.json$/i.test(file.name));
      parts[part ?? (isCard ? "card" : "file")] = file;
    }
    this.parts = parts;
  }

  private drop(part: Part): void {
    const { [part]: gone, ...rest } = this.parts;
    void gone;
    this.parts = rest;
  }

  private async send(event: Event): Promise<void> {
    event.preventDefault();
    const { file, card } = this.parts;
    if (!file || this.sending) return;
    this.name = file.name;
    this.refused = this.job = null;
    this.sending = true;
    try {
      const job = await calls.upload(file, card);
      this.sending = false;
      await this.follow(job);
    } catch (error) {
      this.refused = problemOf(error);
    } finally {
      this.sending = false;
    }
  }

  private async follow(job: Job): Promise<void> {
    const { state } = await follow(job, (now) => (this.job = now));
    if (state !== "done") return;
    this.parts = {};
    this.dispatchEvent(new CustomEvent("admitted"));
  }

  private get seen(): Job | null {
    const told = this.job && data.value.jobs[this.job.id];
    return told && this.job && !isOver(this.job) ? told : this.job;
  }

  private get admitted(): string | null {
    const found = this.job?.result?.["dataset"];
    return typeof found === "string" ? found : null;
  }

  protected override render(): TemplateResult {
    const drop = (event: DragEvent): void => {
      event.preventDefault();
      this.over = false;
      this.take(event.dataTransfer?.files);
    };
    const drag = (event: DragEvent): void => {
      event.preventDefault();
      this.over = true;
    };
    return html`<details class="upload" ?open=${this.job !== null || this.sending || this.refused !== null}>
      <summary>${t("upload.title")}</summary>
      <form @submit=${(event: Event) => void this.send(event)}>
        <div class="drop" data-over=${this.over} @dragover=${drag} @dragleave=${() => (this.over = false)} @drop=${drop}>
          ${this.chooser("file", t("upload.choose"))} ${this.chooser("card", t("upload.card"))}
          <span>${t("upload.drop")}</span>
        </div>
        <p class="fine">${t("upload.hint")} ${t("upload.card.hint")}</p>
        <button ?disabled=${!this.parts.file || this.sending}>${t("upload.send")}</button>
      </form>
      <p class="fine">${t("upload.command")}</p>
      ${command("lifang data add FILE.csv --card dataset.toml")}
      ${this.sending ? html`<p role="status">${t("upload.sending", { name: this.name })}</p>` : nothing}
      ${this.progress()} ${this.refused ? problemCard(this.refused) : nothing}
    </details>`;
  }

  private chooser(part: Part, words: string): TemplateResult {
    const file = this.parts[part];
    return html`<span class="chosen">
      <label class="button">
        ${words}
        <input
          type="file" class="sr" data-part=${part} accept=${part === "card" ? ".toml,.json" : nothing}
          @change=${(event: Event) => this.take((event.currentTarget as HTMLInputElement).files, part)}
          @click=${(event: Event) => ((event.currentTarget as HTMLInputElement).value = "")}
        />
      </label>
      ${file
        ? html`<b>${file.name}</b> <small>${bytes(file.size, this.tongue)}</small>
            <button type="button" class="quiet" aria-label=${t("upload.remove", { name: file.name })} @click=${() => this.drop(part)}>×</button>`
        : html`<small>${t(part === "card" ? "upload.card.none" : "upload.none")}</small>`}
    </span>`;
  }

  private progress(): TemplateResult | typeof nothing {
    const job = this.seen;
    if (!job) return nothing;
    const cancel = (): void => void calls.cancel(job.id).catch((error: unknown) => (this.refused = problemOf(error)));
    const dataset = this.admitted;
    return html`<div class="job" role="status" data-state=${job.state}>
      <p>${t("upload.progress", { name: this.name, state: t(`upload.state.${job.state}`) })}</p>
      <progress max="1" .value=${job.state === "done" ? 1 : job.progress} aria-label=${this.name}></progress>
      ${isOver(job) ? nothing : html`<button type="button" class="quiet" @click=${cancel}>${t("cancel")}</button>`}
      ${job.error ? problemCard({ ...job.error, status: job.error.status || 422 }) : nothing}
      ${job.state === "done" ? this.outcome(job) : nothing}
      ${dataset && Number(job.result?.["refused"] ?? 0) > 0 ? this.refusedRows(job.id, dataset) : nothing}
      ${dataset ? html`<button type="button" @click=${() => view.set({ dataset })}>${t("upload.open")}</button>` : nothing}
    </div>`;
  }

  private refusedRows(job: string, dataset: string): TemplateResult | typeof nothing {
    const page = here(this.rows.list(job, (after) => calls.refused(dataset, after)));
    return page ? html`<h3>${t("dataset.refused")}</h3>${refusedTable(page.items, this.tongue)}${this.rows.foot()}` : nothing;
  }

  private outcome({ result }: Job): TemplateResult {
    const n = (key: string): number => Number(result?.[key] ?? 0);
    const words = result?.["unchanged"] === true ? t("upload.same") : t("upload.outcome", { rows: n("rows"), refused: n("refused") });
    return html`<p>${words}</p>`;
  }
}
