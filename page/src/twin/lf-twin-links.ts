import { html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { Everything, TwinLink } from "../api/types";
import { bracketed, moment, nameOf } from "../format";
import { t } from "../i18n";
import { Piece } from "../shell/element";
import { view } from "../state/view";

/** What an object is linked to, each with who says so and since when; rows of datasets as they are. */
@customElement("lf-twin-links")
export class TwinLinksPiece extends Piece {
  @property({ attribute: false }) links: Everything["links"] = [];
  @property({ attribute: false }) rows: Everything["rows"] = [];

  protected override render(): TemplateResult | typeof nothing {
    const shown = this.links.filter(({ kind }) => kind !== "sensor");
    if (!shown.length) return nothing;
    return html`<h3>${t("twin.links")}</h3>
      <ul>${shown.map((each) => this.link(each))}</ul>
      ${this.rows.map(({ dataset, key, row }) => html`<details><summary><code>${dataset}/${key}</code></summary>
        <dl class="pairs">${Object.entries(row).filter(([, value]) => value !== null && value !== "").map(([name, value]) => html`<dt>${name}</dt><dd>${String(value)}</dd>`)}</dl>
      </details>`)}`;
  }

  private link(link: TwinLink): TemplateResult {
    const { end } = link;
    const name = nameOf(end.name, this.tongue) || end.id;
    const go = this.way(end.kind, end.id);
    return html`<li>${nameOf(link.kind_name, this.tongue)}${link.role ? bracketed(link.role, this.tongue) : ""}
      ${go ? html`<button type="button" class="link" @click=${go}>${name}</button>` : html`<b>${name}</b>`}
      <span class="fine">${link.source} · ${moment(link.valid_from, this.zone)} – ${link.valid_to ? moment(link.valid_to, this.zone) : t("twin.open")}</span></li>`;
  }

  /** Return what shows the other end; nothing for what is kept elsewhere. */
  private way(kind: string, id: string): (() => void) | null {
    if (kind === "object") return () => view.set({ pick: id });
    if (kind === "row" || kind === "dataset") return () => view.set({ room: "data", dataset: id.split("/")[0] ?? id, pick: null });
    if (kind === "datastream") return () => view.set({ room: "sensing", stream: id, span: null, pick: null });
    return kind === "thing" ? () => view.set({ room: "sensing", pick: id }) : null;
  }
}
