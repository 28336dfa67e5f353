import { LitElement } from "lit";
import type { Lang } from "../state/url";
import { data, here } from "../state/data";
import { view } from "../state/view";

/** A piece of the screen: drawn in the page's own tree (one style sheet, one print), redrawn when view or data change. */
export class Piece extends LitElement {
  private readonly ends: (() => void)[] = [];

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.ends.push(
      view.listen(() => this.requestUpdate()),
      data.listen(() => this.requestUpdate()),
    );
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    for (const end of this.ends.splice(0)) end();
  }

  protected get tongue(): Lang {
    return view.value.lang;
  }

  /** The city's time zone; UTC until the city is known. */
  protected get zone(): string {
    return here(data.value.city)?.time_zone ?? "UTC";
  }

  /** The past moment looked at, ms; null when it is the city's now. */
  protected get past(): number | null {
    return view.value.at ? Date.parse(view.value.at) : null;
  }

  /** The moment looked at, ms: the chosen one or the city's now. */
  protected get moment(): number {
    return this.past ?? data.value.now;
  }
}
