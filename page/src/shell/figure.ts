import { html, nothing, type TemplateResult } from "lit";
import type { Names, Unit } from "../api/types";
import { nameOf, number, unitOf } from "../format";
import { t } from "../i18n";
import type { Lang } from "../state/url";

/** What an indicator or a figure says of itself. */
export interface Figure {
  id: string;
  name: Names;
  value: number | null;
  unit: Unit;
  formula: Names;
  missing: Names;
  standard?: string | null;
}

/** Return a figure as it stands in a list: name, value and unit in sight, `beside` them; its formula, rule and standard, then `more`, one click away. */
export function figure(told: Figure, lang: Lang, { digits, beside, more }: { digits?: number; beside?: unknown; more?: unknown }): TemplateResult {
  const name = nameOf(told.name, lang);
  return html`<details class="indicator" data-indicator=${told.id}>
    <summary title=${t("indicators.about", { name })}>
      <span class="indicator-name">${name}</span>
      <span class="indicator-value">${number(told.value, lang, digits)}</span>
      <span class="indicator-unit">${unitOf(told.unit, lang)}</span>
      ${beside ?? nothing}
    </summary>
    <dl>
      <dt>${t("indicators.formula")}</dt><dd>${nameOf(told.formula, lang)}</dd>
      <dt>${t("indicators.missing")}</dt><dd>${nameOf(told.missing, lang)}</dd>
      ${told.standard ? html`<dt>${t("indicators.standard")}</dt><dd>${told.standard}</dd>` : nothing}
      ${more ?? nothing}
    </dl>
  </details>`;
}
