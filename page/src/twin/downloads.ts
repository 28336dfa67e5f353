import { html, type TemplateResult } from "lit";
import { downloadAddress } from "../api/client";
import { t } from "../i18n";

const FORMS = [
  ["cityjson", "CityJSON", "city.json"],
  ["gpkg", "GeoPackage", "gpkg"],
  ["glb", "glTF", "glb"],
  ["ifc", "IFC", "ifc"],
] as const;

/** Return the links by which a model, or one element of it with its parts, is taken away as a file. */
export function downloads(of: { model: string; at: string | null; element?: string }): TemplateResult {
  const name = (of.element ?? of.model).replaceAll(/[^\w.-]/g, "_");
  return html`<p class="twin-downloads">${t("dataset.download")}
    ${FORMS.map(([format, words, ending]) => html` <a href=${downloadAddress("/twin/export", { format, model: of.model, at: of.at, element: of.element ?? null })} download="${name}.${ending}">${words}</a>`)}</p>`;
}
