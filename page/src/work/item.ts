import { html, type TemplateResult } from "lit";
import { t } from "../i18n";
import { formatView } from "../state/url";
import { view } from "../state/view";

/** Return a link that opens one thing in the tab that is open. */
export function itemLink(item: string, words: string): TemplateResult {
  const open = (event: MouseEvent): void => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    view.set({ item });
  };
  return html`<a href=${formatView({ ...view.value, item })} data-item=${item} @click=${open}>${words}</a>`;
}

/** Return the way back from one thing to its tab's list. */
export function backToList(): TemplateResult {
  return html`<button type="button" class="quiet back" @click=${() => view.set({ item: null })}>‹ ${t("work.back")}</button>`;
}
