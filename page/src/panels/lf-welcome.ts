import { html, nothing, type TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";
import { t } from "../i18n";
import { Piece } from "../shell/element";
import { command } from "../shell/parts";
import { data, here, sensed } from "../state/data";
import { goTo } from "../state/view";

/** What an empty city shows in the place of its map: the three ways to begin, each with its very command. */
@customElement("lf-welcome")
export class WelcomePiece extends Piece {
  protected override render(): TemplateResult | typeof nothing {
    const city = here(data.value.city);
    const known = data.value.datastreams.state === "here";
    if (!city || !known || sensed() || city.layers.length > 0) return nothing;
    const way = (title: string, words: string, line: string): TemplateResult =>
      html`<li><h3>${title}</h3><p>${words}</p>${command(line)}</li>`;
    return html`<section class="welcome" aria-labelledby="welcome-title">
      <h2 id="welcome-title">${t("welcome.title")}</h2>
      <ol>
        ${way(t("welcome.data"), t("welcome.data.what"), "lifang data add FILE.csv --card dataset.toml")}
        ${way(t("welcome.layer"), t("welcome.layer.what"), '[[layers]]\ndataset = "districts"\ngeometry = "polygon"\nstyle = "district"')}
        ${way(t("welcome.demo"), t("welcome.demo.what"), "lifang demo chengdu --dir chengdu")}
      </ol>
      <button type="button" class="quiet" @click=${() => goTo("data")}>${t("welcome.open")}</button>
    </section>`;
  }
}
