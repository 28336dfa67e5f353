import { html, nothing, type TemplateResult } from "lit";
import type { DatasetPage, FacetName, FacetValue } from "../api/types";
import { nameOf, number } from "../format";
import { t } from "../i18n";
import { data, here } from "../state/data";
import type { Lang } from "../state/url";
import { view } from "../state/view";

/** Return the doors into the catalogue: how much there is, its themes and bases, and how others read it. */
export function landing(page: DatasetPage, lang: Lang): TemplateResult {
  const themes = page.facets.theme ?? [];
  const bases = page.facets.base ?? [];
  const rows = page.total;
  const without = (here(data.value.city)?.themes ?? []).filter(({ id }) => !themes.some(({ value }) => value === id));
  return html`<section class="landing" aria-label=${t("landing.title")}>
    <p class="landing-lead">${t("landing.lead", { n: number(rows, lang, 0), themes: themes.length })}</p>
    ${themes.length ? tiles(t("landing.themes"), "theme", themes, lang) : nothing}
    ${without.length ? html`<p class="fine">${t("landing.without")} ${without.map((theme) => nameOf(theme, lang)).join(lang === "zh" ? "、" : ", ")}</p>` : nothing}
    ${bases.length ? tiles(t("landing.bases"), "base", bases, lang) : nothing}
    ${doors()}
  </section>`;
}

function tiles(title: string, name: FacetName, values: FacetValue[], lang: Lang): TemplateResult {
  return html`<h2>${title}</h2>
    <ul class="tiles">
      ${values.map(
        ({ value, name: words, count }) => html`<li><button type="button" class="tile" @click=${() => view.set({ facets: { [name]: value } })}>
          <b>${nameOf(words, lang) || value}</b><small>${t("landing.count", { n: count })}</small>
        </button></li>`,
      )}
    </ul>`;
}

/** Standard ways to read the whole catalogue, each an address that its clients take. */
const DOORS = [
  ["CKAN", "/api/3/action/package_search"],
  ["DCAT-AP 3", "/dcat/catalog.ttl"],
  ["OGC API", "/ogc"],
  ["Atom", "/dcat/feed.atom"],
  ["data.json", "/data.json"],
] as const;

function doors(): TemplateResult {
  return html`<p class="landing-doors"><b>${t("landing.doors")}</b> ${DOORS.map(([name, path]) => html`<a href=${path}>${name}</a> `)}</p>`;
}
