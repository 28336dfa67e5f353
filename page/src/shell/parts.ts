import { html, nothing, svg, type SVGTemplateResult, type TemplateResult } from "lit";
import type { Problem, Severity } from "../api/types";
import { hasHan } from "../format";
import { t } from "../i18n";
import { data } from "../state/data";
import { askAgain } from "../state/purpose";
import { view } from "../state/view";

/** Return a failure as what, where and how to mend, with a way to try again. */
export function problemCard(problem: Problem, retry?: () => void): TemplateResult {
  const offline = problem.status === 0;
  const signIn = problem.status === 401;
  const state = (): void => {
    askAgain(problem.where ?? "");
    retry?.();
  };
  const purpose = problem.needs === "purpose" && retry !== undefined;
  return html`<section class="problem" role="alert">
    ${problemLines(problem)}
    ${offline ? html`<p>${t("problem.offline.mend")}</p>${command("lifang serve")}` : nothing}
    ${signIn
      ? html`<p>${t("problem.signin")}</p>
          <button type="button" @click=${() => data.set({ dialog: "sign-in" })}>${t("header.signin")}</button>`
      : nothing}
    ${purpose ? html`<button type="button" @click=${state}>${t("purpose.state")}</button>` : nothing}
    ${retry && !purpose ? html`<button type="button" @click=${retry}>${t("retry")}</button>` : nothing}
  </section>`;
}

/** Return what failed, where and how to mend it. */
export function problemLines(problem: Problem): TemplateResult {
  const { title, detail, where, mend } = inTongue(problem);
  return html`<h3>${problem.status === 0 ? t("problem.offline") : title || t("problem.title")}</h3>
    ${detail ? html`<p>${detail}</p>` : nothing}
    ${where ? html`<p><b>${t("problem.where")}</b> ${where}</p>` : nothing}
    ${mend ? html`<p class="mend"><b>${t("problem.mend")}</b> ${mend}</p>` : nothing}`;
}

/** Return a problem in the language of the view; what has no Chinese words stands as it came, after a Chinese word. */
export function inTongue(problem: Problem): Pick<Problem, "title" | "detail" | "where" | "mend"> {
  const { zh } = problem;
  if (view.value.lang === "en") return problem;
  const own = (text: string | null | undefined): string => (text && !hasHan(text) ? t("problem.original", { text }) : (text ?? ""));
  return {
    title: zh?.title ?? t("problem.title"),
    detail: zh?.detail || own(problem.detail),
    where: zh?.where || problem.where || "",
    mend: zh?.mend || own(problem.mend),
  };
}

/** Return a command line that can be copied. */
export function command(line: string): TemplateResult {
  const copy = (event: Event): void => {
    const button = event.currentTarget as HTMLButtonElement;
    void navigator.clipboard?.writeText(line).then(() => (button.textContent = t("copied")));
  };
  return html`<div class="command">
    <code tabindex="0">${line}</code><button type="button" class="quiet" @click=${copy}>${t("copy")}</button>
  </div>`;
}

/** Return an empty state: what is missing and the very command that fills it, and what else there is to do. */
export function emptyCard(words: string, line: string, more: TemplateResult | typeof nothing = nothing): TemplateResult {
  return html`<section class="empty"><span class="ward" aria-hidden="true"></span><p>${words}</p>${command(line)}${more}</section>`;
}

/** Return grey lines that stand for what is being read. */
export function skeleton(lines: number): TemplateResult {
  return html`<div class="skeleton" role="status" aria-label=${t("app.loading")}>
    ${Array.from({ length: lines }, (_, i) => html`<i style="width:${92 - ((i * 23) % 45)}%"></i>`)}
  </div>`;
}

const SHAPES: Record<Severity, SVGTemplateResult> = {
  blue: svg`<circle cx="8" cy="8" r="6.5" />`,
  yellow: svg`<path d="M8 1.5 15 14.5H1Z" />`,
  orange: svg`<path d="M8 .8 15.2 8 8 15.2.8 8Z" />`,
  red: svg`<path d="M5 1h6l4 4v6l-4 4H5l-4-4V5Z" />`,
};

/** Return a severity as colour, shape and word. */
export function severityMark(severity: Severity): TemplateResult {
  return html`<span class="severity" data-severity=${severity}
    ><svg viewBox="0 0 16 16" aria-hidden="true">${SHAPES[severity] ?? nothing}</svg>${t(`severity.${severity}`)}</span
  >`;
}
