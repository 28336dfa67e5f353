import { html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { bureau, type ColumnDrift, type Delivery, type Receipt, type Taken } from "../api/bureau";
import type { Page, RefusedRow } from "../api/types";
import { refusedTable } from "../catalogue/refused";
import { bytes, moment, number } from "../format";
import { t } from "../i18n";
import { saveBlob } from "../map/picture";
import { Fetched } from "../shell/fetched";
import { Listed } from "../shell/listed";
import { problemLines } from "../shell/parts";
import { view } from "../state/view";
import { ActingPiece, shown } from "../work/acting";
import { backToList } from "../work/item";
import { acknowledgement, canSign, faultyReceipts } from "./receipts";

const POLL_MS = 700;
const COUNTS = ["declared", "received", "superseded", "admitted", "refused", "in_release"] as const;

/** One delivery: what became of it, its counts, what to mend, how its columns drifted, and its receipts. */
@customElement("lf-delivery")
export class DeliveryPiece extends ActingPiece {
  @property({ attribute: false }) which = "";
  @state() private verdict: number[] | null = null;
  private readonly held = new Fetched<Taken>(this, "work-list");
  private readonly cells = new Listed<Page<RefusedRow>>(this);
  private timer = 0;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.clearTimeout(this.timer);
  }

  protected override render(): TemplateResult {
    const again = (): void => this.held.forget();
    const asked = this.held.want(this.which, () => bureau.delivery(this.which));
    return html`${backToList()}${shown(asked, again, (delivery) => {
      window.clearTimeout(this.timer);
      if (delivery.state === "received") this.timer = window.setTimeout(again, POLL_MS);
      return this.told(delivery);
    })}`;
  }

  private told(delivery: Taken): TemplateResult {
    return html`<section data-delivery=${delivery.id} data-state=${delivery.state}>
        <h2>${delivery.name} <small role="status">${t(`exchange.${delivery.state}`)}</small></h2>
        <dl class="pairs">
          <dt>${t("exchange.bureau")}</dt><dd>${delivery.organisation}</dd>
          <dt>${t("exchange.feed")}</dt><dd>${delivery.feed} → <button type="button" class="link" data-act="dataset" @click=${() => view.set({ room: "data", dataset: delivery.dataset, tab: null, item: null })}>${delivery.dataset}</button></dd>
          <dt>${t("exchange.kind")}</dt><dd>${t(`exchange.${delivery.kind}`)}</dd>
          ${delivery.reference === delivery.sha256 ? nothing : html`<dt>${t("exchange.named")}</dt><dd>${delivery.reference}</dd>`}
          <dt>${t("exchange.when")}</dt><dd>${moment(delivery.received, this.zone)}</dd>
          <dt>${t("dataset.size")}</dt><dd>${bytes(delivery.bytes, this.tongue)}</dd>
          ${delivery.release ? html`<dt>${t("dataset.release")}</dt><dd>${delivery.release}</dd>` : nothing}
          <dt>SHA-256</dt><dd><code>${delivery.sha256}</code></dd>
        </dl>
      </section>
      ${delivery.problem ? this.problem(delivery.problem) : nothing}
      ${Object.keys(delivery.counts).length ? this.counts(delivery) : nothing}
      ${delivery.state === "admitted" && Number(delivery.counts["refused"] ?? 0) > 0 ? this.mending() : nothing}
      ${this.receipts(delivery)}`;
  }

  private problem(problem: NonNullable<Delivery["problem"]>): TemplateResult {
    const { differences } = problem;
    return html`<section>
      <h2>${t("exchange.why")}</h2>
      <div class="problem" role="alert">${differences ? html`<p>${t("exchange.drift")}</p><p class="mend"><b>${t("problem.mend")}</b> ${t("exchange.drift.mend")}</p>` : problemLines({ title: "", status: 422, ...problem })}</div>
      ${differences ? this.drift(differences) : nothing}
    </section>`;
  }

  private drift(differences: ColumnDrift[]): TemplateResult {
    return html`<h3>${t("exchange.drift.title")}</h3><div class="table" tabindex="0" role="region" aria-label=${t("exchange.drift.title")}><table data-drift>
      <thead><tr><th scope="col">${t("dataset.column")}</th><th scope="col">${t("versions.what")}</th><th scope="col">${t("exchange.due")}</th><th scope="col">${t("exchange.came")}</th></tr></thead>
      <tbody>${differences.map((one) => html`<tr><th scope="row"><code>${one.column}</code></th><td>${t(`exchange.drift.${one.kind}`)}</td>
        <td>${one.kind === "missing" ? html`<del>${one.expected || one.column}</del>` : one.expected || "—"}</td><td>${one.kind === "added" ? html`<ins>${one.found || one.column}</ins>` : one.found || "—"}</td></tr>`)}</tbody>
    </table></div>`;
  }

  private counts({ counts }: Delivery): TemplateResult {
    const balanced = counts["balanced"];
    return html`<section><h2>${t("exchange.counts")}</h2>
      <dl class="pairs" data-counts>${COUNTS.filter((name) => typeof counts[name] === "number").map((name) => html`<dt>${t(`exchange.count.${name}`)}</dt><dd>${number(Number(counts[name]), this.tongue, 0)}</dd>`)}</dl>
      ${typeof balanced === "boolean" ? html`<p class=${balanced ? "" : "warn"}>${t(balanced ? "exchange.balanced" : "exchange.unbalanced")}</p>` : nothing}</section>`;
  }

  private mending(): TemplateResult {
    const asked = this.cells.list(this.which, (after) => bureau.refused(this.which, after));
    return html`<section data-refused><h2>${t("exchange.mend")}</h2><p>${t("exchange.mend.how")}</p>
      ${shown(asked, () => this.cells.forget(), (page) => html`${refusedTable(page.items, this.tongue)}${this.cells.foot()}`)}</section>`;
  }

  private receipts(delivery: Taken): TemplateResult {
    const last = delivery.receipts.at(-1);
    const settled = delivery.state !== "received" && last && last.stage !== "acknowledged";
    return html`<section><h2>${t("exchange.receipts")}</h2>
      <div class="table" tabindex="0" role="region" aria-label=${t("exchange.receipts")}><table>
        <thead><tr><th scope="col">${t("exchange.stage")}</th><th scope="col">${t("exchange.when")}</th><th scope="col">${t("exchange.key")}</th><th scope="col">${t("exchange.holds")}</th></tr></thead>
        <tbody>${delivery.receipts.map((one, index) => html`<tr data-stage=${one.stage}><th scope="row">${t(`exchange.stage.${one.stage}`)}</th><td>${moment(one.recorded, this.zone)}</td>
          <td><code>${one.kid.slice(0, 12)}…</code></td><td>${this.verdict === null ? "—" : this.verdict.includes(index + 1) ? html`<b class="warn">${t("no")}</b>` : t("yes")}</td></tr>`)}</tbody>
      </table></div>
      <p class="acts"><button type="button" class="quiet" data-act="verify" ?disabled=${!canSign()} @click=${() => void this.verify(delivery)}>${t("exchange.verify")}</button>
        <button type="button" class="quiet" data-act="download" @click=${() => void this.download(delivery)}>${t("exchange.download")}</button></p>
      ${this.verdict === null ? nothing : html`<p role="status" data-verdict>${t(this.verdict.length ? "exchange.verify.no" : "exchange.verify.yes")}</p>`}
      ${settled ? this.countersign(delivery, last) : nothing} ${this.refusal("receipts")}</section>`;
  }

  private countersign(delivery: Taken, receipt: Receipt): TemplateResult {
    const take = async (file: File | undefined): Promise<void> => {
      if (!file) return;
      const done = await this.act("receipts", t("exchange.signed"), async () => {
        const text = (await file.text()).trim();
        const jws = text.startsWith("{") ? await acknowledgement(text, delivery.id, receipt.sha256) : text;
        await bureau.acknowledge(delivery.id, jws);
      });
      if (done) this.verdict = null;
      if (done) this.held.forget();
    };
    return html`<h3>${t("exchange.sign")}</h3><p class="fine">${t(canSign() ? "exchange.sign.how" : "exchange.sign.insecure")}</p>
      <span class="drop"><label class="button">${t("exchange.sign.file")}
        <input type="file" class="sr" data-part="signature" accept=".json,.jwk,.jws,.txt" @change=${(event: Event) => void take((event.currentTarget as HTMLInputElement).files?.[0])} /></label></span>`;
  }

  private async verify(delivery: Taken): Promise<void> {
    await this.act("receipts", t("exchange.verified"), async () => {
      this.verdict = await faultyReceipts(delivery.receipts, (await bureau.keys()).keys, delivery.id);
    });
  }

  /** Save the receipts with the keys of both sides, as `lifang exchange verify` reads them. */
  private async download(delivery: Taken): Promise<void> {
    await this.act("receipts", t("exchange.downloaded"), async () => {
      const { keys } = await bureau.keys();
      const both = JSON.stringify({ receipts: delivery.receipts, keys }, null, 2);
      saveBlob(new Blob([both], { type: "application/json" }), `receipts-${delivery.id}.json`);
    });
  }
}
