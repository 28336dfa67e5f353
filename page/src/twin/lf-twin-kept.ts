import { html, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { t } from "../i18n";
import { Piece } from "../shell/element";
import { data } from "../state/data";
import { MOST_MARKS } from "../state/twin-url";
import { view } from "../state/view";
import { bookmarkOf, bookmarks, carryBookmarks, keepBookmarks, visitBookmark } from "./bookmarks";

const STAY_MS = 4_000;

/** Views that are kept: gone back to, named, sent along with the address, shown one after the other. */
@customElement("lf-twin-kept")
export class TwinKeptPiece extends Piece {
  /** Which of them the tour is at; null: no tour. */
  @state() private stop: number | null = null;
  private timer = 0;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.end();
  }

  protected override render(): TemplateResult {
    const marks = bookmarks();
    const carried = view.value.twin.marks.length > 0;
    const rename = (n: number, name: string): void => this.keep(marks.map((each, at) => (at === n ? { ...each, name: name || each.name } : each)));
    return html`<button type="button" class="quiet" ?disabled=${marks.length >= MOST_MARKS} @click=${() => this.keep([...marks, bookmarkOf(`${t("twin.keep.view")} ${marks.length + 1}`)])}>${t("twin.keep.add")}</button>
      <button type="button" class="quiet" @click=${() => data.set({ dialog: "share" })}>${t("header.share")}</button>
      <ul>${marks.map((each, n) => html`<li aria-current=${this.stop === n ? "true" : nothing}>
        <input type="text" maxlength="60" .value=${each.name} aria-label=${t("twin.keep.name", { n: n + 1 })} @change=${(event: Event) => rename(n, (event.currentTarget as HTMLInputElement).value)} />
        <button type="button" class="quiet" aria-label=${t("twin.keep.go", { name: each.name })} @click=${() => visitBookmark(each)}>→</button>
        <button type="button" class="quiet" aria-label=${t("twin.keep.remove", { name: each.name })} @click=${() => this.keep(marks.filter((_, at) => at !== n))}>×</button></li>`)}</ul>
      ${marks.length > 1 ? html`<button type="button" class="quiet" aria-pressed=${this.stop !== null} @click=${() => (this.stop === null ? this.tour(0) : this.end())}>${t("twin.keep.tour")}</button>` : nothing}
      ${marks.length ? html`<label><input type="checkbox" .checked=${carried} @change=${() => carryBookmarks(carried ? [] : marks)} /> ${t("twin.keep.carry")}</label>` : nothing}`;
  }

  private keep(marks: ReturnType<typeof bookmarks>): void {
    keepBookmarks(marks);
    this.requestUpdate();
  }

  private tour(n: number): void {
    const mark = bookmarks()[n];
    if (!mark) return this.end();
    this.stop = n;
    visitBookmark(mark);
    this.timer = window.setTimeout(() => this.tour(n + 1), STAY_MS);
  }

  private end(): void {
    window.clearTimeout(this.timer);
    this.stop = null;
  }
}
