import { html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { calls } from "../api/calls";
import { problemOf } from "../api/client";
import type { Offer } from "../api/portal";
import type { Problem } from "../api/types";
import { nameOf } from "../format";
import { t } from "../i18n";
import { Piece } from "../shell/element";
import { Fetched } from "../shell/fetched";
import { problemCard } from "../shell/parts";
import { data, here } from "../state/data";

const YEAR_MS = 365 * 86_400_000;

/** A request for a dataset that is shared on conditions: what for, until when; the data officer answers it. */
@customElement("lf-request")
export class RequestPiece extends Piece {
  @property({ attribute: false }) which = "";
  /** What may be asked for of it; looked up among the offers if it is not given. */
  @property({ attribute: false }) offer: Offer | null = null;
  @state() private sent = false;
  @state() private refused: Problem | null = null;
  private readonly offers = new Fetched<Offer[]>(this);

  protected override render(): TemplateResult {
    if (this.sent) return html`<p class="calm" role="status">${t("request.sent")}</p>`;
    const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
    const now = Date.now();
    return html`<details class="request">
      <summary>${t("request.title")}</summary>
      <form class="feedback" @submit=${(event: SubmitEvent) => void this.ask(event)}>
        <label>${t("request.purpose")} <textarea name="purpose" rows="2" maxlength="200" required></textarea></label>
        ${this.fields()}
        <label>${t("request.until")} <input type="date" name="until" required min=${day(now)} .value=${day(now + YEAR_MS / 2)} /></label>
        <button type="submit">${t("request.send")}</button>
      </form>
      ${this.refused ? problemCard(this.refused) : nothing}
    </details>`;
  }

  private fields(): TemplateResult | typeof nothing {
    const offer = this.offer ?? here(this.offers.want("offers", calls.everyOffer))?.find(({ id }) => id === this.which);
    if (!offer) return nothing;
    return html`<fieldset><legend>${t("request.fields")}</legend>
      ${offer.fields.map(({ name, title }) => html`<label><input type="checkbox" name="fields" value=${name} checked /> ${nameOf(title, this.tongue) || name}</label> `)}
    </fieldset>`;
  }

  private async ask(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const told = new FormData(event.currentTarget as HTMLFormElement);
    try {
      await calls.requestShare({ dataset: this.which, purpose: String(told.get("purpose")), fields: told.getAll("fields").map(String), until: `${String(told.get("until"))}T00:00:00Z` });
      this.sent = true;
      this.refused = null;
      data.set({ said: t("request.sent") });
      this.dispatchEvent(new CustomEvent("sent"));
    } catch (error) {
      this.refused = problemOf(error);
    }
  }
}
