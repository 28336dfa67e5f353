import { html, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { problemOf } from "../api/client";
import type { Problem } from "../api/types";
import { t } from "../i18n";
import { signIn } from "../state/actions";
import { data, here, type Data } from "../state/data";
import { answerPurpose } from "../state/purpose";
import { Piece } from "./element";
import "./lf-purpose";
import "./lf-share";
import { command, problemLines } from "./parts";

const KEYS: [string[], Parameters<typeof t>[0]][] = [
  [["/"], "help.search"],
  [["g o", "g d", "g s", "g a", "g t", "g w"], "help.rooms"],
  [["←", "→"], "help.slider"],
  [["l"], "help.live"],
  [["t"], "help.theme"],
  [["e"], "help.lang"],
  [["b"], "help.elder"],
  [["u"], "help.undo"],
  [["?"], "help.help"],
  [["Esc"], "help.escape"],
];

/** The windows: help, signing in, a purpose, sharing. The browser keeps the focus inside while one is open. */
@customElement("lf-dialogs")
export class DialogsPiece extends Piece {
  @state() private refused: Problem | null = null;
  @state() private sending = false;
  private shown: Data["dialog"] = null;

  protected override updated(): void {
    const { dialog } = data.value;
    if (dialog === this.shown) return;
    this.shown = dialog;
    for (const window of this.querySelectorAll("dialog")) window.close();
    if (dialog) this.querySelector<HTMLDialogElement>(`dialog.${dialog}`)?.showModal();
    this.refused = null;
  }

  protected override render(): TemplateResult {
    return html`${this.help()}${this.signIn()}
      ${this.frame("purpose", t("purpose.title"), html`<lf-purpose></lf-purpose>`)}
      ${this.frame("share", t("share.title"), html`<lf-share></lf-share>`)}`;
  }

  private frame(name: NonNullable<Data["dialog"]>, title: string, content: TemplateResult): TemplateResult {
    const shut = (): void => {
      if (data.value.dialog !== name) return;
      if (name === "purpose") answerPurpose(null);
      else data.set({ dialog: null });
    };
    return html`<dialog class=${name} aria-labelledby="${name}-title" @close=${shut}>
      <header class="panel-head">
        <h2 id="${name}-title">${title}</h2>
        <button type="button" class="quiet" aria-label=${t("close")} @click=${shut}>×</button>
      </header>
      ${content}
    </dialog>`;
  }

  private help(): TemplateResult {
    const keys = KEYS.map(
      ([names, what]) => html`<dt>${names.map((name) => html`<kbd>${name}</kbd> `)}</dt><dd>${t(what)}</dd>`,
    );
    const version = here(data.value.city)?.version;
    return this.frame(
      "help",
      t("help.title"),
      html`<dl class="keys">${keys}</dl>
        <p>${t("help.about")}</p>
        ${version ? html`<p class="fine">${t("help.version", { version })} · Apache-2.0 · <a href="/licences.txt">${t("help.licences")}</a></p>` : nothing}`,
    );
  }

  private signIn(): TemplateResult {
    const submit = async (event: Event): Promise<void> => {
      event.preventDefault();
      const form = event.currentTarget as HTMLFormElement;
      const held = new FormData(form);
      this.sending = true;
      this.refused = null;
      try {
        await signIn(String(held.get("name")), String(held.get("password")));
        form.reset();
      } catch (error) {
        this.refused = problemOf(error);
      } finally {
        this.sending = false;
      }
    };
    return this.frame(
      "sign-in",
      t("signin.title"),
      html`<form class="stacked" @submit=${submit}>
        <label>${t("signin.name")}<input name="name" autocomplete="username" required /></label>
        <label>${t("signin.password")}<input name="password" type="password" autocomplete="current-password" required /></label>
        ${this.refused ? html`<section class="problem" role="alert">${problemLines(this.refused)}</section>` : nothing}
        <button ?disabled=${this.sending}>${t("signin.submit")}</button>
        <p class="fine">${t("signin.hint")}</p>
        ${command("lifang user add NAME --role operator")}
      </form>`,
    );
  }
}
