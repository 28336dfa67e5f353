import "../css/twin-admit.css";
import { html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { calls } from "../api/calls";
import { follow, isOver } from "../api/jobs";
import type { Job, TwinModel } from "../api/types";
import { fromLocal, isoIn, localInput, moment, nameOf, number } from "../format";
import { t } from "../i18n";
import "../i18n/later";
import { problemCard } from "../shell/parts";
import { data } from "../state/data";
import { view } from "../state/view";
import { ActingPiece, said } from "../work/acting";

/** Where a model is ended: the moment from which nothing of it holds, asked twice, and what ended. */
@customElement("lf-twin-end")
export class TwinEndPiece extends ActingPiece {
  @property({ attribute: false }) model: TwinModel | null = null;
  /** The model that is to end, and since when; null until that is said. */
  @state() private asked: { model: string; title: string; at: string } | null = null;
  @state() private job: Job | null = null;
  @state() private told = "";
  private confirming = false;

  /** The focus goes to what is asked when it is. */
  protected override updated(): void {
    if (Boolean(this.asked) === this.confirming) return;
    this.confirming = Boolean(this.asked);
    this.querySelector<HTMLElement>(this.asked ? ".admit-sure h4" : "form button, [data-ended]")?.focus();
  }

  protected override render(): TemplateResult | typeof nothing {
    const { model, asked } = this;
    if (!model && !asked && !this.told) return nothing;
    return html`<section class="panel">
      ${this.told ? html`<p role="status" tabindex="-1" data-ended>${this.told}</p>` : nothing}
      ${asked ? this.sure(asked) : model ? html`<details class="twin-report twin-admit"><summary>${t("admit.end")}</summary>${this.form(model)}</details>` : nothing}
    </section>`;
  }

  private form(model: TwinModel): TemplateResult {
    const ask = (event: SubmitEvent): void => {
      event.preventDefault();
      const at = fromLocal(said(event, "at"), this.zone);
      if (at === null) return;
      this.told = "";
      this.asked = { model: model.id, title: nameOf(model.title, this.tongue), at: isoIn(at, this.zone) };
    };
    return html`<form class="twin-clash" @submit=${ask}>
      <label>${t("admit.end.at")} <input name="at" type="datetime-local" required .defaultValue=${localInput(data.value.now || Date.now(), this.zone)} /></label>
      <p class="fine">${t("admit.end.why")}</p>
      <button>${t("admit.end.ask")}</button>
    </form>`;
  }

  private sure({ title, at }: { title: string; at: string }): TemplateResult {
    const busy = this.job !== null && !isOver(this.job);
    return html`<section class="admit-sure" role="group" aria-labelledby="admit-sure">
      <h4 id="admit-sure" tabindex="-1">${t("admit.end.sure", { title, time: moment(at, this.zone) })}</h4>
      <p>${t("admit.end.why")}</p>
      <p class="buttons"><button type="button" data-act="end-model" ?disabled=${busy} @click=${() => void this.end()}>${t("admit.end")}</button>
        <button type="button" class="quiet" ?disabled=${busy} @click=${() => (this.asked = null)}>${t("cancel")}</button></p>
      ${busy ? html`<p role="status">${t("upload.state.running")}</p>` : nothing}
      ${this.job?.error ? problemCard({ ...this.job.error, status: this.job.error.status || 422 }) : nothing} ${this.refusal("end")}
    </section>`;
  }

  /** End the model; who looked at it alone sees the whole city then, for there is nothing of it to see. */
  private async end(): Promise<void> {
    const { asked } = this;
    if (!asked) return;
    await this.act("end", "", async () => {
      const { state, result } = await follow(await calls.endModel(asked.model, asked.at), (now) => (this.job = now));
      if (state !== "done") return;
      this.job = this.asked = null;
      this.told = t("admit.ended", { title: asked.title, time: moment(asked.at, this.zone), n: number(Number(result?.["ended"] ?? 0), this.tongue, 0) });
      data.set({ said: this.told });
      const { twin, at } = view.value;
      const gone = (at ? Date.parse(at) : data.value.now) >= Date.parse(asked.at);
      if (gone) view.set({ pick: null, twin: { ...twin, model: twin.model === asked.model ? null : twin.model, storey: null, focus: [] } });
    });
  }
}
