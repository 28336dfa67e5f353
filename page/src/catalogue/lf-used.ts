import { html, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { calls } from "../api/calls";
import type { DatasetUse } from "../api/portal";
import "../charts/lf-plot";
import { number } from "../format";
import { t } from "../i18n";
import { Piece } from "../shell/element";
import { Fetched } from "../shell/fetched";
import { problemCard, skeleton } from "../shell/parts";

const WAYS = ["reads", "downloads", "queries"] as const;

/** How often a dataset was read, downloaded and queried of late, by all together. */
@customElement("lf-used")
export class UsedPiece extends Piece {
  @property({ attribute: false }) which = "";
  private readonly held = new Fetched<DatasetUse>(this);

  protected override render(): TemplateResult {
    const asked = this.held.want(this.which, () => calls.used(this.which));
    if (asked.state === "asked") return skeleton(3);
    if (asked.state === "refused") return problemCard(asked.problem, () => this.held.forget());
    const { days, items } = asked.value;
    if (items.length === 0) return html`<p class="calm">${t("used.none", { n: days })}</p>`;
    const series = WAYS.map((way) => ({ name: t(`used.${way}`), spots: items.map((each) => ({ x: each.day, y: each[way] })).reverse() }));
    return html`<p class="figures">
        ${WAYS.map((way) => html`<span class="figure"><b>${number(items.reduce((sum, each) => sum + each[way], 0), this.tongue, 0)}</b> ${t(`used.${way}`)}</span>`)}
        <span class="figure"><b>${number(items.reduce((sum, each) => sum + each.rows, 0), this.tongue, 0)}</b> ${t("used.rows")}</span>
      </p>
      <lf-plot .name=${t("dataset.used")} .by=${t("usage.day")} .form=${"bars"} .scale=${"name"} .series=${series}></lf-plot>
      <p class="fine">${t("used.what", { n: days })}</p>`;
  }
}
