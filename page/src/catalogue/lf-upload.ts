import { html, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { calls } from "../api/calls";
import { problemOf } from "../api/client";
import type { Job, Problem } from "../api/types";
import { t } from "../i18n";
import { Piece } from "../shell/element";
import { command, problemCard } from "../shell/parts";
import { data } from "../state/data";
import { view } from "../state/view";

const POLL_MS = 700;
const OVER = new Set(["done", "failed", "cancelled"]);

/** Where a data officer puts a file into the catalogue: its job with progress, cancel, and what it became. */
@customElement("lf-upload")
export class UploadPiece extends Piece {
  @state() private name = "";
  @state() private sending = false;
  @state() private job: Job | null = null;
  @state() private refused: Problem | null = null;
  @state() private over = false;

  private async send(file: File | undefined): Promise<void> {
    if (!file || this.sending) return;
    this.name = file.name;
    this.refused = null;
    this.job = null;
    this.sending = true;
    try {
      this.job = await calls.upload(file);
      this.sending = false;
      await this.follow(this.job.id);
    } catch (error) {
      this.refused = problemOf(error);
    } finally {
      this.sending = false;
    }
  }

  private async follow(id: string): Promise<void> {
    while (this.job && !OVER.has(this.job.state)) {
      await new Promise((resolve) => window.setTimeout(resolve, POLL_MS));
      this.job = await calls.job(id);
    }
    if (this.job?.state === "done") this.dispatchEvent(new CustomEvent("admitted"));
  }

  private get seen(): Job | null {
    const told = this.job && data.value.jobs[this.job.id];
    return told && this.job && !OVER.has(this.job.state) ? told : this.job;
  }

  protected override render(): TemplateResult {
    const drop = (event: DragEvent): void => {
      event.preventDefault();
      this.over = false;
      void this.send(event.dataTransfer?.files[0]);
    };
    const drag = (event: DragEvent): void => {
      event.preventDefault();
      this.over = true;
    };
    return html`<details class="upload" ?open=${this.job !== null || this.sending}>
      <summary>${t("upload.title")}</summary>
      <div class="drop" data-over=${this.over} @dragover=${drag} @dragleave=${() => (this.over = false)} @drop=${drop}>
        <label class="button">
          ${t("upload.choose")}
          <input type="file" class="sr" @change=${(event: Event) => void this.send((event.currentTarget as HTMLInputElement).files?.[0])} />
        </label>
        <span>${t("upload.drop")}</span>
      </div>
      <p class="fine">${t("upload.hint")}</p>
      ${command("lifang data add FILE.csv --card dataset.toml")}
      ${this.sending ? html`<p role="status">${t("upload.sending", { name: this.name })}</p>` : nothing}
      ${this.progress()} ${this.refused ? problemCard(this.refused) : nothing}
    </details>`;
  }

  private progress(): TemplateResult | typeof nothing {
    const job = this.seen;
    if (!job) return nothing;
    const cancel = (): void => void calls.cancel(job.id).catch((error: unknown) => (this.refused = problemOf(error)));
    const dataset = typeof job.result?.["dataset"] === "string" ? job.result["dataset"] : null;
    return html`<div class="job" role="status" data-state=${job.state}>
      <p>${t("upload.progress", { name: this.name, state: t(`upload.state.${job.state}`) })}</p>
      <progress max="1" .value=${job.state === "done" ? 1 : job.progress} aria-label=${this.name}></progress>
      ${OVER.has(job.state) ? nothing : html`<button type="button" class="quiet" @click=${cancel}>${t("cancel")}</button>`}
      ${job.error ? problemCard({ ...job.error, status: job.error.status || 422 }) : nothing}
      ${dataset ? html`<button type="button" @click=${() => view.set({ dataset })}>${t("upload.open")}</button>` : nothing}
    </div>`;
  }
}
