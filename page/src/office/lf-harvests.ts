import { html, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { office, type HarvestedPortal, type HarvestTrial } from "../api/office";
import { moment, nameOf } from "../format";
import { t } from "../i18n";
import { Fetched } from "../shell/fetched";
import { problemLines } from "../shell/parts";
import { ActingPiece, shown } from "../work/acting";
import { asked, counts, KINDS, PERIODS, problem, refusals, standing } from "./harvest";

const CLASSES = ["open", "shared", "restricted"] as const;

/** The portals whose datasets come into the catalogue: try one, add it, read it again, let it rest, remove it. */
@customElement("lf-harvests")
export class HarvestsPiece extends ActingPiece {
  @state() private trial: HarvestTrial | null = null;
  @state() private busy = "";
  @state() private leaving = "";
  private readonly held = new Fetched<HarvestedPortal[]>(this);

  protected override render(): TemplateResult {
    const portals = this.held.want(this.who, () => office.portals());
    return html`<section class="work-part"><h2>${t("harvests.title")}</h2><p class="fine">${t("harvests.lead")}</p>
      ${shown(portals, () => this.held.forget(), (all) => (all.length ? html`<ul class="work-list">${all.map((each) => this.portal(each))}</ul>` : html`<p class="calm">${t("harvests.none")}</p>`))}
      <details class="work-more" data-part="new-portal"><summary>${t("harvests.add")}</summary>
        <form class="work-form" aria-busy=${this.busy === "new"} @submit=${(event: SubmitEvent) => void this.add(event)}>
          <label>${t("harvests.url")} <input type="url" name="url" required maxlength="2000" placeholder="https://data.example.org/catalog.ttl" /></label>
          <label>${t("harvests.kind")} <select name="kind">${KINDS.map((each) => html`<option value=${each}>${each === "auto" ? t("harvests.auto") : each}</option>`)}</select></label>
          <label>${t("harvests.name")} <input name="title" maxlength="200" autocomplete="off" /></label>
          <label>${t("harvests.every")} ${this.periods(0)}</label>
          <label>${t("harvests.least")} <select name="classification">${CLASSES.map((each) => html`<option value=${each}>${t(`classification.${each}`)}</option>`)}</select></label>
          <p class="buttons"><button data-act="add-portal" ?disabled=${this.busy === "new"}>${t("harvests.add.do")}</button>
            <button type="button" class="quiet" data-act="try-portal" ?disabled=${this.busy === "new"} @click=${(event: Event) => void this.tryOut(event)}>${t("harvests.try")}</button></p>
        </form>${this.busy === "new" ? html`<p role="status">${t("harvests.asking")}</p>` : this.refusal("new")}${this.answered()}
      </details></section>`;
  }

  private periods(days: number, change?: (event: Event) => void, of = ""): TemplateResult {
    const all = (PERIODS as readonly number[]).includes(days) ? PERIODS : [...PERIODS, days];
    return html`<select name="every_days" aria-label=${of ? t("harvests.every.of", { name: of }) : nothing} @change=${change}>${all.map((each) => html`<option value=${each} ?selected=${each === days}>${each ? t("harvests.days", { n: each }) : t("harvests.byhand")}</option>`)}</select>`;
  }

  private portal(each: HarvestedPortal): TemplateResult {
    const how = standing(each);
    const button = (name: string, words: Parameters<typeof t>[0], work: () => void): TemplateResult =>
      html`<button type="button" class="quiet" data-act=${name} ?disabled=${this.busy === each.id} @click=${work}>${t(words)}</button> `;
    const set = (changes: Parameters<typeof office.setPortal>[1]): void => void this.change(each.id, () => office.setPortal(each.id, changes));
    const period = (event: Event): void => set({ every_days: Number((event.currentTarget as HTMLSelectElement).value) });
    return html`<li data-portal=${each.id} aria-busy=${this.busy === each.id}>
      <h3>${each.title} <code>${each.id}</code></h3><p class="fine"><code>${each.url}</code></p>
      <p class="tags"><span data-status=${how === "well" ? "active" : how} class=${how === "failed" ? "warn" : ""}>${t(`harvests.${how}`)}</span><span>${each.kind}</span>
        <span>${each.harvested ? t("harvests.last", { time: moment(each.harvested, this.zone) }) : t("harvests.notyet")}</span>
        ${each.due ? html`<span>${t("harvests.due", { time: moment(each.due, this.zone) })}</span>` : nothing}</p>
      ${each.trouble ? html`<div class="problem" data-trouble>${problemLines(problem(each.trouble))}</div>` : nothing}${this.report(each)}
      <p class="buttons">${button("harvest", "harvests.now", () => void this.change(each.id, () => office.harvest(each.id), "harvests.done"))}
        ${button("rest", each.active ? "harvests.rest" : "harvests.resume", () => set({ active: !each.active }))}
        ${this.periods(each.every_days, period, each.title)}
        ${this.leaving === each.id
          ? html`<b>${t("harvests.remove.sure")}</b> ${button("remove-for-good", "harvests.remove", () => void this.change(each.id, () => office.removePortal(each.id), "harvests.removed"))}${button("keep", "harvests.keep", () => (this.leaving = ""))}`
          : button("remove", "harvests.remove", () => (this.leaving = each.id))}</p>
      ${this.busy === each.id ? html`<p role="status">${t("harvests.reading")}</p>` : this.refusal(each.id)}</li>`;
  }

  private report({ report }: HarvestedPortal): TemplateResult | typeof nothing {
    const told = counts(report);
    const refused = refusals(report);
    if (!told.length) return nothing;
    return html`<p class="tags" data-part="counts">${told.map(([name, n]) => html`<span data-count=${name}>${t(`harvests.count.${name}`, { n })}</span>`)}</p>
      ${refused.length ? html`<details class="work-more"><summary>${t("harvests.why")}</summary>${this.untaken(refused)}</details>` : nothing}`;
  }

  private untaken(items: { identifier: string; why: string }[]): TemplateResult {
    return html`<ul>${items.map(({ identifier, why }) => html`<li><code>${identifier}</code> ${why}</li>`)}</ul>`;
  }

  private answered(): TemplateResult | typeof nothing {
    const { trial } = this;
    if (!trial || this.busy === "new") return nothing;
    return html`<section role="status" data-part="trial"><p><b>${t(trial.whole ? "harvests.lists" : "harvests.lists.least", { kind: trial.kind, n: trial.found })}</b> ${t("harvests.nothing.kept")}</p>
      <ul>${trial.examples.map((each) => html`<li>${nameOf(each.title, this.tongue) || each.identifier}</li>`)}</ul>
      ${trial.refused.length ? html`<p>${t("harvests.why")}</p>${this.untaken(trial.refused)}` : nothing}</section>`;
  }

  private async tryOut(event: Event): Promise<void> {
    const form = (event.currentTarget as HTMLButtonElement).form;
    if (!form?.reportValidity()) return;
    const { url, kind } = asked(new FormData(form));
    this.trial = null;
    await this.busily("new", () => this.act("new", t("harvests.tried"), async () => (this.trial = await office.tryPortal({ url, kind }))));
  }

  private async add(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    this.trial = null;
    const body = asked(new FormData(form));
    const done = await this.busily("new", () => this.act("new", t("harvests.done"), () => office.addPortal(body)));
    if (done) form.reset();
    this.held.forget();
  }

  private async change(id: string, work: () => Promise<unknown>, words: Parameters<typeof t>[0] = "harvests.changed"): Promise<void> {
    await this.busily(id, () => this.act(id, t(words), work));
    this.leaving = "";
    this.held.forget();
  }

  private async busily(id: string, work: () => Promise<boolean>): Promise<boolean> {
    this.busy = id;
    const done = await work();
    this.busy = "";
    return done;
  }
}
