import { html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { office, type Token } from "../api/office";
import { moment } from "../format";
import { t, tOr } from "../i18n";
import { Fetched } from "../shell/fetched";
import { command } from "../shell/parts";
import { data } from "../state/data";
import { ActingPiece, said, shown } from "../work/acting";
import { checkedRoles, roleChoice } from "./roles";

/** The tokens with which programs act for a person: issue one, shown once; revoke it. One's own, unless told whose. */
@customElement("lf-tokens")
export class TokensPiece extends ActingPiece {
  @property() person = "";
  @property({ attribute: false }) roles: string[] = [];
  @state() private secret: { of: string; text: string } | null = null;
  private readonly held = new Fetched<Token[]>(this);

  protected override render(): TemplateResult {
    const asked = this.held.want(`${this.who}|${this.person}`, () => office.tokens(this.person));
    const roles = this.roles.length ? this.roles : (data.value.subject?.roles ?? []);
    return html`<section class="work-part" data-part="tokens">
      <h2>${t(this.person ? "tokens.of" : "tokens.title", { name: this.person })}</h2><p class="fine">${t("tokens.lead")}</p>
      ${shown(asked, () => this.held.forget(), (tokens) => (tokens.length ? html`<ul class="work-list">${tokens.map((each) => this.token(each))}</ul>` : html`<p class="calm">${t("tokens.none")}</p>`))}
      <details class="work-more"><summary>${t("tokens.issue")}</summary>
        <form class="work-form" @submit=${(event: SubmitEvent) => void this.issue(event)}>
          <label>${t("tokens.label")} <input name="label" required maxlength="200" autocomplete="off" /></label>
          <label>${t("tokens.expires")} <input name="expires" type="date" /></label>
          ${roleChoice(roles, roles)}
          <p class="buttons"><button data-act="issue">${t("tokens.issue")}</button></p>
        </form>${this.refusal("issue")}
      </details>
    </section>`;
  }

  private token(each: Token): TemplateResult {
    const ended = each.revoked !== null || (each.expires !== null && Date.parse(each.expires) <= Date.now());
    return html`<li data-token=${each.label}>
      <h3>${each.label}</h3>
      <p class="tags">${ended ? html`<span class="warn">${t(each.revoked ? "tokens.revoked" : "tokens.expired")}</span>` : nothing}
        ${each.roles.map((role) => html`<span>${tOr(`role.${role}`, role)}</span>`)}
        <span>${t("tokens.since", { time: moment(each.created, this.zone) })}</span>
        ${each.expires ? html`<span>${t("agreements.until", { time: moment(each.expires, this.zone) })}</span>` : nothing}</p>
      ${this.secret?.of === each.id ? this.once(this.secret.text) : nothing}
      ${ended ? nothing : html`<p class="buttons"><button type="button" class="quiet" data-act="revoke" @click=${() => void this.revoke(each)}>${t("tokens.revoke")}</button></p>`}
      ${this.refusal(each.id)}</li>`;
  }

  private once(secret: string): TemplateResult {
    return html`<section class="work-secret"><p><b>${t("tokens.secret")}</b></p>${command(secret)}
      <p class="fine">${t("tokens.use")}</p>${command(`curl -H 'Authorization: Bearer ${secret}' ${window.location.origin}/api/v1/datasets`)}
      <p><button type="button" class="quiet" @click=${() => (this.secret = null)}>${t("webhooks.hide")}</button></p></section>`;
  }

  private async issue(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const day = said(event, "expires");
    const body = { label: said(event, "label"), roles: checkedRoles(form), expires: day ? `${day}T23:59:59Z` : null, person: this.person || null };
    const done = await this.act("issue", t("tokens.issued"), async () => {
      const { token, secret } = await office.issueToken(body);
      this.secret = { of: token.id, text: secret };
    });
    if (!done) return;
    form.reset();
    this.held.forget();
  }

  private async revoke(each: Token): Promise<void> {
    if (await this.act(each.id, t("tokens.revoked.said"), () => office.revokeToken(each.id))) this.held.forget();
  }
}
