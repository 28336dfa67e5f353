import "../css/sensing.css";
import { html, nothing, type TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";
import { t } from "../i18n";
import "../panels/lf-station";
import { Piece } from "../shell/element";
import { emptyCard } from "../shell/parts";
import { pending } from "../shell/ready";
import { data, here } from "../state/data";
import { anyDevices, followNetwork, loadPicture, mayBeDevice } from "../state/network";
import { view } from "../state/view";
import "./lf-coverage";
import "./lf-datastream";
import "./lf-device";
import "./lf-device-table";
import "./lf-devices";
import "./lf-flow";
import "./lf-groups";
import "./lf-links";
import "./lf-series-list";

/** The room of what the city senses: how it flows, its devices and links, and every observed series. */
@customElement("lf-sensing")
export class SensingPiece extends Piece {
  private end: (() => void) | null = null;
  private who = "";

  override connectedCallback(): void {
    super.connectedCallback();
    void loadPicture();
    this.end = followNetwork();
    pending.delete("sensing");
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.end?.();
    this.end = null;
  }

  /** Somebody else may see more, or less. */
  protected override willUpdate(): void {
    const who = data.value.subject?.name ?? "";
    if (who !== this.who && here(data.value.city)) void loadPicture();
    if (here(data.value.city)) this.who = who;
  }

  protected override render(): TemplateResult {
    const { pick } = view.value;
    const picture = here(data.value.picture);
    if (pick && picture) return mayBeDevice(pick) ? html`<lf-device></lf-device>` : html`<lf-station></lf-station>`;
    const streams = here(data.value.datastreams);
    const nothingYet = picture && !anyDevices() && streams?.length === 0;
    return html`<lf-flow></lf-flow>
      ${nothingYet ? html`<section class="panel">${emptyCard(t("sensing.empty"), "lifang demo chengdu")}</section>` : nothing}
      <lf-devices></lf-devices>
      ${anyDevices() ? html`<lf-links></lf-links><lf-groups></lf-groups>` : nothing}
      <lf-coverage></lf-coverage>
      <lf-series-list></lf-series-list>`;
  }
}
