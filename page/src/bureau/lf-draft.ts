import "../css/work.css";
import { html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { bureau, type Organisation, type StandardSummary } from "../api/bureau";
import { nameOf } from "../format";
import { t } from "../i18n";
import { Fetched } from "../shell/fetched";
import { here } from "../state/data";
import { view } from "../state/view";
import { ActingPiece, said, SLUG } from "../work/acting";

const CLASSES = ["open", "shared", "restricted"] as const;

/** Where a data officer begins a dataset before its first file is there: a draft that only those see who prepare data. */
@customElement("lf-draft")
export class DraftPiece extends ActingPiece {
  /** The standard that it follows, as `id@edition`; empty: chosen here. */
  @property({ attribute: false }) standard = "";
  private readonly standards = new Fetched<StandardSummary[]>(this);
  private readonly bureaus = new Fetched<Organisation[]>(this);

  protected override render(): TemplateResult {
    const bureaus = here(this.bureaus.want(this.who, () => bureau.organisations())) ?? [];
    return html`<details class="draft" data-part="draft"><summary>${t("draft.begin")}</summary>
      <p class="fine">${t("draft.lead")}</p>
      <form class="work-form" @submit=${(event: SubmitEvent) => void this.begin(event, bureaus)}>
        <label>${t("draft.id")} <input name="id" required maxlength="64" pattern=${SLUG} autocomplete="off" placeholder="hydrants" /></label>
        <label>${t("draft.zh")} <input name="zh" required maxlength="200" autocomplete="off" lang="zh-CN" /></label>
        <label>${t("draft.en")} <input name="en" maxlength="200" autocomplete="off" lang="en" /></label>
        <label>${t("draft.summary")} <textarea name="summary" rows="2" maxlength="2000"></textarea></label>
        <label>${t("draft.provider")} <select name="provider"><option value="">—</option>${bureaus.map(({ id, name }) => html`<option value=${id}>${nameOf(name, this.tongue)}</option>`)}</select></label>
        ${this.standard ? nothing : this.chooser()}
        <label>${t("facet.classification")} <select name="classification">${CLASSES.map((each) => html`<option value=${each} ?selected=${each === "shared"}>${t(`classification.${each}`)}</option>`)}</select></label>
        <p class="buttons"><button data-act="begin-draft">${t("draft.do")}</button></p>
      </form>${this.refusal("draft")}
    </details>`;
  }

  private chooser(): TemplateResult {
    const all = here(this.standards.want(this.who, async () => (await bureau.standards()).items)) ?? [];
    return html`<label>${t("draft.standard")} <select name="standard"><option value="">${t("draft.nostandard")}</option>
      ${all.map((one) => html`<option value=${one.reference}>${nameOf(one.title, this.tongue)} · ${one.reference}</option>`)}</select></label>`;
  }

  private async begin(event: SubmitEvent, bureaus: Organisation[]): Promise<void> {
    event.preventDefault();
    const told = (name: string): string => said(event, name);
    const [id, zh, summary] = [told("id"), told("zh"), told("summary")];
    const provider = bureaus.find((one) => one.id === told("provider"))?.name;
    const card = {
      id, name: { zh, en: told("en") || zh }, classification: told("classification"),
      ...(summary ? { summary: { zh: summary, en: summary } } : {}), ...(provider ? { provider } : {}),
    };
    const reference = this.standard || told("standard");
    const done = await this.act("draft", t("draft.begun"), async () => bureau.begin({ ...card, ...(reference ? await following(reference) : {}) }));
    if (done) view.set({ room: "data", tab: null, item: null, dataset: id });
  }
}

/** Return what a card says of the standard that it follows: which, its key, and where it stands in the catalogue. */
async function following(reference: string): Promise<Record<string, unknown>> {
  const { kind, theme, elements } = await bureau.standard(reference);
  const key = elements.filter((one) => one.key).map(({ id }) => id);
  return { standard: reference, key, [kind === "base" ? "base" : "theme"]: theme };
}
