import { html, nothing, type TemplateResult } from "lit";
import { problemOf } from "../api/client";
import type { After } from "../api/pages";
import type { Problem } from "../api/types";
import { t } from "../i18n";
import { here, type Asked } from "../state/data";
import { Fetched } from "./fetched";
import { problemCard } from "./parts";

interface Paged {
  items: unknown[];
  next: After;
}
type Call<P> = (after: After) => Promise<P>;

/** A list that the server tells a page at a time: what is here so far, and at its foot the way to more. */
export class Listed<P extends Paged> extends Fetched<P> {
  private listed = "";
  private open = 1;
  private call: Call<P> | null = null;
  private busy = false;
  private failed: Problem | null = null;

  /** Return what is here for a key: of another key its first page, of the same again as many items as were here. */
  list(key: string, call: Call<P>): Asked<P> {
    this.call = call;
    if (key !== this.listed) {
      this.listed = key;
      this.open = 1;
      this.failed = null;
    }
    return this.want(key, () => this.read(call, this.open));
  }

  private async read(call: Call<P>, items: number): Promise<P> {
    let found = await call(null);
    while (found.next !== null && found.items.length < items) found = joined(found, await call(found.next));
    return found;
  }

  private async more(): Promise<void> {
    const { call, listed } = this;
    const before = here(this.asked);
    if (!call || !before || before.next === null || this.busy) return;
    this.busy = true;
    this.failed = null;
    this.host.requestUpdate();
    try {
      let found = before;
      do found = joined(found, await call(found.next));
      while (found.next !== null && found.items.length === before.items.length);
      if (listed === this.listed && here(this.asked) === before) {
        this.asked = { state: "here", value: found };
        this.open = found.items.length;
      }
    } catch (error) {
      this.failed = problemOf(error);
    }
    this.busy = false;
    this.host.requestUpdate();
  }

  /** Return the list's foot: how many are shown, and a button for more; nothing when all are. */
  foot(): TemplateResult | typeof nothing {
    const page = here(this.asked);
    if (!page || page.next === null) return nothing;
    return html`<p class="list-foot"><button type="button" class="quiet" data-act="more" ?disabled=${this.busy} @click=${() => void this.more()}>${t("list.more")}</button>
        <span class="fine" role="status">${t("list.shown", { n: page.items.length })}</span></p>
      ${this.failed ? problemCard(this.failed) : nothing}`;
  }
}

/** Return a page with the one after it added; what the new one says of the whole list holds. */
function joined<P extends Paged>(before: P, after: P): P {
  return { ...after, items: [...before.items, ...after.items] };
}
