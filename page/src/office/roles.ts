import { html, type TemplateResult } from "lit";
import { t, tOr } from "../i18n";

/** Return the roles as boxes to tick. */
export function roleChoice(roles: readonly string[], given: readonly string[]): TemplateResult {
  return html`<fieldset class="work-roles"><legend>${t("people.roles")}</legend>
    ${roles.map((role) => html`<label><input type="checkbox" name="role" value=${role} .checked=${given.includes(role)} /> ${tOr(`role.${role}`, role)}</label>`)}
  </fieldset>`;
}

/** Return the roles that are ticked in a form. */
export function checkedRoles(form: HTMLFormElement): string[] {
  return new FormData(form).getAll("role").map(String);
}
