import "../css/twin-side.css";
import { html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { calls } from "../api/calls";
import { downloadAddress, problemOf } from "../api/client";
import type { Problem, TwinSight, TwinTopic } from "../api/types";
import { moment, number } from "../format";
import { t } from "../i18n";
import { Piece } from "../shell/element";
import { Fetched } from "../shell/fetched";
import { problemCard } from "../shell/parts";
import { data, mayAct } from "../state/data";
import { parseView } from "../state/url";
import { view } from "../state/view";

const GRADES = ["open", "shared", "restricted"] as const;
const CLEAR = 90;
const TOLD = 60;

/** What is seen now: where from, a picture (PNG in base64), and the query of the page's address. */
export interface Capture {
  view: TwinSight;
  snapshot: string;
  link: string;
}

/** What was said about views of the twin, each to be flown to; and what is to be said about the present one. */
@customElement("lf-twin-topics")
export class TwinTopicsPiece extends Piece {
  @property({ attribute: false }) capture: (() => Promise<Capture | null>) | null = null;
  @state() private problem: Problem | null = null;
  @state() private added = 0;
  private readonly held = new Fetched<{ items: TwinTopic[] }>(this);

  protected override render(): TemplateResult | typeof nothing {
    const { subject } = data.value;
    const found = this.held.want(`${subject?.name ?? ""} ${this.added}`, () => calls.twinTopics());
    const items = found.state === "here" ? found.value.items : [];
    const may = mayAct(subject, "data_officer");
    if (!items.length && !may) return nothing;
    return html`<section class="panel"><details class="twin-report twin-topics"><summary>${t("twin.topics")} ${number(items.length, this.tongue, 0)}</summary>
      ${items.length ? html`<p class="twin-downloads"><a href=${downloadAddress("/twin/topics/bcf", {})} download="issues.bcfzip">${t("dataset.download")} BCF</a></p>
        <ol class="twin-faults">${items.slice(0, TOLD).map((each) => this.topic(each, may))}</ol>` : nothing}
      ${may ? this.form() : nothing}
      ${this.problem ? problemCard(this.problem) : nothing}
    </details></section>`;
  }

  private topic(each: TwinTopic, may: boolean): TemplateResult {
    const closed = each.status === "Closed";
    return html`<li data-topic=${each.guid}>
      ${each.pictured ? html`<img loading="lazy" alt="" src=${downloadAddress(`/twin/topics/${each.guid}/snapshot`, {})} />` : nothing}
      ${each.view ? html`<button type="button" class="link" @click=${() => this.fly(each, each.view)}>${each.title}</button>` : html`<b>${each.title}</b>`}
      <span class="state">${t(closed ? "twin.topics.closed" : "twin.topics.open")}</span>
      ${each.description ? html`<span>${each.description}</span>` : nothing}
      <span class="fine">${each.author} · ${moment(each.created, this.zone)}</span>
      ${may ? html`<button type="button" class="quiet" @click=${() => void this.act(() => calls.settleTopic(each.guid, closed ? "Open" : "Closed"))}>${t(closed ? "twin.topics.reopen" : "twin.topics.close")}</button>` : nothing}
    </li>`;
  }

  /** See what the one saw who said it: as the page was then, or from the camera alone where another program saved it. */
  private fly({ link }: TwinTopic, sight: TwinSight | null): void {
    if (!sight) return;
    const eye = [...sight.eye, ...sight.target];
    if (link) {
      const { at, by, pick, twin } = parseView(link);
      return view.set({ at, by, pick, twin: { ...twin, eye } });
    }
    view.set({ pick: null, twin: { ...view.value.twin, eye, focus: sight.selection.slice(0, 2), hide: [], off: [], clear: sight.shown ? 0 : CLEAR, model: null, storey: null, cut: null } });
  }

  private form(): TemplateResult {
    return html`<form class="twin-clash" @submit=${(event: SubmitEvent) => void this.add(event)}>
      <label>${t("twin.topics.title")} <input name="title" required maxlength="200" autocomplete="off" /></label>
      <label>${t("twin.topics.description")} <input name="description" maxlength="2000" autocomplete="off" /></label>
      <label>${t("layers.classification")} <select name="classification">${GRADES.map((each) => html`<option value=${each} ?selected=${each === "shared"}>${t(`classification.${each}`)}</option>`)}</select></label>
      <button>${t("twin.topics.add")}</button>
    </form>`;
  }

  private async add(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const given = new FormData(form);
    const said = Object.fromEntries(["title", "description", "classification"].map((name) => [name, String(given.get(name) ?? "")]));
    const done = await this.act(async () => {
      const seen = await this.capture?.();
      if (seen) await calls.addTopic({ ...said, ...seen });
    });
    if (done) form.reset();
  }

  private async act(change: () => Promise<unknown>): Promise<boolean> {
    try {
      await change();
      this.problem = null;
      this.added += 1;
      return true;
    } catch (error) {
      this.problem = problemOf(error);
      return false;
    }
  }
}
