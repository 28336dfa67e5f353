import { html, nothing, type ReactiveControllerHost, type TemplateResult } from "lit";
import { problemOf } from "../api/client";
import type { Problem } from "../api/types";
import { t } from "../i18n";
import { problemCard } from "./parts";

/** The foot of a list that goes on: how many are shown, and a button for more. */
export class Foot {
  private busy = false;
  private failed: Problem | null = null;

  constructor(private readonly host: ReactiveControllerHost) {}

  /** Forget that more was refused: the list is another one. */
  clear(): void {
    this.failed = null;
  }

  /** Return the foot of a list of which so many are shown, with what brings more. */
  draw(shown: number, more: () => Promise<void> | void): TemplateResult {
    return html`<p class="list-foot"><button type="button" class="quiet" data-act="more" ?disabled=${this.busy} @click=${() => void this.act(more)}>${t("list.more")}</button>
        <span class="fine" role="status">${t("list.shown", { n: shown })}</span></p>
      ${this.failed ? problemCard(this.failed) : nothing}`;
  }

  private async act(more: () => Promise<void> | void): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    this.failed = null;
    this.host.requestUpdate();
    try {
      await more();
    } catch (error) {
      this.failed = problemOf(error);
    }
    this.busy = false;
    this.host.requestUpdate();
  }
}
