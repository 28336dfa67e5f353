import { html, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { net, type By, type HealthReport } from "../api/network";
import { nameOf, number } from "../format";
import { t } from "../i18n";
import { Piece } from "../shell/element";
import { Fetched } from "../shell/fetched";
import { problemCard, skeleton } from "../shell/parts";
import { data } from "../state/data";
import { changeView } from "../state/undo";
import { view } from "../state/view";
import { duration, healthSign, percent } from "./words";

const BY: readonly By[] = ["district", "type", "organisation", "link"];
const MOST = 40;
const EVERY_MS = 20_000;

/** The network's health by group, the most silent first; a row narrows the devices to its group. */
@customElement("lf-groups")
export class GroupsPiece extends Piece {
  @state() private by: By = "district";
  private readonly report = new Fetched<HealthReport>(this, "groups");

  protected override render(): TemplateResult {
    const turn = Math.floor(Date.now() / EVERY_MS);
    const asked = this.report.want(`${this.by}|${turn}|${data.value.subject?.name ?? ""}`, () => net.health(this.by));
    return html`<section class="panel secondary" aria-labelledby="groups-title">
      <header class="panel-head">
        <h2 id="groups-title">${t("groups.title")}</h2>
        <select aria-label=${t("groups.by")} @change=${(event: Event) => (this.by = (event.currentTarget as HTMLSelectElement).value as By)}>
          ${BY.map((by) => html`<option value=${by} ?selected=${by === this.by}>${t(`facet.device.${by}` as "facet.device.type")}</option>`)}
        </select>
      </header>
      ${asked.state === "asked" ? skeleton(4) : asked.state === "refused" ? problemCard(asked.problem, () => this.report.forget()) : this.table(asked.value)}
    </section>`;
  }

  private table({ groups, rules }: HealthReport): TemplateResult {
    const ill = (health: Record<string, number>): number => (health["silent"] ?? 0) + (health["partial"] ?? 0) + (health["explained"] ?? 0);
    const order = [...groups].sort((a, b) => ill(b.health) - ill(a.health) || b.devices - a.devices).slice(0, MOST);
    const narrow = (code: string): void => changeView(t("undo.filtered"), { devices: { ...view.value.devices, [this.by]: code } });
    return html`<div class="table" tabindex="0" role="group" aria-labelledby="groups-title">
        <table class="groups">
          <thead><tr><th scope="col">${t(`facet.device.${this.by}` as "facet.device.type")}</th><th scope="col" class="number">${t("groups.devices")}</th>
            <th scope="col" class="number">${healthSign("silent")}${t("flow.silent")}</th><th scope="col" class="number">${t("device.uptime")}</th><th scope="col" class="number">${t("device.loss")}</th><th scope="col" class="number">${t("device.lag")}</th></tr></thead>
          <tbody>${order.map(
            ({ code, name, devices, health, uptime, loss, lag_s }) => html`<tr>
              <th scope="row">${code ? html`<button type="button" class="link" @click=${() => narrow(code)}>${nameOf(name, this.tongue)}</button>` : nameOf(name, this.tongue)}</th>
              <td class="number">${number(devices, this.tongue, 0)}</td><td class="number">${number(ill(health), this.tongue, 0)}</td>
              <td class="number">${percent(uptime, this.tongue)}</td><td class="number">${percent(loss, this.tongue)}</td><td class="number">${duration(lag_s, this.tongue)}</td>
            </tr>`,
          )}</tbody>
        </table>
      </div>
      <details class="rules"><summary>${t("groups.rules")}</summary>
        <ul>${rules.map(({ rule, text, parameters }) => html`<li><b>${rule}</b> ${nameOf(text, this.tongue)} <code>${parametersText(parameters)}</code></li>`)}</ul>
      </details>`;
  }
}

/** Return a rule's parameters as `name = value`. */
export function parametersText(parameters: Record<string, unknown>): string {
  return Object.entries(parameters)
    .map(([name, value]) => `${name} = ${String(value)}`)
    .join(", ");
}
