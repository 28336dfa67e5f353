import "../css/bureau.css";
import { html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { bureau, type Destruction, type Life, type Verdict } from "../api/bureau";
import type { Page } from "../api/types";
import { moment, nameOf } from "../format";
import { t, tOr } from "../i18n";
import { Fetched } from "../shell/fetched";
import { Listed } from "../shell/listed";
import { view } from "../state/view";
import { ActingPiece, shown } from "../work/acting";

/** What was made from a dataset and stays when that is destroyed, under its own retention. */
const madeFrom = (ends: string[]): TemplateResult | typeof nothing =>
  ends.length ? html`<details><summary>${t("life.made", { count: ends.length })}</summary><ul>${ends.map((end) => html`<li><code>${end}</code></li>`)}</ul></details>` : nothing;

/** The life of a dataset: its state, the steps that one may take, retention, legal holds, destruction, and its history. */
@customElement("lf-life")
export class LifePiece extends ActingPiece {
  @property({ attribute: false }) which = "";
  @state() private step = "";
  private readonly held = new Fetched<Life>(this);

  protected override render(): TemplateResult {
    const asked = this.held.want(`${this.who} ${this.which}`, () => bureau.life(this.which));
    return shown(asked, () => this.held.forget(), (life) => html`${this.standing(life)}${this.holds(life)}${this.steps(life)}${this.history(life)}`);
  }

  private standing(life: Life): TemplateResult {
    return html`<dl class="pairs" data-life=${life.state}>
      <dt>${t("exchange.state")}</dt><dd><b>${tOr(`life.${life.state}`, life.state)}</b> ${t("life.since", { time: moment(life.since, this.zone) })}${life.reason ? ` · ${life.reason}` : ""}</dd>
      ${life.successor ? html`<dt>${t("life.successor")}</dt><dd>${life.successor}</dd>` : nothing}
      <dt>${t("life.retention")}</dt><dd>${life.retained_until ? t("life.until", { time: moment(life.retained_until, this.zone) }) : t("life.always")} <code>${life.retention}</code></dd>
      ${life.held === null ? nothing : html`<dt>${t("life.hold")}</dt><dd>${life.held ? html`<b class="warn">${t("life.held")}</b>` : t("no")}</dd>`}
      ${life.destruction ? html`<dt>${t("life.destruction")}</dt><dd><code>${life.destruction}</code></dd>` : nothing}
    </dl>`;
  }

  private holds({ holds }: Life): TemplateResult | typeof nothing {
    if (!holds.length) return nothing;
    return html`<h3>${t("life.holds")}</h3><ul class="issues">${holds.map((one) => html`<li>${one.reason} · ${one.authority}
      <p class="fine">${moment(one.placed, this.zone)}${one.lifted ? ` — ${t("life.lifted", { time: moment(one.lifted, this.zone) })} ${one.lifted_reason}` : ""}</p></li>`)}</ul>`;
  }

  private steps(life: Life): TemplateResult | typeof nothing {
    if (!life.moves.length) return nothing;
    const chosen = life.moves.find(({ id }) => id === this.step);
    return html`<h3>${t("life.next")}</h3>
      <p class="choices">${life.moves.map(({ id, name }) => html`<button type="button" class="chip quiet" data-step=${id} aria-pressed=${id === this.step}
        @click=${() => (this.step = this.step === id ? "" : id)}>${nameOf(name, this.tongue)}</button>`)}</p>
      ${chosen ? this.form(life, chosen) : nothing} ${this.refusal("life")}`;
  }

  private form(life: Life, move: Life["moves"][number]): TemplateResult {
    const open = life.holds.filter(({ lifted }) => !lifted);
    return html`<form class="life-form" @submit=${(event: SubmitEvent) => void this.move(event, move.id)}>
      ${move.id === "deprecate" ? html`<label>${t("life.successor.which")}<input name="successor" maxlength="128" /></label>` : nothing}
      ${move.id === "hold" ? html`<label>${t("life.authority")}<input name="authority" maxlength="300" required /></label>` : nothing}
      ${move.id === "lift" ? html`<label>${t("life.hold")}<select name="hold">${open.map((one) => html`<option value=${one.id}>${one.reason}</option>`)}</select></label>` : nothing}
      ${/destr/.test(move.id) ? madeFrom(life.made_from_it) : nothing}
      ${move.id === "ask_destruction" && life.made_from_it.length ? html`<label><input type="checkbox" name="with_derived" /> ${t("life.made.with")}</label>` : nothing}
      <label>${t(move.reasoned ? "life.reason" : "life.reason.optional")}<textarea name="reason" rows="2" maxlength="2000" ?required=${move.reasoned}></textarea></label>
      <button data-act="move">${nameOf(move.name, this.tongue)}</button>
    </form>`;
  }

  private async move(event: SubmitEvent, move: string): Promise<void> {
    event.preventDefault();
    const told: Record<string, string | boolean> = { move };
    for (const [name, value] of new FormData(event.currentTarget as HTMLFormElement)) told[name] = name === "with_derived" || String(value);
    if (!(await this.act("life", t("life.moved"), () => bureau.moveLife(this.which, told)))) return;
    if (this.step === move) this.step = "";
    if (move === "destroy") view.set({ room: "work", tab: "destructions", dataset: null, item: null });
    else this.held.forget();
  }

  private history({ history }: Life): TemplateResult | typeof nothing {
    if (!history.length) return nothing;
    return html`<h3>${t("issues.history")}</h3><ul class="issues">${history.map((one) => html`<li><b>${tOr(`life.kind.${one.kind}`, one.kind)}</b>
      <span class="fine">${moment(one.recorded, this.zone)}${one.by ? ` · ${one.by}` : ""}</span>${one.detail["reason"] ? html`<p>${String(one.detail["reason"])}</p>` : nothing}</li>`)}</ul>`;
  }
}

/** Destructions: what was asked for, what was decided, and each certificate, to be verified against ledger and files. */
@customElement("lf-destructions")
export class DestructionsPiece extends ActingPiece {
  @state() private verdicts: Record<string, Verdict> = {};
  private readonly held = new Listed<Page<Destruction>>(this, "work-list");

  protected override render(): TemplateResult {
    const asked = this.held.list(this.who, (after) => bureau.destructions(after));
    return html`<section><h2>${t("life.destructions")}</h2><p>${t("life.destructions.how")}</p>${shown(asked, () => this.held.forget(), ({ items }) =>
      items.length ? html`<ul class="issues">${items.map((one) => this.one(one))}</ul>${this.held.foot()}` : html`<p class="calm">${t("life.destructions.none")}</p>`)}</section>`;
  }

  private one(one: Destruction): TemplateResult {
    const { certificate } = one;
    const verify = (): Promise<boolean> =>
      this.act(one.id, t("exchange.verified"), async () => {
        if (certificate) this.verdicts = { ...this.verdicts, [one.id]: await bureau.verifyCertificate(certificate) };
      });
    const verdict = this.verdicts[one.id];
    return html`<li data-destruction=${one.id}><b>${one.dataset}</b> ${t(`life.destruction.${one.state}`)}
      <p>${one.asked_reason}</p><p class="fine">${moment(one.asked, this.zone)} · ${one.asked_by}${one.decided_by ? ` → ${one.decided_by}` : ""}</p>
      ${one.with_derived ? html`<p>${t("life.made.with")}</p>` : nothing} ${madeFrom(one.made_from_it)}
      ${certificate ? html`<p class="acts"><a class="button" download="certificate-${one.id}.json" href="data:application/json,${encodeURIComponent(JSON.stringify(certificate, null, 2))}">${t("life.certificate")}</a>
        <button type="button" class="quiet" @click=${() => void verify()}>${t("exchange.verify")}</button></p>` : nothing}
      ${verdict ? html`<p role="status">${t(verdict.ok ? "life.certificate.ok" : "life.certificate.bad")}</p><ul>${verdict.checks.map((each) => html`<li>${each.ok ? "✓" : "✗"} ${tOr(`certificate.${each.what.replaceAll(" ", "_")}`, each.what)} <small>${each.seen}</small></li>`)}</ul>` : nothing}
      ${this.refusal(one.id)}</li>`;
  }
}
