import { html, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { office, type Webhook, type WebhookDelivery } from "../api/office";
import type { Page } from "../api/types";
import { moment } from "../format";
import { t, tOr } from "../i18n";
import { Fetched } from "../shell/fetched";
import { Listed } from "../shell/listed";
import { command } from "../shell/parts";
import { ActingPiece, shown } from "../work/acting";

/** The webhooks of who is signed in: add one, try it out, see how its deliveries went, try again, pause, end. */
@customElement("lf-webhooks")
export class WebhooksPiece extends ActingPiece {
  /** The secret just made: shown once, then the page forgets it. */
  @state() private secret: { of: string; text: string } | null = null;
  @state() private open: string | null = null;
  private readonly held = new Fetched<Webhook[]>(this);
  private readonly sent = new Listed<Page<WebhookDelivery>>(this);

  protected override render(): TemplateResult {
    const asked = this.held.want(this.who, () => office.webhooks());
    return html`<h2>${t("webhooks.title")}</h2><p>${t("webhooks.lead")}</p>
      ${shown(asked, () => this.held.forget(), (hooks) => (hooks.length ? html`<ul class="work-list">${hooks.map((each) => this.hook(each))}</ul>` : html`<p class="calm">${t("webhooks.none")}</p>`))}
      <details class="work-more"><summary>${t("webhooks.add")}</summary>
        <form class="work-form" @submit=${(event: SubmitEvent) => void this.add(event)}>
          <label>${t("webhooks.url")} <input type="url" name="url" required maxlength="2000" placeholder="https://example.org/changes" /></label>
          <label>${t("webhooks.datasets")} <input name="datasets" autocomplete="off" placeholder="districts, air_stations" /></label>
          <p class="buttons"><button>${t("webhooks.subscribe")}</button></p>
        </form>${this.refusal("add")}
      </details>`;
  }

  private async add(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const told = new FormData(form);
    const datasets = String(told.get("datasets")).split(/[\s,，]+/).filter(Boolean);
    const done = await this.act("add", t("webhooks.added"), async () => {
      const made = await office.addWebhook(String(told.get("url")), datasets);
      this.secret = { of: made.id, text: made.secret };
    });
    if (!done) return;
    form.reset();
    this.held.forget();
  }

  private hook(each: Webhook): TemplateResult {
    const button = (words: Parameters<typeof t>[0], name: string, work: () => Promise<unknown>): TemplateResult =>
      html`<button type="button" class="quiet" data-act=${name} @click=${() => void this.change(each.id, t(words), work)}>${t(words)}</button> `;
    const paused = each.state === "paused";
    return html`<li data-webhook=${each.id}>
      <h3><code>${each.url}</code></h3>
      <p class="tags"><span data-status=${each.state}>${t(`webhook.${each.state}`)}</span>
        ${each.failures ? html`<span class="warn">${t("webhooks.failures", { n: each.failures })}</span>` : nothing}
        <span>${each.datasets.length ? each.datasets.join(", ") : t("webhooks.all")}</span></p>
      <p class="fine">${each.last_success ? t("webhooks.success", { time: moment(each.last_success, this.zone) }) : t("webhooks.never")}
        ${each.failures && each.due ? t("webhooks.due", { time: moment(each.due, this.zone) }) : ""}</p>
      ${this.secret?.of === each.id ? this.once(this.secret.text) : nothing}
      <p class="buttons">
        ${each.state === "ended" ? nothing : button("webhooks.test", "test", () => this.tryOut(each.id))}
        ${each.failures && !paused && each.state !== "ended" ? button("webhooks.retry", "retry", () => office.setWebhook(each.id, "active")) : nothing}
        ${each.state === "ended" ? nothing : button(paused ? "webhooks.resume" : "webhooks.pause", "pause", () => office.setWebhook(each.id, paused ? "active" : "paused"))}
        ${button("webhooks.renew", "renew", () => this.renew(each.id))} ${button("webhooks.end", "end", () => office.endWebhook(each.id))}
        <button type="button" class="quiet" aria-expanded=${this.open === each.id} @click=${() => (this.open = this.open === each.id ? null : each.id)}>${t("webhooks.deliveries")}</button>
      </p>
      ${this.refusal(each.id)} ${this.open === each.id ? this.deliveries(each.id) : nothing}
    </li>`;
  }

  private once(secret: string): TemplateResult {
    return html`<section class="work-secret"><p><b>${t("webhooks.secret")}</b></p>${command(secret)}
      <p class="fine">${t("webhooks.verify")}</p>
      <p><button type="button" class="quiet" @click=${() => (this.secret = null)}>${t("webhooks.hide")}</button></p></section>`;
  }

  private async tryOut(id: string): Promise<void> {
    await office.tryWebhook(id);
    this.open = id;
  }

  private async renew(id: string): Promise<void> {
    this.secret = { of: id, text: (await office.renewSecret(id)).secret };
  }

  private async change(id: string, words: string, work: () => Promise<unknown>): Promise<void> {
    if (!(await this.act(id, words, work))) return;
    this.sent.forget();
    this.held.forget();
  }

  private deliveries(id: string): TemplateResult {
    return shown(this.sent.list(id, (after) => office.deliveries(id, after)), () => this.sent.forget(), ({ items }) => {
      if (!items.length) return html`<p class="calm">${t("webhooks.nothing")}</p>`;
      return html`<div class="table" tabindex="0" role="region" aria-label=${t("webhooks.deliveries")}><table class="facts">
        <thead><tr><th scope="col">${t("webhooks.sent")}</th><th scope="col">${t("webhooks.what")}</th><th scope="col">${t("webhooks.outcome")}</th><th scope="col" class="number">ms</th></tr></thead>
        <tbody>${items.map((each) => html`<tr><td>${moment(each.sent, this.zone)}</td>
          <td>${each.kind === "test" ? t("webhooks.trial") : t("webhooks.range", { first: each.first, last: each.last })}</td>
          <td>${each.arrived ? t("webhooks.arrived") : html`<b class="warn">${t("webhooks.failed")}</b>`} ${tOr(`status.${each.status}`, each.status)}</td><td class="number">${each.took_ms}</td></tr>`)}</tbody>
      </table></div>${this.sent.foot()}`;
    });
  }
}
