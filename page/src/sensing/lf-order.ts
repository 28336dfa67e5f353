import { html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { net, type Actuator, type Capability } from "../api/network";
import { problemOf } from "../api/client";
import type { Datastream, Problem } from "../api/types";
import { ABSENT, moment, nameOf, number, unitOf, zoneName } from "../format";
import { t } from "../i18n";
import { Piece } from "../shell/element";
import { Fetched } from "../shell/fetched";
import { problemLines } from "../shell/parts";
import { data, here } from "../state/data";
import { SIGNS, limitsOf, orderKey, parametersOf, valueOf, type Parameter } from "./orders";
import { duration } from "./words";

const DEADLINES_S = [10, 60, 300, 3_600];
const DEADLINE_S = 60;

interface Draft {
  parameters: Record<string, string | number | boolean>;
  deadline: number;
  expect: Record<string, { value: number }>;
  key: string;
}

/** One thing that a device can be told: its parameters with their limits, the state now; asked once more before it is sent. */
@customElement("lf-order")
export class OrderPiece extends Piece {
  @property({ attribute: false }) actuator: Actuator | null = null;
  @property({ attribute: false }) capability: Capability | null = null;
  @state() private draft: Draft | null = null;
  @state() private sending = false;
  @state() private refused: Problem | null = null;
  private readonly streams = new Fetched<Datastream[]>(this);
  private confirming = false;

  /** The focus goes to the summary when it opens. */
  protected override updated(): void {
    if (Boolean(this.draft) === this.confirming) return;
    this.confirming = Boolean(this.draft);
    this.querySelector<HTMLElement>(this.draft ? ".confirm h4" : "form button")?.focus();
  }

  private now(id: string | null): Datastream | null {
    const live = (here(data.value.datastreams) ?? []).find((stream) => stream.id === id);
    return live ?? (here(this.streams.asked) ?? []).find((stream) => stream.id === id) ?? null;
  }

  private present(id: string | null): string {
    const stream = this.now(id);
    if (!stream?.latest) return t("command.unknown");
    return `${number(stream.latest.value, this.tongue, 2)} ${unitOf(stream.unit, this.tongue)} (${moment(stream.latest.time, this.zone)})`;
  }

  protected override render(): TemplateResult | typeof nothing {
    const { capability } = this;
    if (!capability) return nothing;
    const { state_of = {}, interlocks = [] } = limitsOf(capability);
    const wanted = [...Object.values(state_of), ...interlocks.map(({ datastream }) => datastream)];
    this.streams.want(wanted.join(), () => Promise.all([...new Set(wanted)].map(net.stream)));
    return html`<details class="order" data-capability=${capability.id} ?open=${this.draft !== null || this.refused !== null}>
      <summary>${nameOf(capability.name, this.tongue)}</summary>
      ${capability.description ? html`<p class="fine">${capability.description}</p>` : nothing}
      ${this.refused ? html`<section class="problem" role="alert">${problemLines(this.refused)}</section>` : nothing}
      ${this.draft ? this.summary(capability, this.draft) : nothing}
      <div ?hidden=${this.draft !== null}>${this.form(capability)}</div>
    </details>`;
  }

  private form(capability: Capability): TemplateResult {
    const { deadline_s = DEADLINE_S, state_of = {} } = limitsOf(capability);
    const choices = [...new Set([deadline_s, ...DEADLINES_S])].sort((a, b) => a - b);
    return html`<form class="stacked" @submit=${(event: SubmitEvent) => this.review(event, capability)}>
      ${parametersOf(capability, this.tongue).map((parameter) => this.field(parameter))} ${this.limits(capability)}
      <label>${t("command.deadline")}
        <select name="deadline">${choices.map((seconds) => html`<option value=${seconds} ?selected=${seconds === deadline_s}>${t("command.deadline.in", { time: duration(seconds, this.tongue) })}</option>`)}</select>
      </label>
      ${Object.keys(state_of).length ? html`<label class="check"><input type="checkbox" name="expect" /> ${t("command.expect")}</label>` : nothing}
      <button>${t("command.review")}</button>
    </form>`;
  }

  private field(parameter: Parameter): TemplateResult {
    const { name, label, kind, unit, choices, least, most, optional, stateOf } = parameter;
    const numeric = kind === "Quantity" || kind === "Count";
    const range = least === null && most === null ? "" : t("command.range", { least: least ?? "−∞", most: most ?? "∞", unit });
    const listed = kind === "Boolean" ? ["true", "false"] : choices;
    const input = listed.length
      ? html`<select name=${name} ?required=${!optional}>
          <option value="">${t("command.choose")}</option>
          ${listed.map((one) => html`<option value=${one}>${kind === "Boolean" ? t(one === "true" ? "yes" : "no") : one}</option>`)}
        </select>`
      : html`<input name=${name} type=${numeric ? "number" : "text"} step=${kind === "Count" ? "1" : "any"} min=${least ?? nothing} max=${most ?? nothing} ?required=${!optional} />`;
    return html`<label><span>${label}${unit ? html` <small>${unit}</small>` : nothing}</span>${input}
      <small>${range}${stateOf ? html`${range ? " · " : ""}${t("command.now")} <b data-now=${stateOf}>${this.present(stateOf)}</b>` : nothing}</small>
    </label>`;
  }

  private limits(capability: Capability): TemplateResult | typeof nothing {
    const { minimum_interval_s: least, interlocks = [] } = limitsOf(capability);
    const parameters = parametersOf(capability, this.tongue);
    const lines = [
      ...parameters.flatMap(({ label, step, unit }) => (step === null ? [] : [t("command.limit.step", { name: label, most: step, unit })])),
      ...parameters.flatMap(({ label, rate, unit }) => (rate === null ? [] : [t("command.limit.rate", { name: label, most: rate, unit })])),
      ...(least ? [t("command.limit.interval", { time: duration(least, this.tongue) })] : []),
    ];
    if (!lines.length && !interlocks.length) return nothing;
    return html`<div class="limits-box"><h4>${t("command.limits")}</h4><ul>
      ${lines.map((line) => html`<li>${line}</li>`)}
      ${interlocks.map(
        ({ datastream, must, value, when }) => html`<li>${when ? t("command.limit.when", { name: when.parameter, value: String(when.is) }) : nothing}
          <code>${datastream} ${SIGNS[must] ?? must} ${value}</code> · ${t("command.now")} <b>${this.present(datastream)}</b></li>`,
      )}
    </ul></div>`;
  }

  private review(event: SubmitEvent, capability: Capability): void {
    event.preventDefault();
    const held = new FormData(event.currentTarget as HTMLFormElement);
    const pairs = parametersOf(capability, this.tongue).map((parameter) => [parameter.name, valueOf(parameter, String(held.get(parameter.name) ?? ""))] as const);
    const given = pairs.flatMap(([name, value]) => (value === null ? [] : [[name, value] as const]));
    const rests = held.get("expect") ? Object.values(limitsOf(capability).state_of ?? {}) : [];
    const expect = rests.flatMap((id) => {
      const value = this.now(id)?.latest?.value;
      return typeof value === "number" ? [[id, { value }] as const] : [];
    });
    this.refused = null;
    this.draft = { parameters: Object.fromEntries(given), deadline: Number(held.get("deadline")), expect: Object.fromEntries(expect), key: orderKey() };
  }

  /** What will happen, in words, and the button that has it happen. */
  private summary(capability: Capability, draft: Draft): TemplateResult {
    const by = Date.now() + draft.deadline * 1000;
    const parameters = parametersOf(capability, this.tongue).filter(({ name }) => name in draft.parameters);
    return html`<section class="confirm" role="group" aria-label=${t("command.confirm.title")}>
      <h4 tabindex="-1">${t("command.confirm.title")}</h4>
      <p>${t("command.confirm.what", { capability: nameOf(capability.name, this.tongue), device: nameOf(this.actuator?.name, this.tongue), thing: capability.thing })}</p>
      <table class="facts"><thead><tr><th scope="col">${t("command.parameter")}</th><th scope="col">${t("command.from")}</th><th scope="col">${t("command.to")}</th></tr></thead>
        <tbody>${parameters.map(
          ({ name, label, unit, stateOf }) => html`<tr><th scope="row">${label}</th><td>${stateOf ? this.present(stateOf) : ABSENT}</td><td><b>${String(draft.parameters[name])} ${unit}</b></td></tr>`,
        )}</tbody></table>
      <p class="fine">${t("command.confirm.deadline", { time: `${new Date(by).toLocaleTimeString(this.tongue === "zh" ? "zh-CN" : "en-GB", { timeZone: this.zone })} ${zoneName(by, this.zone)}` })} ${t("command.confirm.ledger", { who: data.value.subject?.name ?? "" })}</p>
      <div class="buttons">
        <button type="button" ?disabled=${this.sending} @click=${() => void this.send(capability, draft)}>${t("command.send")}</button>
        <button type="button" class="quiet" ?disabled=${this.sending} @click=${() => (this.draft = null)}>${t("command.back")}</button>
      </div>
    </section>`;
  }

  private async send(capability: Capability, draft: Draft): Promise<void> {
    this.sending = true;
    try {
      const deadline = new Date(Date.now() + draft.deadline * 1000).toISOString();
      const made = await net.command({ capability: capability.id, parameters: draft.parameters, deadline, expect: draft.expect, key: draft.key });
      const known = data.value.commands[made.id];
      if (!known || known.history.length < made.history.length) data.set({ commands: { ...data.value.commands, [made.id]: made } });
      this.draft = null;
      this.dispatchEvent(new CustomEvent("ordered", { bubbles: true }));
    } catch (error) {
      this.refused = problemOf(error);
      this.draft = null;
    } finally {
      this.sending = false;
    }
  }
}
