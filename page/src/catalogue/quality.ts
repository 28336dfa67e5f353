import { html, nothing, type TemplateResult } from "lit";
import type { Cell, Quality } from "../api/types";
import { nameOf, number } from "../format";
import { t } from "../i18n";
import { cellText } from "../shell/table";
import type { Lang } from "../state/url";

function bars(completeness: Quality["completeness"], lang: Lang): TemplateResult {
  return html`<ul class="bars">
    ${Object.entries(completeness).map(
      ([column, share]) => html`<li>
        <span>${column}</span>
        <meter min="0" max="1" low="0.9" optimum="1" .value=${share} aria-label="${column} ${t("dataset.quality.completeness")}"></meter>
        <b>${number(share * 100, lang, 2)} %</b>
      </li>`,
    )}
  </ul>`;
}

/** Return an example of what a rule refused: its row, the value and how to mend it. */
function exampleText(example: unknown, lang: Lang): string {
  if (typeof example !== "object" || example === null) return cellText((example ?? null) as string | null);
  const { row, value, mend, mend_zh: zh } = example as { row?: number; value?: Cell; mend?: string; mend_zh?: string };
  return t("dataset.quality.at", { row: row ?? "?", value: cellText(value), mend: (lang === "zh" && zh) || mend || "" });
}

function hits(rules: Quality["rules"], lang: Lang): TemplateResult {
  if (rules.length === 0) return html`<p class="calm">${t("dataset.quality.clean")}</p>`;
  return html`<table class="facts">
    <thead>
      <tr><th>${t("dataset.quality.rule")}</th><th>${t("dataset.column")}</th><th>${t("dataset.quality.count")}</th><th>${t("dataset.quality.example")}</th></tr>
    </thead>
    <tbody>
      ${rules.map(
        (one) => html`<tr><td>${nameOf(one.rule_name, lang)}</td><td>${one.column ?? ""}</td><td class="number">${one.count}</td><td>${exampleText(one.example, lang)}</td></tr>`,
      )}
    </tbody>
  </table>`;
}

/** Return what admission found: rows in and out, completeness by column, rules that fired, notes. */
export function qualityReport(quality: Partial<Quality>, lang: Lang): TemplateResult {
  const { rows, admitted, refused, completeness, rules, notes } = quality;
  if (rows === undefined || !completeness || !rules) return html`<p>${t("none")}</p>`;
  const figure = (words: string, n: number): TemplateResult => html`<span class="figure"><b>${number(n, lang, 0)}</b> ${words}</span>`;
  return html`<p class="figures">
      ${figure(t("dataset.rows"), rows)} ${figure(t("dataset.quality.admitted"), admitted ?? 0)}
      ${figure(t("dataset.quality.refused"), refused ?? 0)}
    </p>
    <h3>${t("dataset.quality.completeness")}</h3>
    ${bars(completeness, lang)}
    <h3>${t("dataset.quality.rules")}</h3>
    ${hits(rules, lang)}
    ${notes?.length ? html`<ul>${notes.map((note) => html`<li>${nameOf(note, lang)}</li>`)}</ul>` : nothing}`;
}
