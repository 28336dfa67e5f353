import { nothing, type TemplateResult } from "lit";
import type { After } from "../api/pages";
import { here, type Asked } from "../state/data";
import { Fetched } from "./fetched";
import { Foot } from "./foot";

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
  private readonly end = new Foot(this.host);

  /** Return what is here for a key: of another key its first page, of the same again as many items as were here. */
  list(key: string, call: Call<P>): Asked<P> {
    this.call = call;
    if (key !== this.listed) {
      this.listed = key;
      this.open = 1;
      this.end.clear();
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
    if (!call || !before || before.next === null) return;
    let found = before;
    do found = joined(found, await call(found.next));
    while (found.next !== null && found.items.length === before.items.length);
    if (listed !== this.listed || here(this.asked) !== before) return;
    this.asked = { state: "here", value: found };
    this.open = found.items.length;
  }

  /** Return the list's foot: how many are shown, and a button for more; nothing when all are. */
  foot(): TemplateResult | typeof nothing {
    const page = here(this.asked);
    return !page || page.next === null ? nothing : this.end.draw(page.items.length, () => this.more());
  }
}

/** Return a page with the one after it added; what the new one says of the whole list holds. */
function joined<P extends Paged>(before: P, after: P): P {
  return { ...after, items: [...before.items, ...after.items] };
}
