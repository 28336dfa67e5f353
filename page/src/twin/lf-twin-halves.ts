import { html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { TwinScenario } from "../api/types";
import { moment, nameOf } from "../format";
import { t } from "../i18n";
import { Piece } from "../shell/element";
import { data } from "../state/data";
import { comparedWith } from "../state/twin-url";
import { view } from "../state/view";

/** What each half of the picture shows, and the line between two moments, which can be pushed. */
@customElement("lf-twin-halves")
export class TwinHalvesPiece extends Piece {
  @property({ attribute: false }) plans: TwinScenario[] = [];
  @state() private divide = 0.5;

  protected override render(): TemplateResult {
    const { at, twin } = view.value;
    const then = comparedWith(twin, at ?? "");
    const edge = twin.split === "side" ? 50 : this.divide * 100;
    return html`<p class="twin-half" style="inset-inline-end:calc(${100 - edge}% + 8px)">${this.half(then?.moment || null, then?.scenario ?? null)}</p>
      <p class="twin-half" style="inset-inline-start:calc(${edge}% + 8px)">${this.half(at, twin.scenario)}</p>
      ${twin.split === "swipe" ? this.pusher() : nothing}`;
  }

  /** What each half shows: the scenario, and the day. */
  private half(at: string | null, scenario: string | null): string {
    const plan = this.plans.find(({ id }) => id === scenario);
    return `${plan ? nameOf(plan.name, this.tongue) : t("twin.scenario.none")} · ${moment(at ?? data.value.now, this.zone).slice(0, 10)}`;
  }

  private pusher(): TemplateResult {
    const push = (event: Event): void => {
      this.divide = Number((event.currentTarget as HTMLInputElement).value) / 100;
      this.dispatchEvent(new CustomEvent("push", { detail: this.divide }));
    };
    return html`<div class="twin-divider" style="inset-inline-start:${this.divide * 100}%"></div>
      <input class="twin-push" type="range" min="0" max="100" .value=${String(this.divide * 100)} aria-label=${t("twin.divide")} @input=${push} />`;
  }
}
