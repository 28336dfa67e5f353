import { html, type TemplateResult } from "lit";
import type { StandardChange } from "../api/bureau";
import { t, tOr } from "../i18n";
import { cellText } from "../shell/table";

/** Return what an edition changes as a table: the element, the change, before, after, and whether old data may fail. */
export function changesTable(changes: StandardChange[]): TemplateResult {
  return html`<div class="table" tabindex="0" role="region" aria-label=${t("standards.diff")}>
    <table>
      <thead>
        <tr>
          <th scope="col">${t("standards.element")}</th><th scope="col">${t("versions.what")}</th><th scope="col">${t("standards.before")}</th>
          <th scope="col">${t("standards.after")}</th><th scope="col">${t("standards.breaks")}</th>
        </tr>
      </thead>
      <tbody>
        ${changes.map((one) => html`<tr title=${one.text}>
          <th scope="row"><code>${one.element || "·"}</code></th><td>${tOr(`standards.change.${one.kind}`, one.kind)} ${one.field ? html`<code>${one.field}</code>` : ""}</td>
          <td><del>${cellText(one.before)}</del></td><td><ins>${cellText(one.after)}</ins></td><td>${one.breaking ? html`<b class="warn">${t("yes")}</b>` : t("no")}</td>
        </tr>`)}
      </tbody>
    </table>
  </div>`;
}
