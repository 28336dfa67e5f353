import { html, nothing, type TemplateResult } from "lit";
import type { TwinExamination } from "../api/types";
import { moment, number } from "../format";
import { t } from "../i18n";
import type { Lang } from "../state/url";
import { view } from "../state/view";

const TOLD = 60;

/** Return what the checks found in a model when it came in: by rule, then each finding with what, where and how to mend. */
export function examined({ checked, refused, warnings, rules, faults }: TwinExamination, lang: Lang, zone: string, open = false): TemplateResult {
  const figures = { refused: number(refused, lang, 0), warnings: number(warnings, lang, 0) };
  return html`<details class="twin-report" ?open=${open}><summary>${t("twin.examination")}: ${refused || warnings ? t("twin.examination.found", figures) : t("twin.examination.clean")}</summary>
    <p class="fine">${t("twin.examination.checked", { time: moment(checked, zone) })}</p>
    ${rules.length ? html`<ul>${rules.map((each) => html`<li>${severity(each.severity)} <b>${lang === "zh" ? each.rule_zh : each.rule}</b> × ${number(each.count, lang, 0)}</li>`)}</ul>` : nothing}
    ${faults.length ? html`<ol class="twin-faults">${faults.slice(0, TOLD).map((each) => html`<li>
        ${severity(each.severity)} ${each.severity === "warning" ? html`<button type="button" class="link" @click=${() => view.set({ pick: each.object })}>${each.object}</button>` : html`<code>${each.object}</code>`}
        <span>${said(each, "what", lang)}</span> <span class="fine">${said(each, "rule", lang)} · ${said(each, "mend", lang)}</span></li>`)}</ol>` : nothing}
    ${faults.length > TOLD ? html`<p class="fine">${t("twin.examination.more", { n: number(refused + warnings - TOLD, lang, 0) })}</p>` : nothing}
  </details>`;
}

/** Return a part of what a check found in the tongue of the page, as it was said where there are no other words. */
function said(fault: TwinExamination["faults"][number], part: "rule" | "what" | "mend", lang: Lang): string {
  return (lang === "zh" && fault.zh[part]) || fault[part];
}

function severity(grade: string): TemplateResult {
  return html`<span class="state">${t(grade === "error" ? "twin.examination.error" : "twin.examination.warning")}</span>`;
}
