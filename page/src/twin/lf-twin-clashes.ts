import { html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { calls } from "../api/calls";
import { downloadAddress, problemOf } from "../api/client";
import type { Problem, TwinClashes, TwinModel } from "../api/types";
import { headed, moment, nameOf, number } from "../format";
import { t } from "../i18n";
import { Piece } from "../shell/element";
import { Fetched } from "../shell/fetched";
import { problemCard } from "../shell/parts";
import { data, mayAct } from "../state/data";
import { view } from "../state/view";

const TOLD = 60;
const CLEAR = 90;
const BACK_DEG = 0.00003; // some 3 m
const UP_M = 3;

/** What clashes with the objects of a model: the reports there are, each clash to be looked at, and a new comparison. */
@customElement("lf-twin-clashes")
export class TwinClashesPiece extends Piece {
  @property({ attribute: false }) models: TwinModel[] = [];
  @property({ attribute: false }) model: TwinModel | null = null;
  @state() private open: string | null = null;
  @state() private job: string | null = null;
  @state() private problem: Problem | null = null;
  private readonly reports = new Fetched<{ items: TwinClashes[] }>(this);
  private readonly report = new Fetched<TwinClashes>(this);

  protected override render(): TemplateResult | typeof nothing {
    const { model } = this;
    const others = this.models.filter(({ id }) => id !== model?.id);
    if (!model || !others.length) return nothing;
    const running = this.job ? data.value.jobs[this.job] : null;
    const state = running && ["done", "failed", "cancelled"].includes(running.state) ? running.state : "";
    const found = this.reports.want(`${data.value.subject?.name ?? ""} ${this.job} ${state}`, () => calls.clashReports());
    const own = found.state === "here" ? found.value.items.filter(({ one, other }) => one === model.id || other === model.id) : [];
    const may = mayAct(data.value.subject, "data_officer");
    if (!own.length && !may) return nothing;
    return html`<h3>${t("twin.clash")}</h3>
      ${own.map((each) => this.one(each))}
      ${may ? this.form(model, others) : nothing}
      ${running ? html`<p class="fine" role="status">${t("twin.clash.runs", { state: running.state, share: number(running.progress * 100, this.tongue, 0) })}</p>` : nothing}
      ${this.problem ? problemCard(this.problem) : nothing}`;
  }

  private called(id: string): string {
    return nameOf(this.models.find((each) => each.id === id)?.title ?? id, this.tongue);
  }

  private one(summary: TwinClashes): TemplateResult {
    const key = `${summary.one}/${summary.other}`;
    const figures = { hard: number(summary.hard, this.tongue, 0), near: number(summary.near, this.tongue, 0) };
    const toggled = (event: Event): void => {
      this.open = (event.currentTarget as HTMLDetailsElement).open ? key : null;
    };
    const report = this.open === key ? this.report.want(`${key} ${summary.checked}`, () => calls.clashes(summary.one, summary.other)) : null;
    return html`<details class="twin-report" ?open=${this.open === key} @toggle=${toggled}>
      <summary>${headed(`${this.called(summary.one)} × ${this.called(summary.other)}`, t("twin.clash.found", figures), this.tongue)}</summary>
      <p class="fine">${t("twin.clash.rule", { tolerance: number(summary.tolerance_m, this.tongue, 3), clearance: number(summary.clearance_m, this.tongue, 3), time: moment(summary.checked, this.zone) })}</p>
      <p class="twin-downloads"><a href=${downloadAddress(`/twin/clashes/${summary.one}/${summary.other}/bcf`, {})} download="${summary.one}-${summary.other}.bcfzip">${t("dataset.download")} BCF</a></p>
      ${report?.state === "here" && report.value.one === summary.one && report.value.other === summary.other ? this.items(report.value) : nothing}
    </details>`;
  }

  private items({ items }: TwinClashes): TemplateResult {
    const { focus } = view.value.twin;
    return html`<ol class="twin-faults">${items.slice(0, TOLD).map((each) => html`<li>
        <button type="button" class="link" aria-pressed=${focus[0] === each.one && focus[1] === each.other} @click=${() => this.look(each)}>
          ${each.gap_m < 0 ? t("twin.clash.deep", { depth: number(-each.gap_m * 1000, this.tongue, 0) }) : t("twin.clash.near", { gap: number(each.gap_m * 1000, this.tongue, 0) })}</button>
        <code>${each.one}</code> <code>${each.other}</code></li>`)}</ol>
      ${items.length > TOLD ? html`<p class="fine">${t("twin.clash.more", { n: number(items.length - TOLD, this.tongue, 0) })}</p>` : nothing}`;
  }

  /** Look at a clash: both objects stand out, all else is clear. */
  private look({ one, other, at: [lon = 0, lat = 0, up = 0] }: TwinClashes["items"][number]): void {
    view.set({ twin: { ...view.value.twin, focus: [one, other], clear: CLEAR, storey: null, model: null, eye: [lon, lat - BACK_DEG, up + UP_M, lon, lat, up] } });
  }

  private form(model: TwinModel, others: TwinModel[]): TemplateResult {
    return html`<form class="twin-clash" @submit=${(event: SubmitEvent) => void this.find(event, model.id)}>
      <label>${t("twin.clash.with")} <select name="other">${others.map(({ id, title }) => html`<option value=${id}>${nameOf(title, this.tongue)}</option>`)}</select></label>
      <label>${t("twin.clash.tolerance")} <input name="tolerance" type="number" min="0.001" max="10" step="0.001" value="0.01" required /></label>
      <label>${t("twin.clash.clearance")} <input name="clearance" type="number" min="0" max="10" step="0.001" value="0" required /></label>
      <button>${t("twin.clash.find")}</button>
    </form>`;
  }

  private async find(event: SubmitEvent, one: string): Promise<void> {
    event.preventDefault();
    const given = new FormData(event.currentTarget as HTMLFormElement);
    try {
      const job = await calls.findClashes({ one, other: String(given.get("other")), tolerance_m: Number(given.get("tolerance")), clearance_m: Number(given.get("clearance")) });
      data.set({ jobs: { ...data.value.jobs, [job.id]: job } });
      this.job = job.id;
      this.problem = null;
    } catch (error) {
      this.problem = problemOf(error);
    }
  }
}
