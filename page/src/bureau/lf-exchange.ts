import "../css/bureau.css";
import { html, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { bureau, type Delivery, type Feed } from "../api/bureau";
import type { Page } from "../api/types";
import { bytes, moment, number } from "../format";
import { t } from "../i18n";
import { Fetched } from "../shell/fetched";
import { view } from "../state/view";
import { Listed } from "../shell/listed";
import { ActingPiece, shown } from "../work/acting";
import { itemLink } from "../work/item";
import "./lf-delivery";
import "./lf-feeds";

const POLL_MS = 1000;

/** The inboxes of the bureaus: what each feeds, what was delivered and what became of it, and where a file is delivered. */
@customElement("lf-exchange")
export class ExchangePiece extends ActingPiece {
  @state() private only = "";
  @state() private file: File | null = null;
  @state() private busy = false;
  private readonly feeds = new Fetched<Feed[]>(this, "work-list");
  private readonly held = new Listed<Page<Delivery>>(this);
  private timer = 0;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.clearTimeout(this.timer);
  }

  protected override render(): TemplateResult {
    if (view.value.item) return html`<lf-delivery .which=${view.value.item}></lf-delivery>`;
    const asked = this.feeds.want(this.who, () => bureau.feeds());
    return shown(asked, () => this.feeds.forget(), (feeds) => {
      const inboxes = html`<lf-feeds .feeds=${feeds} @changed=${() => this.feeds.forget()}></lf-feeds>`;
      return feeds.length ? html`${this.sending(feeds)}${inboxes}${this.deliveries()}` : inboxes;
    });
  }

  /** Ask again while something waits. */
  private follow(items: Delivery[]): void {
    window.clearTimeout(this.timer);
    if (items.some(({ state: told }) => told === "received")) this.timer = window.setTimeout(() => this.held.forget(), POLL_MS * 3);
  }

  private async deliver(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const given = new FormData(form);
    const file = this.file;
    if (!file) return;
    const told = (name: string): string => String(given.get(name) ?? "").trim();
    this.busy = true;
    let id = "";
    const done = await this.act("deliver", t("exchange.sent"), async () => {
      id = (await bureau.deliver(told("feed"), file, { kind: told("kind"), reference: told("reference"), rows: told("rows") })).id;
    });
    this.busy = false;
    if (!done) return;
    this.file = null;
    this.held.forget();
    view.set({ item: id });
  }

  private sending(feeds: Feed[]): TemplateResult {
    const take = (files: FileList | null | undefined): void => {
      this.file = files?.[0] ?? null;
    };
    const drop = (event: DragEvent): void => {
      event.preventDefault();
      take(event.dataTransfer?.files);
    };
    return html`<details class="upload" open>
      <summary>${t("exchange.deliver")}</summary>
      <form @submit=${(event: SubmitEvent) => void this.deliver(event)}>
        <div class="drop" @dragover=${(event: Event) => event.preventDefault()} @drop=${drop}>
          <label class="button">${t("upload.choose")}
            <input type="file" class="sr" data-part="delivery" @change=${(event: Event) => take((event.currentTarget as HTMLInputElement).files)} /></label>
          ${this.file ? html`<b>${this.file.name}</b> <small>${bytes(this.file.size, this.tongue)}</small>` : html`<small>${t("upload.none")}</small>`}
        </div>
        <div class="acts">
          <label>${t("exchange.feed")}<select name="feed">${feeds.filter(({ active }) => active).map((one) => html`<option value=${one.id}>${one.id} → ${one.dataset}</option>`)}</select></label>
          <label>${t("exchange.kind")}<select name="kind"><option value="full">${t("exchange.full")}</option><option value="incremental">${t("exchange.incremental")}</option></select></label>
          <label>${t("exchange.reference")}<input name="reference" maxlength="200" /></label>
          <label>${t("exchange.rows")}<input name="rows" type="number" min="0" step="1" /></label>
          <button data-act="deliver" ?disabled=${!this.file || this.busy}>${t("exchange.send")}</button>
        </div>
      </form>
      ${this.refusal("deliver")}
    </details>`;
  }

  private deliveries(): TemplateResult {
    const { only } = this;
    const asked = this.held.list(`${this.who} ${only}`, (after) => bureau.deliveries(only, after));
    const list = ({ items }: Page<Delivery>): TemplateResult => {
      this.follow(items);
      return html`${items.length ? this.table(items) : html`<p class="calm">${t("exchange.none")}</p>`}${this.held.foot()}`;
    };
    const choose = (event: Event): void => {
      this.only = (event.currentTarget as HTMLSelectElement).value;
    };
    const states = ["", "received", "admitted", "refused"] as const;
    return html`<section><h2>${t("exchange.deliveries")}</h2>
      <p class="choices"><label>${t("exchange.state")} <select @change=${choose}>
        ${states.map((each) => html`<option value=${each} ?selected=${each === this.only}>${each ? t(`exchange.${each}`) : t("exchange.all")}</option>`)}</select></label></p>
      ${shown(asked, () => this.held.forget(), list)}</section>`;
  }

  private table(items: Delivery[]): TemplateResult {
    const count = (one: Delivery, name: string): string => {
      const n = one.counts[name];
      return typeof n === "number" ? number(n, this.tongue, 0) : "—";
    };
    return html`<div class="table" tabindex="0" role="region" aria-label=${t("exchange.deliveries")}><table>
      <thead><tr>
        <th scope="col">${t("exchange.file")}</th><th scope="col">${t("exchange.bureau")}</th><th scope="col">${t("exchange.state")}</th>
        <th scope="col" class="number">${t("exchange.count.received")}</th><th scope="col" class="number">${t("exchange.count.admitted")}</th>
        <th scope="col" class="number">${t("exchange.count.refused")}</th><th scope="col">${t("exchange.when")}</th>
      </tr></thead>
      <tbody>${items.map((one) => html`<tr data-delivery=${one.id}>
        <td>${itemLink(one.id, one.name)}<br /><small>${one.feed}</small></td><td>${one.organisation}</td>
        <td>${one.state === "refused" ? html`<b class="warn">${t("exchange.refused")}</b>` : t(`exchange.${one.state}`)}</td>
        <td class="number">${count(one, "received")}</td><td class="number">${count(one, "admitted")}</td>
        <td class="number">${count(one, "refused")}</td><td class="tight">${moment(one.received, this.zone)}</td>
      </tr>`)}</tbody></table></div>`;
  }
}
