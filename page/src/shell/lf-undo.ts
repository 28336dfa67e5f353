import { html, nothing, type TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";
import { t } from "../i18n";
import { hideUndo, steps, undo } from "../state/undo";
import { Piece } from "./element";

/** The bar below: what was just done, and the way back. It takes no focus and stays until it is used or shut. */
@customElement("lf-undo")
export class UndoPiece extends Piece {
  private end: (() => void) | null = null;

  override connectedCallback(): void {
    super.connectedCallback();
    this.end = steps.listen(() => this.requestUpdate());
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.end?.();
  }

  protected override render(): TemplateResult {
    const { list, shown } = steps.value;
    const [last] = list;
    return html`<div role="status">
      ${last && shown
        ? html`<p class="undo">
            <span>${last.words}</span>
            <button type="button" @click=${undo}>${t("undo.undo")}</button>
            <button type="button" class="quiet" aria-label=${t("close")} @click=${hideUndo}>×</button>
          </p>`
        : nothing}
    </div>`;
  }
}
