import { html, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { bureau, type Organisation } from "../api/bureau";
import { office, ROLES, type Person } from "../api/office";
import { bracketed, nameOf } from "../format";
import { t, tOr } from "../i18n";
import { Fetched } from "../shell/fetched";
import { command } from "../shell/parts";
import { data } from "../state/data";
import { ActingPiece, said, shown } from "../work/acting";
import { checkedRoles, roleChoice } from "./roles";
import "./lf-tokens";

const LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"; // none that is taken for another
const LENGTH = 20;

/** Return a password that nobody can guess: 100 bits in letters that are read without mistaking one for another. */
function newPassword(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(LENGTH)), (byte) => LETTERS[byte % LETTERS.length]).join("");
}

/** Who may log in, for administrators: add a person, give and take roles, a new password, end a person's access. */
@customElement("lf-people")
export class PeoplePiece extends ActingPiece {
  /** The password just made: shown once, then the page forgets it. */
  @state() private secret: { of: string; text: string } | null = null;
  @state() private open = "";
  @state() private sure = "";
  private readonly held = new Fetched<Person[]>(this, "work-list");
  private readonly bodies = new Fetched<Organisation[]>(this);

  protected override render(): TemplateResult {
    const people = this.held.want(this.who, () => office.people());
    const bodies = this.bodies.want(this.who, () => bureau.organisations());
    const organisations = bodies.state === "here" ? bodies.value : [];
    return html`<section class="work-part">
      <p>${t("people.lead")}</p>
      <details class="work-more" data-part="new-person"><summary>${t("people.add")}</summary>
        <form class="work-form" @submit=${(event: SubmitEvent) => void this.add(event)}>
          <label>${t("people.name")} <input name="name" required minlength="2" maxlength="64" autocomplete="off" spellcheck="false" /></label>
          <label>${t("people.display")} <input name="display" maxlength="100" autocomplete="off" /></label>
          <label>${t("people.organisation")} <select name="organisation"><option value="">–</option>
            ${organisations.map(({ id, name }) => html`<option value=${id}>${nameOf(name, this.tongue)}${bracketed(id, this.tongue)}</option>`)}</select></label>
          ${roleChoice(ROLES, [])}
          <label>${t("people.password")} <input name="password" type="password" maxlength="200" autocomplete="new-password" /></label>
          <p class="fine">${t("people.password.made")}</p>
          <p class="buttons"><button data-act="add-person">${t("people.add")}</button></p>
        </form>${this.refusal("add")}
      </details>
      ${shown(people, () => this.held.forget(), (found) => html`<ul class="work-list">${found.map((each) => this.person(each, organisations))}</ul>`)}
    </section>`;
  }

  private async add(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const given = said(event, "password");
    const body = {
      name: said(event, "name"), display_name: said(event, "display"), organisation: said(event, "organisation"),
      roles: checkedRoles(form), password: given || newPassword(),
    };
    const done = await this.act("add", t("people.added"), async () => {
      const made = await office.addPerson(body);
      if (!given) this.secret = { of: made.id, text: body.password };
    });
    if (!done) return;
    form.reset();
    this.held.forget();
  }

  private person(each: Person, organisations: Organisation[]): TemplateResult {
    const own = each.id === data.value.subject?.id;
    const body = organisations.find(({ id }) => id === each.organisation);
    return html`<li data-person=${each.name}>
      <h3>${each.display_name} <code>${each.name}</code></h3>
      <p class="tags">${each.active ? nothing : html`<span class="warn">${t("people.inactive")}</span>`}
        ${each.roles.map((role) => html`<span data-role=${role}>${tOr(`role.${role}`, role)}</span>`)}
        ${each.organisation ? html`<span>${nameOf(body?.name, this.tongue) || each.organisation}</span>` : nothing}</p>
      ${this.secret?.of === each.id ? this.once(each.name, this.secret.text) : nothing}
      ${each.active ? html`<p class="buttons">
        <button type="button" class="quiet" data-act="change" aria-expanded=${this.open === each.id} @click=${() => (this.open = this.open === each.id ? "" : each.id)}>${t("people.change")}</button>
        ${own ? nothing : html`<button type="button" class="quiet" data-act="password" @click=${() => void this.renew(each)}>${t("people.renew")}</button>
          ${this.ending(each)}`}</p>` : nothing}
      ${this.refusal(each.id)}
      ${each.active && this.open === each.id ? html`<form class="work-form" @submit=${(event: SubmitEvent) => void this.setRoles(event, each)}>
          ${roleChoice(ROLES, each.roles)}<p class="buttons"><button data-act="roles">${t("people.roles.save")}</button></p></form>
        <lf-tokens .person=${each.name} .roles=${each.roles}></lf-tokens>` : nothing}
    </li>`;
  }

  /** Ending somebody's access is for good: it is asked for twice. */
  private ending(each: Person): TemplateResult {
    if (this.sure !== each.id) return html`<button type="button" class="quiet" data-act="end" @click=${() => (this.sure = each.id)}>${t("people.end")}</button>`;
    return html`<button type="button" data-act="end-for-good" @click=${() => void this.change(each, t("people.ended"), { active: false })}>${t("people.end.sure")}</button>
      <button type="button" class="quiet" @click=${() => (this.sure = "")}>${t("people.end.not")}</button>`;
  }

  private once(name: string, password: string): TemplateResult {
    return html`<section class="work-secret"><p><b>${t("people.secret", { name })}</b></p>${command(password)}
      <p><button type="button" class="quiet" @click=${() => (this.secret = null)}>${t("webhooks.hide")}</button></p></section>`;
  }

  private async renew(each: Person): Promise<void> {
    const password = newPassword();
    if (await this.change(each, t("people.renewed"), { password })) this.secret = { of: each.id, text: password };
  }

  private async setRoles(event: SubmitEvent, each: Person): Promise<void> {
    event.preventDefault();
    await this.change(each, t("people.roles.saved"), { roles: checkedRoles(event.currentTarget as HTMLFormElement) });
  }

  private async change(each: Person, words: string, body: object): Promise<boolean> {
    const done = await this.act(each.id, words, () => office.changePerson(each.id, body));
    if (done) {
      this.sure = "";
      this.held.forget();
    }
    return done;
  }
}
