import { html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { bureau, type Feed, type Organisation } from "../api/bureau";
import { nameOf } from "../format";
import { t, type Key } from "../i18n";
import { Fetched } from "../shell/fetched";
import { data, here, mayAct } from "../state/data";
import { ActingPiece, SLUG } from "../work/acting";

type Kind = "upload" | "folder" | "http" | "sftp";
interface Field {
  name: string;
  label: Key;
  /** What stands in it until something is written; a field that has a `value` may stay as it is. */
  hint?: string;
  value?: string;
  needed?: boolean;
  secret?: boolean;
  long?: boolean;
}

/** What each way of coming in has to know. */
const FIELDS: Record<Kind, readonly Field[]> = {
  upload: [],
  folder: [
    { name: "path", label: "feed.path", hint: "inbox/fire", needed: true },
    { name: "pattern", label: "feed.pattern", value: "*.csv" },
  ],
  http: [{ name: "url", label: "feed.url", hint: "https://example.org/hydrants.csv", needed: true }],
  sftp: [
    { name: "host", label: "feed.host", hint: "sftp.example.org", needed: true },
    { name: "user", label: "feed.user", needed: true },
    { name: "host_key", label: "feed.host_key", hint: "ssh-ed25519 AAAA…", needed: true },
    { name: "path", label: "feed.path", value: "." },
    { name: "pattern", label: "feed.pattern", value: "*.csv" },
    { name: "password", label: "feed.password", secret: true },
    { name: "private_key", label: "feed.private_key", secret: true, long: true },
  ],
};
const KINDS = Object.keys(FIELDS) as Kind[];

/** Where a data officer begins a feed: whose, to which dataset, and how its files come; and where a bureau is added. */
@customElement("lf-new-feed")
export class NewFeedPiece extends ActingPiece {
  @property({ attribute: false }) feeds: Feed[] = [];
  @state() private kind: Kind = "upload";
  private readonly bureaus = new Fetched<Organisation[]>(this);

  protected override render(): TemplateResult {
    const bureaus = here(this.bureaus.want(this.who, () => bureau.organisations())) ?? [];
    const choose = (event: Event): void => {
      this.kind = (event.currentTarget as HTMLSelectElement).value as Kind;
    };
    return html`<details class="work-more" data-part="new-feed"><summary>${t("feed.begin")}</summary>
      <p class="fine">${t("feed.lead")}</p>
      <form class="work-form" @submit=${(event: SubmitEvent) => void this.begin(event)}>
        <label>${t("exchange.bureau")} <select name="organisation" required>${bureaus.map(({ id, name }) => html`<option value=${id}>${nameOf(name, this.tongue)} · ${id}</option>`)}</select></label>
        <label>${t("feed.dataset")} <input name="dataset" required maxlength="64" pattern=${SLUG} autocomplete="off" placeholder="hydrants" /></label>
        <label>${t("feed.id")} <input name="id" maxlength="64" pattern=${SLUG} autocomplete="off" /></label>
        <label>${t("exchange.source")} <select name="kind" @change=${choose}>${KINDS.map((each) => html`<option value=${each}>${t(`exchange.source.${each}`)}</option>`)}</select></label>
        ${FIELDS[this.kind].map((field) => this.field(field))}
        <p class="buttons"><button data-act="begin-feed">${t("feed.begin.do")}</button></p>
      </form>${this.refusal("feed")}
    </details>
    ${mayAct(data.value.subject) ? this.adding() : nothing}`;
  }

  private field({ name, label, hint = "", value = "", needed, secret, long }: Field): TemplateResult {
    if (long) return html`<label>${t(label)} <textarea name=${name} rows="3" data-secret spellcheck="false"></textarea></label>`;
    return html`<label>${t(label)} <input name=${name} type=${secret ? "password" : "text"} ?data-secret=${secret} ?required=${needed} placeholder=${hint} .value=${value} autocomplete="off" maxlength="2000" /></label>`;
  }

  private adding(): TemplateResult {
    return html`<details class="work-more" data-part="new-bureau"><summary>${t("bureau.add")}</summary>
      <form class="work-form" @submit=${(event: SubmitEvent) => void this.add(event)}>
        <label>${t("bureau.id")} <input name="id" required maxlength="64" pattern=${SLUG} autocomplete="off" placeholder="fire" /></label>
        <label>${t("bureau.zh")} <input name="zh" required maxlength="200" autocomplete="off" lang="zh-CN" /></label>
        <label>${t("bureau.en")} <input name="en" maxlength="200" autocomplete="off" lang="en" /></label>
        <p class="buttons"><button data-act="add-bureau">${t("bureau.add.do")}</button></p>
      </form>${this.refusal("bureau")}
    </details>`;
  }

  private async begin(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const told = (name: string): string => String(new FormData(form).get(name) ?? "").trim();
    const given = FIELDS[this.kind].filter(({ name }) => told(name));
    const values = (secret: boolean): Record<string, string> => Object.fromEntries(given.filter((one) => (one.secret ?? false) === secret).map(({ name }) => [name, told(name)]));
    const dataset = told("dataset");
    const id = told("id") || dataset;
    const feed = { organisation: told("organisation"), dataset, source: { kind: this.kind, ...values(false) } };
    if (!(await this.act("feed", t("feed.begun"), () => bureau.putFeed(id, feed, values(true))))) return;
    form.reset();
    this.kind = "upload";
    this.dispatchEvent(new CustomEvent("changed", { bubbles: true }));
  }

  private async add(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const told = (name: string): string => String(new FormData(form).get(name) ?? "").trim();
    if (!(await this.act("bureau", t("bureau.added"), () => bureau.addOrganisation(told("id"), told("zh"), told("en") || told("zh"))))) return;
    form.reset();
    this.bureaus.forget();
  }
}
