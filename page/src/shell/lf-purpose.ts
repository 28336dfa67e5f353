import { html, nothing, type TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";
import { LONGEST_PURPOSE, SHORTEST_PURPOSE, purposeFor } from "../api/purpose";
import { t } from "../i18n";
import { inTongue } from "./parts";
import { data } from "../state/data";
import { answerPurpose, askAgain } from "../state/purpose";
import { Piece } from "./element";

/** Return the purpose stated for a scope, with a way to state another; nothing where none was needed. */
export function statedPurpose(scope: string, again: () => void): TemplateResult | typeof nothing {
  const purpose = purposeFor(scope);
  if (purpose === null) return nothing;
  const change = (): void => {
    askAgain(scope);
    again();
  };
  return html`<p class="stated fine">
    ${t("purpose.stated")} <b>${purpose}</b>
    <button type="button" class="link" @click=${change}>${t("purpose.change")}</button>
  </p>`;
}

/** What is in the window that asks for a purpose: what is to be read, why a reason is needed, and the reason. */
@customElement("lf-purpose")
export class PurposePiece extends Piece {
  private asked: string | null = null;

  protected override updated(): void {
    const scope = data.value.wanted?.scope ?? null;
    if (scope === this.asked) return;
    this.asked = scope;
    this.querySelector("input")?.focus();
  }

  protected override render(): TemplateResult | typeof nothing {
    const { wanted } = data.value;
    if (!wanted) return nothing;
    const submit = (event: Event): void => {
      event.preventDefault();
      const form = event.currentTarget as HTMLFormElement;
      answerPurpose(String(new FormData(form).get("purpose")).trim());
      form.reset();
    };
    return html`<form class="stacked" @submit=${submit}>
      <p>${t("purpose.why")}</p>
      <dl class="pairs">
        <dt>${t("purpose.for")}</dt><dd><code>${wanted.scope}</code></dd>
        <dt>${t("purpose.reason")}</dt><dd>${inTongue(wanted.problem).detail}</dd>
      </dl>
      <label>${t("purpose.label")}
        <input name="purpose" required autocomplete="off" minlength=${SHORTEST_PURPOSE} maxlength=${LONGEST_PURPOSE}
          pattern=".*\\S.*\\S.*" title=${t("purpose.pattern")} placeholder=${t("purpose.example")} />
      </label>
      <p class="fine">${t("purpose.kept")}</p>
      <p class="buttons">
        <button>${t("purpose.submit")}</button>
        <button type="button" class="quiet" @click=${() => answerPurpose(null)}>${t("cancel")}</button>
      </p>
    </form>`;
  }
}
