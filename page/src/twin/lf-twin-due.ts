import { html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { number } from "../format";
import { t } from "../i18n";
import { Piece } from "../shell/element";

/** What the scene waits for, and what could not be had. */
@customElement("lf-twin-due")
export class TwinDuePiece extends Piece {
  /** How much of what the camera asks for is there, 0 to 1; null while it is not known yet where the city stands. */
  @property({ attribute: false }) share: number | null = null;
  /** How many tiles could not be had. */
  @property({ type: Number }) failed = 0;

  protected override render(): TemplateResult | typeof nothing {
    if (this.failed) {
      const again = (): boolean => this.dispatchEvent(new CustomEvent("again"));
      return html`<p class="twin-due" role="alert">${t("twin.due.failed", { n: number(this.failed, this.tongue, 0) })}
        <button type="button" @click=${again}>${t("retry")}</button></p>`;
    }
    if (this.share === 1) return nothing;
    const words = this.share === null ? t("twin.due.where") : t("twin.due", { share: number(this.share * 100, this.tongue, 0) });
    return html`<p class="twin-due twin-coming" role="status">${words}</p>`;
  }
}
