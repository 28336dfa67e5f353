import { html, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { net, type Link } from "../api/network";
import { downloadAddress } from "../api/client";
import { ABSENT, moment, nameOf, number } from "../format";
import { t } from "../i18n";
import { Piece } from "../shell/element";
import { Fetched } from "../shell/fetched";
import { Foot } from "../shell/foot";
import { emptyCard, problemCard, skeleton } from "../shell/parts";
import { data } from "../state/data";
import { LINKS_TABLE } from "../state/network";
import { changeView } from "../state/undo";
import { view } from "../state/view";
import { duration, percent } from "./words";

const LISTED = 8;
const EVERY_MS = 20_000;
const FIRST_COMMAND = 'curl -X POST …/api/v1/network/links -H "Content-Type: application/json" -d \'{"links": [{"id": "onu-1", "kind": "xgs-pon", "zh": "光纤", "en": "fibre"}]}\'';

/** Return whether a link is up, as shape and word. */
export function linkMark({ down, state_since }: Link, zone: string): TemplateResult {
  const since = state_since ? ` · ${t("links.since", { time: moment(state_since, zone) })}` : "";
  return html`<span class="link-state" data-down=${down}><i aria-hidden="true">${down ? "✕" : "●"}</i>${t(down ? "links.down" : "links.up")}${since}</span>`;
}

/** The links that carry the devices: those that are down first; and all of them as a table. */
@customElement("lf-links")
export class LinksPiece extends Piece {
  @state() private open = LISTED;
  private readonly foot = new Foot(this);
  private readonly links = new Fetched<Link[]>(this, "links");

  /** Draw as a table in the drawer, not as a list in the column. */
  private get whole(): boolean {
    return this.hasAttribute("whole");
  }

  protected override render(): TemplateResult {
    const turn = Math.floor(Date.now() / EVERY_MS);
    const asked = this.links.want(`${turn}|${data.value.subject?.name ?? ""}`, net.links);
    if (asked.state === "asked") return skeleton(4);
    if (asked.state === "refused") return problemCard(asked.problem, () => this.links.forget());
    const links = [...asked.value].sort((a, b) => Number(b.down) - Number(a.down) || b.devices - a.devices);
    if (this.whole) return this.table(links);
    const down = links.filter((link) => link.down).length;
    return html`<section class="panel secondary" aria-labelledby="links-title">
      <h2 id="links-title">${t("links.title")}</h2>
      ${links.length === 0 ? emptyCard(t("links.empty"), FIRST_COMMAND) : html`<p class="fine">${t("links.count", { n: links.length, down })}</p>`}
      <ul class="device-list">${links.slice(0, this.open).map((link) => this.item(link))}</ul>
      ${links.length > this.open ? this.foot.draw(this.open, () => void (this.open += 4 * LISTED)) : nothing}
      ${links.length
        ? html`<div class="buttons" data-layer=${LINKS_TABLE}><button type="button" class="quiet" @click=${() => view.set({ table: LINKS_TABLE })}>${t("links.table")}</button></div>`
        : nothing}
    </section>`;
  }

  private narrow(link: string): void {
    changeView(t("undo.filtered"), { devices: { ...view.value.devices, link }, table: null });
  }

  private item(link: Link): TemplateResult {
    return html`<li><button type="button" class="device-row" data-link=${link.id} @click=${() => this.narrow(link.id)}>
      ${linkMark(link, this.zone)} <b>${nameOf(link.name, this.tongue)}</b>
      <small>${nameOf(link.kind.name, this.tongue)} · ${t("links.devices", { n: number(link.devices, this.tongue, 0) })} · ${t("device.loss")} ${percent(link.loss, this.tongue)}</small>
    </button></li>`;
  }

  private table(links: Link[]): TemplateResult {
    const heads = ["name", "state", "kind", "capacity", "latency", "uplink", "devices", "uptime", "loss", "lag"] as const;
    return html`<header class="panel-head">
        <h2 tabindex="-1">${t("links.title")}</h2>
        <a class="button" href=${downloadAddress("/network/links", { format: "csv" })} download="links.csv">${t("drawer.csv")}</a>
        <button type="button" class="quiet" aria-label=${t("close")} @click=${() => view.set({ table: null })}>×</button>
      </header>
      <div class="table" tabindex="0" role="region" aria-label=${t("links.title")}><table>
        <thead><tr>${heads.map((head) => html`<th scope="col">${t(`links.head.${head}`)}</th>`)}</tr></thead>
        <tbody>${links.map(
          (link) => html`<tr data-link=${link.id}>
            <th scope="row"><button type="button" class="link" @click=${() => this.narrow(link.id)}>${nameOf(link.name, this.tongue)}</button> <small>${link.id}</small></th>
            <td>${linkMark(link, this.zone)}</td><td>${nameOf(link.kind.name, this.tongue)}</td>
            <td class="number">${link.capacity_mbps === null ? ABSENT : `${number(link.capacity_mbps, this.tongue)} Mbit/s`}</td>
            <td class="number">${link.latency_ms === null ? ABSENT : `${number(link.latency_ms, this.tongue)} ms`}</td><td>${link.uplink || ABSENT}</td>
            <td class="number">${number(link.devices, this.tongue, 0)}</td><td class="number">${percent(link.uptime, this.tongue)}</td>
            <td class="number">${percent(link.loss, this.tongue)}</td><td class="number">${duration(link.lag_s, this.tongue)}</td>
          </tr>`,
        )}</tbody>
      </table></div>`;
  }
}
