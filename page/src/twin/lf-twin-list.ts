import { html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { calls } from "../api/calls";
import type { CityObject, Page, TwinExtent, TwinModel } from "../api/types";
import { bracketed, nameOf, number } from "../format";
import { t } from "../i18n";
import { Piece } from "../shell/element";
import { Fetched } from "../shell/fetched";
import { problemCard, skeleton } from "../shell/parts";
import { data } from "../state/data";
import { view } from "../state/view";

const LISTED = 60;

type Asked = Record<string, string | number | null>;
type Found = Page<CityObject> & { near?: boolean };

/** The objects of the twin as a list: by class, by model, by what their names hold, page by page. */
@customElement("lf-twin-list")
export class TwinListPiece extends Piece {
  @property({ attribute: false }) extent: TwinExtent | null = null;
  @property({ attribute: false }) models: TwinModel[] = [];
  @state() private find = "";
  @state() private kind = "";
  @state() private cursors: (string | number | null)[] = [null];
  private readonly list = new Fetched<Found>(this, "twin-list");

  protected override render(): TemplateResult {
    const { at, twin } = view.value;
    const after = this.cursors.at(-1) ?? null;
    const asked = { q: this.find, class: this.kind || null, model: twin.model, scenario: twin.scenario, at, after, limit: LISTED };
    const found = this.list.want(`${JSON.stringify(asked)} ${data.value.twin}`, () => this.called(asked));
    const classes = this.extent?.asset.extras.classes ?? [];
    return html`<section class="panel" aria-labelledby="twin-title">
      <h2 id="twin-title">${t("twin.objects")}</h2>
      <input type="search" class="wide" .value=${this.find} placeholder=${t("twin.find")} aria-label=${t("twin.find")}
        @change=${(event: Event) => this.narrow({ find: (event.currentTarget as HTMLInputElement).value })} />
      <label class="wide">${t("twin.class")}
        <select @change=${(event: Event) => this.narrow({ kind: (event.currentTarget as HTMLSelectElement).value })}>
          <option value="">${t("twin.all")}</option>
          ${classes.map((each) => html`<option value=${each.id} ?selected=${each.id === this.kind}>${nameOf(each, this.tongue)}${bracketed(number(each.count, this.tongue, 0), this.tongue)}</option>`)}
        </select></label>
      ${found.state === "here" ? this.rows(found.value) : found.state === "refused" ? problemCard(found.problem) : skeleton(8)}
    </section>`;
  }

  private narrow(to: { find?: string; kind?: string }): void {
    Object.assign(this, to);
    this.cursors = [null];
  }

  /** What is called so; only where nothing is, what is called nearly so. */
  private async called(asked: Asked): Promise<Found> {
    const so = await calls.objects(asked);
    if (so.items.length || !asked["q"]) return so;
    return { ...(await calls.objects({ ...asked, q: null, fuzzy: asked["q"] })), near: true };
  }

  private rows({ items, next, near }: Found): TemplateResult {
    if (!items.length) return html`<p class="calm">${t("twin.none")}</p>`;
    const made = new Set(this.models.filter(({ generated }) => generated).map(({ id }) => id));
    const mark = (each: CityObject): string => (made.has(each.model) ? t("twin.generated.short") : "");
    return html`${near ? html`<p class="calm">${t("twin.near")}</p>` : nothing}<table class="streams">
        <thead><tr><th scope="col">${t("twin.object")}</th><th scope="col">${t("twin.class")}</th><th scope="col" class="number">${t("twin.height")}</th></tr></thead>
        <tbody>
          ${items.map((each) => html`<tr>
            <th scope="row"><button type="button" class="link" @click=${() => this.dispatchEvent(new CustomEvent("visit", { detail: each }))}>${each.name || each.id.split(":").at(-1)}</button></th>
            <td>${nameOf(each.kind_name, this.tongue)}${mark(each)}</td>
            <td class="number">${number(each.top_m - each.bottom_m, this.tongue)}</td>
          </tr>`)}
        </tbody>
      </table>
      <footer class="pager">
        <button type="button" class="quiet" ?disabled=${this.cursors.length === 1} @click=${() => (this.cursors = this.cursors.slice(0, -1))}>${t("drawer.previous")}</button>
        <button type="button" class="quiet" ?disabled=${next === null || next === undefined} @click=${() => (this.cursors = [...this.cursors, next ?? null])}>${t("drawer.next")}</button>
      </footer>`;
  }
}
