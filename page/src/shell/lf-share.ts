import { html, nothing, type TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";
import { t } from "../i18n";
import { data } from "../state/data";
import { embedCode, snapshotLink, viewLink } from "../state/share";
import { Piece } from "./element";
import { command } from "./parts";

/** What is in the window of sharing: the view as a link, as a link to this very hour, and as a frame. */
@customElement("lf-share")
export class SharePiece extends Piece {
  protected override render(): TemplateResult | typeof nothing {
    if (data.value.dialog !== "share") return nothing;
    const way = (title: string, words: string, text: string): TemplateResult =>
      html`<h3>${title}</h3><p class="fine">${words}</p>${command(text)}`;
    return html`<div class="share">
      ${way(t("share.snapshot"), t("share.snapshot.what"), snapshotLink(this.moment, this.zone))}
      ${way(t("share.live"), t("share.live.what"), viewLink())}
      ${way(t("share.embed"), t("share.embed.what"), embedCode(document.title))}
      ${command('embedded_by = ["https://www.example.gov.cn"]')}
    </div>`;
  }
}
