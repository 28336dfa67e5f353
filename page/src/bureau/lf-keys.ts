import { html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { bureau, type PublicKey } from "../api/bureau";
import { t } from "../i18n";
import { saveBlob } from "../map/picture";
import { Fetched } from "../shell/fetched";
import { ActingPiece, shown } from "../work/acting";
import { canSign, newKeyPair } from "./receipts";

/** The keys that bureaus sign receipts with: made here or brought as a file, registered, retired. */
@customElement("lf-keys")
export class KeysPiece extends ActingPiece {
  @property({ attribute: false }) bureaus: string[] = [];
  @state() private whose = "";
  private readonly held = new Fetched<PublicKey[]>(this);

  protected override render(): TemplateResult {
    const asked = this.held.want(this.who, async () => (await bureau.keys()).keys);
    const whose = this.bureaus.includes(this.whose) ? this.whose : (this.bureaus[0] ?? "");
    const choose = (event: Event): void => {
      this.whose = (event.currentTarget as HTMLSelectElement).value;
    };
    return html`<details class="work-more" data-part="keys"><summary>${t("keys.title")}</summary>
      <p class="fine">${t("keys.lead")}</p>
      ${shown(asked, () => this.held.forget(), (keys) => this.table(keys))}
      ${whose ? html`<p class="acts">
          <label>${t("exchange.bureau")}<select data-part="key-bureau" @change=${choose}>${this.bureaus.map((each) => html`<option value=${each} ?selected=${each === whose}>${each}</option>`)}</select></label>
          <button type="button" data-act="make-key" ?disabled=${!canSign()} @click=${() => void this.make(whose)}>${t("keys.make")}</button>
          <span class="drop"><label class="button">${t("keys.file")}
            <input type="file" class="sr" data-part="public-key" accept=".json,.jwk" @change=${(event: Event) => void this.bring(whose, event.currentTarget as HTMLInputElement)} /></label></span>
        </p><p class="fine">${t(canSign() ? "keys.make.how" : "keys.make.insecure")}</p>` : html`<p class="calm">${t("keys.nobureau")}</p>`}
      ${this.refusal("key")}</details>`;
  }

  private table(keys: PublicKey[]): TemplateResult {
    const theirs = keys.filter(({ organisation }) => organisation);
    if (!theirs.length) return html`<p class="calm">${t("keys.none")}</p>`;
    return html`<div class="table" tabindex="0" role="region" aria-label=${t("keys.title")}><table>
      <thead><tr><th scope="col">${t("exchange.bureau")}</th><th scope="col">${t("exchange.key")}</th><th scope="col">${t("exchange.standing")}</th><th scope="col">${t("exchange.acts")}</th></tr></thead>
      <tbody>${theirs.map((key) => html`<tr data-key=${key.kid}><th scope="row">${key.organisation}</th><td><code>${key.kid}</code></td>
        <td>${t(key.retired ? "keys.retired" : "keys.valid")}</td>
        <td class="tight">${key.retired ? nothing : html`<button type="button" class="quiet" data-act="retire" @click=${() => void this.change(t("keys.retired.said"), () => bureau.retireKey(key.organisation ?? "", key.kid))}>${t("keys.retire")}</button>`}</td></tr>`)}</tbody>
    </table></div>`;
  }

  /** Make a pair: the public half is registered, the private one is handed to the person and kept nowhere else. */
  private async make(whose: string): Promise<void> {
    await this.change(t("keys.made"), async () => {
      const { secret, open } = await newKeyPair();
      await bureau.addKey(whose, open);
      saveBlob(new Blob([JSON.stringify(secret, null, 2)], { type: "application/json" }), `${whose}-private-key.jwk.json`);
    });
  }

  private async bring(whose: string, input: HTMLInputElement): Promise<void> {
    const file = input.files?.[0];
    if (!file) return;
    await this.change(t("keys.added"), async () => {
      const { kty = "", crv = "", x = "" } = JSON.parse(await file.text()) as JsonWebKey;
      await bureau.addKey(whose, { kty, crv, x });
    });
    input.value = "";
  }

  private async change(words: string, work: () => Promise<unknown>): Promise<void> {
    if (await this.act("key", words, work)) this.held.forget();
  }
}
