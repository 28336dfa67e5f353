import { html, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import "../css/catalogue.css";
import "../css/portal.css";
import "../css/work.css";
import { t } from "../i18n";
import "../i18n/later";
import { Piece } from "../shell/element";
import { skeleton } from "../shell/parts";
import { pending } from "../shell/ready";
import { data, here } from "../state/data";
import { formatView } from "../state/url";
import { view } from "../state/view";
import { TABS, type Tab } from "./tabs";

/** The room of work: what is to be done about the city's data, by tabs, each fetched when it is entered. */
@customElement("lf-work")
export class WorkPiece extends Piece {
  @state() private loaded = new Set<string>();
  private coming = "";
  private sought = "";

  private async fetch(tab: Tab): Promise<void> {
    if (this.coming === tab.id) return;
    this.coming = tab.id;
    pending.add("work");
    await tab.load();
    this.loaded = new Set([...this.loaded, tab.id]);
    await this.updateComplete;
    pending.delete("work");
  }

  private shown(): { tabs: Tab[]; open: Tab | undefined } {
    const tabs = TABS.filter(({ may }) => may(data.value.subject));
    return { tabs, open: tabs.find(({ id }) => id === view.value.tab) ?? tabs[0] };
  }

  protected override render(): TemplateResult {
    if (!here(data.value.city)) return skeleton(8);
    const { tabs, open } = this.shown();
    if (open && !this.loaded.has(open.id)) void this.fetch(open);
    return html`<div class="catalogue work">
      <header class="catalogue-head"><h1>${t("room.work")} <small>${open ? t(open.name) : ""}</small></h1></header>
      <nav class="work-tabs" aria-label=${t("room.work")}>${tabs.map((tab) => this.door(tab, tab === open))}</nav>
      ${open && this.loaded.has(open.id) ? open.show() : skeleton(8)}
    </div>`;
  }

  protected override updated(): void {
    const { open } = this.shown();
    if (!open || open.id === this.sought) return;
    this.sought = open.id;
    this.querySelector(".work-tabs [aria-current=page]")?.scrollIntoView({ block: "nearest", inline: "center" });
  }

  private door(tab: Tab, open: boolean): TemplateResult {
    const enter = (event: MouseEvent): void => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      view.set({ tab: tab.id, item: null });
    };
    return html`<a href=${formatView({ ...view.value, tab: tab.id, item: null })} aria-current=${open ? "page" : "false"} data-tab=${tab.id} @click=${enter}>${t(tab.name)}</a>`;
  }
}
