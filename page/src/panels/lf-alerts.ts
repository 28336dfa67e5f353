import { html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { problemOf } from "../api/client";
import type { Alert, AlertState, Problem } from "../api/types";
import { moment, nameOf } from "../format";
import { t } from "../i18n";
import { Piece } from "../shell/element";
import { Foot } from "../shell/foot";
import { problemCard, severityMark, skeleton } from "../shell/parts";
import { actOnAlert, loadAll } from "../state/actions";
import { data, here, mayAct } from "../state/data";
import { more } from "../state/lists";
import { alertsAt } from "../state/moment";
import { formatView } from "../state/url";
import { view } from "../state/view";
import { resourceName, ruleName } from "./alert-names";
import { wayOf } from "./alert-way";

const STATES: AlertState[] = ["firing", "pending", "cleared", "closed"];
const FIRED: AlertState[] = ["firing", "cleared"]; // what a person may acknowledge or close
const SHORT = 3;

/** The alerts at the moment looked at; operators acknowledge and close them here. */
@customElement("lf-alerts")
export class AlertsPiece extends Piece {
  /** Whether every state is listed, with a filter; else only what still asks for attention. */
  @property({ type: Boolean }) full = false;
  @state() private filter: AlertState | "all" = "all";
  @state() private refused: Problem | null = null;
  private readonly foot = new Foot(this);

  protected override render(): TemplateResult {
    const { alerts } = data.value;
    const heading = (count: number | null): TemplateResult =>
      html`<h2 id="alerts-title">${t("alerts.title")}${count === null ? nothing : html` <span class="count">${count}</span>`}</h2>`;
    if (alerts.state === "asked") return html`<section class="panel">${heading(null)}${skeleton(2)}</section>`;
    if (alerts.state === "refused") {
      return html`<section class="panel">${heading(null)}${problemCard(alerts.problem, () => void loadAll())}</section>`;
    }
    const all = alertsAt(alerts.value, this.past);
    const open = all.filter(({ state: now }) => now === "firing" || now === "pending");
    const listed = this.full ? all.filter(({ state: now }) => this.filter === "all" || now === this.filter) : open.slice(0, SHORT);
    return html`<section class="panel alerts" aria-labelledby="alerts-title">
      ${heading(open.length)} ${this.full ? this.filters(all) : nothing}
      ${this.refused ? problemCard(this.refused) : nothing}
      ${listed.length ? html`<ul>${listed.map((alert) => this.one(alert))}</ul>` : html`<p class="calm">${t("alerts.none")}</p>`}
      ${this.full && data.value.next.alerts !== null ? this.foot.draw(listed.length, () => more("alerts")) : nothing}
      ${this.full && mayAct(data.value.subject, "operator") ? html`<p class="fine">${t("alerts.forGood")}</p>` : nothing}
      ${this.full && !mayAct(data.value.subject, "operator") ? html`<p class="fine">${t("alerts.signin")}</p>` : nothing}
    </section>`;
  }

  private filters(all: Alert[]): TemplateResult {
    const chip = (id: AlertState | "all", count: number): TemplateResult =>
      html`<button type="button" class="chip" aria-pressed=${this.filter === id} @click=${() => (this.filter = id)}>
        ${id === "all" ? t("all") : t(`alert.state.${id}`)} ${count}
      </button>`;
    return html`<div class="chips" role="group" aria-label=${t("alerts.filter")}>
      ${chip("all", all.length)} ${STATES.map((id) => chip(id, all.filter((alert) => alert.state === id).length))}
    </div>`;
  }

  private get replayed(): boolean {
    return here(data.value.city)?.clock.mode === "replay";
  }

  /** A moment of the data; in a replay it is marked as the city's own time. */
  private cityTime(when: string | null): string {
    const time = moment(when, this.zone);
    return this.replayed ? t("alerts.cityTime", { time }) : time;
  }

  /** A moment at which a person acted; in a replay it is marked as the clock on the wall. */
  private clockTime(when: string | null): string {
    const time = moment(when, this.zone);
    return this.replayed ? t("alerts.clockTime", { time }) : time;
  }

  private one(alert: Alert): TemplateResult {
    const acted = (who: string | null, when: string | null): { who: string; time: string } => ({
      who: who ?? "",
      time: this.clockTime(when),
    });
    return html`<li class="alert" data-severity=${alert.severity} data-state=${alert.state} data-alert=${alert.id}>
      <p class="alert-head">
        ${severityMark(alert.severity)} <span class="state">${t(`alert.state.${alert.state}`)}</span>
        <time class="fine" datetime=${alert.fired ?? alert.opened}>
          ${t("alerts.since", { time: this.cityTime(alert.fired ?? alert.opened) })}
        </time>
      </p>
      <p class="alert-text">
        ${alert.cleared ? html`<b>${t("alerts.atWorst")}</b> ` : nothing}<a
          href=${formatView({ ...view.value, ...wayOf(alert) })} @click=${(event: MouseEvent) => this.open(event, alert)}
          >${nameOf(alert.text, this.tongue)}</a>
      </p>
      ${alert.cleared ? html`<p class="fine">${t("alerts.cleared", { time: this.cityTime(alert.cleared) })}</p>` : nothing}
      ${this.full
        ? html`<p class="fine">${t("alerts.rule")}: ${ruleName(alert)} · ${t("alerts.resource")}: ${resourceName(alert, this.tongue)}</p>`
        : nothing}
      ${alert.acknowledged ? html`<p class="fine">✓ ${t("alerts.acked", acted(alert.acknowledged_by, alert.acknowledged))}</p>` : nothing}
      ${alert.closed ? html`<p class="fine">✓ ${t("alerts.closedBy", acted(alert.closed_by, alert.closed))}</p>` : nothing}
      ${mayAct(data.value.subject, "operator") && FIRED.includes(alert.state) ? this.actions(alert) : nothing}
    </li>`;
  }

  /** Go to what the alert is about, the focus with it. */
  private open(event: MouseEvent, alert: Alert): void {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    view.set(wayOf(alert));
    window.requestAnimationFrame(() => document.querySelector<HTMLElement>("#device-title, #station-title, #scene-title")?.focus());
  }

  private actions(alert: Alert): TemplateResult {
    const act = async (event: SubmitEvent): Promise<void> => {
      event.preventDefault();
      const form = event.currentTarget as HTMLFormElement;
      const verb = (event.submitter as HTMLButtonElement | null)?.value === "close" ? "close" : "acknowledge";
      const note = String(new FormData(form).get("note") ?? "");
      this.refused = null;
      try {
        await actOnAlert(alert.id, verb, note);
        form.reset();
      } catch (error) {
        this.refused = problemOf(error);
      }
    };
    return html`<form class="alert-act" @submit=${act}>
      <input name="note" maxlength="500" placeholder=${t("alerts.note")} aria-label=${t("alerts.note")} />
      ${alert.acknowledged ? nothing : html`<button value="acknowledge">${t("alerts.ack")}</button>`}
      <button value="close" class="quiet">${t("alerts.close")}</button>
    </form>`;
  }
}
