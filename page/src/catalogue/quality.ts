import { html, nothing, type TemplateResult } from "lit";
import type { Quality } from "../api/types";
import { nameOf, number } from "../format";
import { t } from "../i18n";
import { cellText } from "../shell/table";
import type { Lang } from "../state/url";

function completeness(quality: Quality, lang: Lang): TemplateResult {
  return html`<ul class="bars">
    ${Object.entries(quality.completeness).map(
      ([column, share]) => html`<li>
        <span>${column}</span>
        <meter min="0" max="1" low="0.9" optimum="1" .value=${share} aria-label="${column} ${t("dataset.quality.completeness")}"></meter>
        <b>${number(share * 100, lang, 2)} %</b>
      </li>`,
    )}
  </ul>`;
}

function rules(quality: Quality): TemplateResult {
  if (quality.rules.length === 0) return html`<p class="calm">${t("dataset.quality.clean")}</p>`;
  return html`<table class="facts">
    <thead>
      <tr><th>${t("dataset.quality.rule")}</th><th>${t("dataset.column")}</th><th>${t("dataset.quality.count")}</th><th>${t("dataset.quality.example")}</th></tr>
    </thead>
    <tbody>
      ${quality.rules.map(
        (one) => html`<tr><td>${one.rule}</td><td>${one.column ?? ""}</td><td class="number">${one.count}</td><td>${cellText((one.example ?? null) as string | null)}</td></tr>`,
      )}
    </tbody>
  </table>`;
}

/** Return what admission found: rows in and out, completeness by column, rules that fired, notes. */
export function qualityReport(quality: Quality | null, lang: Lang): TemplateResult {
  if (!quality) return html`<p>${t("none")}</p>`;
  const figure = (words: string, n: number): TemplateResult => html`<span class="figure"><b>${number(n, lang, 0)}</b> ${words}</span>`;
  return html`<p class="figures">
      ${figure(t("dataset.rows"), quality.rows)} ${figure(t("dataset.quality.admitted"), quality.admitted)}
      ${figure(t("dataset.quality.refused"), quality.refused)}
    </p>
    <h3>${t("dataset.quality.completeness")}</h3>
    ${completeness(quality, lang)}
    <h3>${t("dataset.quality.rules")}</h3>
    ${rules(quality)}
    ${quality.notes.length ? html`<ul>${quality.notes.map((note) => html`<li>${nameOf(note, lang)}</li>`)}</ul>` : nothing}`;
}
