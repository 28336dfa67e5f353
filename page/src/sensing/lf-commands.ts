import { html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { net, type Actuator, type Command } from "../api/network";
import { problemOf } from "../api/client";
import type { Page, Problem } from "../api/types";
import { moment, nameOf } from "../format";
import { t } from "../i18n";
import { Piece } from "../shell/element";
import { Listed } from "../shell/listed";
import { problemCard, problemLines } from "../shell/parts";
import { data, here, mayAct } from "../state/data";
import "./lf-order";
import { parametersOf } from "./orders";

const SIGN: Record<string, string> = { done: "✓", refused: "✕", failed: "✕", expired: "✕", cancelled: "–" };

/** What a device can be told, for those who may; and what became of the commands before. */
@customElement("lf-commands")
export class CommandsPiece extends Piece {
  @property({ attribute: false }) thing = "";
  private readonly actuators = new Listed<Page<Actuator>>(this, "actuators");
  private readonly known = new Listed<Page<Command>>(this);
  private refused: Problem | null = null;

  protected override render(): TemplateResult | typeof nothing {
    if (!this.thing) return nothing;
    const { subject } = data.value;
    const actuators = here(this.actuators.list(`${this.thing}|${subject?.name ?? ""}`, (after) => net.actuators(this.thing, after)))?.items ?? [];
    if (!actuators.length) return nothing;
    const may = mayAct(subject, "operator");
    return html`<section class="panel commands" aria-labelledby="commands-title">
      <h2 id="commands-title">${t("command.title")}</h2>
      ${may
        ? html`${actuators.flatMap((actuator) => actuator.capabilities.map((capability) => html`<lf-order .actuator=${actuator} .capability=${capability} @ordered=${() => this.known.forget()}></lf-order>`))}
            ${this.actuators.foot()} ${this.history()}`
        : html`<p class="fine">${t("command.signin")}</p>
            <ul class="tags">${actuators.flatMap(({ capabilities }) => capabilities.map(({ name }) => html`<li class="state">${nameOf(name, this.tongue)}</li>`))}</ul>
            ${this.actuators.foot()}
            ${subject ? nothing : html`<button type="button" class="quiet" @click=${() => data.set({ dialog: "sign-in" })}>${t("header.signin")}</button>`}`}
    </section>`;
  }

  private history(): TemplateResult {
    const asked = this.known.list(this.thing, (after) => net.commands(this.thing, after));
    if (asked.state === "refused") return problemCard(asked.problem, () => this.known.forget());
    const live = Object.values(data.value.commands).filter(({ device }) => device === this.thing);
    const known = new Map([...(here(asked)?.items ?? []), ...live].map((command) => [command.id, command]));
    const commands = [...known.values()].sort((a, b) => b.task - a.task);
    return html`<h3>${t("command.history")}</h3>
      ${commands.length ? nothing : html`<p class="calm">${t("command.history.none")}</p>`}
      ${this.refused ? html`<section class="problem" role="alert">${problemLines(this.refused)}</section>` : nothing}
      <ol class="orders" aria-live="polite">${commands.map((command) => this.one(command))}</ol>
      ${this.known.foot()}`;
  }

  private async cancel(command: Command): Promise<void> {
    try {
      const made = await net.cancel(command.id, "");
      data.set({ commands: { ...data.value.commands, [made.id]: made } });
      this.refused = null;
    } catch (error) {
      this.refused = problemOf(error);
    }
    this.requestUpdate();
  }

  private who(id: string): string {
    const { subject } = data.value;
    return subject?.id === id ? subject.name : id;
  }

  private one(command: Command): TemplateResult {
    const capability = (here(this.actuators.asked)?.items ?? []).flatMap(({ capabilities }) => capabilities).find(({ id }) => id === command.capability);
    const known = new Map((capability ? parametersOf(capability, this.tongue) : []).map((parameter) => [parameter.name, parameter]));
    const given = Object.entries(command.parameters).map(([name, value]) => `${known.get(name)?.label ?? name} = ${String(value)} ${known.get(name)?.unit ?? ""}`.trimEnd());
    return html`<li data-command=${command.id} data-state=${command.state}>
      <b><i aria-hidden="true">${SIGN[command.state] ?? "…"}</i> ${nameOf(command.state_name, this.tongue)}</b> <code>${given.join(", ")}</code>
      ${command.reason ? html`<p class="why">${t("command.why", { rule: command.reason.rule })} ${nameOf(command.reason.text, this.tongue)}</p>` : nothing}
      <p class="fine">${this.who(command.by)} · ${command.history.map(({ state, moment: when }) => `${t(`command.state.${state}` as "command.state.sent")} ${moment(when, this.zone).slice(5)}`).join(" → ")}</p>
      ${command.state === "accepted" ? html`<button type="button" class="quiet" @click=${() => void this.cancel(command)}>${t("command.cancel")}</button>` : nothing}
    </li>`;
  }
}
