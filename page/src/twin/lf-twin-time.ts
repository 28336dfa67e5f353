import { html, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { calls } from "../api/calls";
import { problemOf } from "../api/client";
import type { Problem, TwinScenario } from "../api/types";
import { isoIn, moment, nameOf } from "../format";
import { t } from "../i18n";
import { Piece } from "../shell/element";
import { Fetched } from "../shell/fetched";
import { problemCard } from "../shell/parts";
import { data, here, mayAct } from "../state/data";
import { type Split, SPLITS, type TwinView } from "../state/twin-url";
import { view } from "../state/view";

const DAY = 86_400_000;
const PLAY_MS = 2_000;

/** The slider that moves the whole city through time, and what one moment is compared with. */
@customElement("lf-twin-time")
export class TwinTimePiece extends Piece {
  @state() private playing = false;
  @state() private problem: Problem | null = null;
  private timer = 0;
  private readonly scenarios = new Fetched<{ items: TwinScenario[] }>(this);
  private readonly moments = new Fetched<{ items: { moment: string; begins: number }[] }>(this);

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.clearInterval(this.timer);
  }

  protected override render(): TemplateResult | typeof nothing {
    const found = this.moments.want(String(data.value.twin), () => calls.twinMoments());
    const starts = found.state === "here" ? found.value.items.map((each) => Date.parse(each.moment)) : [];
    const first = starts[0];
    if (first === undefined) return nothing;
    const [low, high] = [first - 365 * DAY, Math.max(data.value.now, starts.at(-1) ?? 0)];
    const { at, twin } = view.value;
    const plans = here(this.scenarios.want(`${data.value.subject?.name ?? ""} ${data.value.twin}`, () => calls.twinScenarios()))?.items ?? [];
    return html`<section class="twin-time" aria-label=${t("twin.time")}>
      <button type="button" class="live" aria-pressed=${!at} @click=${() => this.go(null)}><i aria-hidden="true"></i>${t("twin.now")}</button>
      <button type="button" class="quiet" aria-label=${t("twin.time.before")} @click=${() => this.step(starts, -1)}>◂</button>
      <button type="button" class="quiet" aria-pressed=${this.playing} aria-label=${t("twin.time.play")} @click=${() => this.play(starts)}>${this.playing ? "❚❚" : "▶"}</button>
      <button type="button" class="quiet" aria-label=${t("twin.time.after")} @click=${() => this.step(starts, 1)}>▸</button>
      <input type="range" list="twin-moments" min=${low} max=${high} step=${DAY} .value=${String(this.moment)} aria-label=${t("twin.time")}
        aria-valuetext=${moment(this.moment, this.zone)} @change=${(event: Event) => this.go(Number((event.currentTarget as HTMLInputElement).value))} />
      <datalist id="twin-moments">${starts.map((each) => html`<option value=${each}></option>`)}</datalist>
      <output>${moment(this.moment, this.zone).slice(0, 10)}</output>
      ${plans.length ? this.plan(plans, twin) : nothing}
      <label>${t("twin.against")}
        <select @change=${(event: Event) => this.look({ against: (event.currentTarget as HTMLSelectElement).value || null })}>
          <option value="">${t("twin.against.none")}</option>
          ${[...(twin.scenario ? [{ id: "", name: null }] : []), ...plans.filter(({ id }) => id !== twin.scenario)].map(({ id, name }) => html`<option value="~${id}" ?selected=${twin.against === `~${id}`}>${name ? nameOf(name, this.tongue) : t("twin.scenario.none")}</option>`)}
          ${this.choices(starts, twin.against).map((each) => html`<option value=${each} ?selected=${Date.parse(each) === Date.parse(twin.against ?? "")}>${moment(each, this.zone).slice(0, 10)}</option>`)}
        </select></label>
      ${twin.against ? SPLITS.map((each) => this.way(each, twin.split)) : nothing}
    </section>`;
  }

  private choices(starts: readonly number[], chosen: string | null): string[] {
    const ms = new Set([...starts, ...(chosen && !chosen.startsWith("~") ? [Date.parse(chosen)] : [])]);
    return [...ms].sort((a, b) => a - b).map((each) => isoIn(each, this.zone));
  }

  private plan(plans: readonly TwinScenario[], twin: TwinView): TemplateResult {
    const choose = (event: Event): void => {
      const scenario = (event.currentTarget as HTMLSelectElement).value || null;
      this.look({ scenario, against: twin.against === `~${scenario ?? ""}` ? null : twin.against });
    };
    const shown = plans.find(({ id }) => id === twin.scenario);
    return html`<label>${t("twin.scenario")}
      <select @change=${choose}>
        <option value="">${t("twin.scenario.none")}</option>
        ${plans.map(({ id, name }) => html`<option value=${id} ?selected=${id === twin.scenario}>${nameOf(name, this.tongue)}</option>`)}
      </select></label>
      ${shown ? this.adoption(shown) : nothing}`;
  }

  /** Whether a scenario is part of the plan, or how those in charge make it so. */
  private adoption({ id, adopted }: TwinScenario): TemplateResult | typeof nothing {
    const told = adopted ? html`<span class="fine">${t("twin.adopted", { day: moment(adopted, this.zone).slice(0, 10) })}</span>` : nothing;
    if (!mayAct(data.value.subject, "data_officer")) return told;
    const [word, why] = adopted ? (["twin.adopt.back", "twin.adopt.back.why"] as const) : (["twin.adopt", "twin.adopt.why"] as const);
    const done = (event: SubmitEvent): void => void this.settle(event, (day) => (adopted ? calls.takeBackScenario(id) : calls.adoptScenario(id, day)));
    return html`${told}<details class="twin-adopt" @toggle=${() => (this.problem = null)}><summary>${t(word)}</summary>
      <form class="twin-drawer" @submit=${done}>
        <p class="fine">${t(why)}</p>
        ${adopted ? nothing : html`<label>${t("twin.adopt.since")} <input name="since" type="date" required value=${isoIn(data.value.now, this.zone).slice(0, 10)} /></label>`}
        <button>${t(word)}</button>
        ${this.problem ? problemCard(this.problem) : nothing}
      </form></details>`;
  }

  /** Adopt a scenario from the day that the form names, or take it back; the city is another from then on. */
  private async settle(event: SubmitEvent, act: (since: string) => Promise<TwinScenario>): Promise<void> {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const day = String(new FormData(form).get("since") ?? "");
    try {
      await act(day && `${day}T00:00:00${isoIn(Date.parse(day), this.zone).slice(19)}`);
      this.problem = null;
      form.closest("details")?.removeAttribute("open");
      this.scenarios.forget();
      this.moments.forget();
      data.set({ twin: data.value.twin + 1 });
    } catch (error) {
      this.problem = problemOf(error);
    }
  }

  private way(split: Split, now: Split): TemplateResult {
    return html`<button type="button" class="quiet" aria-pressed=${split === now} @click=${() => this.look({ split })}>${t(`twin.split.${split}`)}</button>`;
  }

  private look(change: Partial<TwinView>): void {
    view.set({ twin: { ...view.value.twin, ...change } });
  }

  private go(ms: number | null): void {
    view.set({ at: ms === null || ms >= data.value.now - DAY ? null : isoIn(ms, this.zone) });
  }

  /** Go to the next moment at which the city became another, or to the one before. */
  private step(starts: readonly number[], way: 1 | -1): void {
    const next = way > 0 ? starts.find((each) => each > this.moment) : starts.findLast((each) => each < this.moment);
    if (way > 0 && next === undefined) this.go(null);
    else if (next !== undefined) this.go(next);
  }

  private play(starts: readonly number[]): void {
    window.clearInterval(this.timer);
    this.playing = !this.playing;
    if (!this.playing) return;
    this.go(starts[0] ?? null);
    this.timer = window.setInterval(() => {
      this.step(starts, 1);
      if (view.value.at === null) this.play(starts);
    }, PLAY_MS);
  }
}
