import { html, nothing, type TemplateResult } from "lit";
import type { TwinModel } from "../api/types";
import { data, mayAct } from "../state/data";
import { view } from "../state/view";

/** Return the model that is looked at: the chosen one, or that of the first object that stands out; null for none. */
export function chosenOf(models: readonly TwinModel[]): TwinModel | null {
  const { model, focus } = view.value.twin;
  return models.find(({ id }) => id === (model ?? focus[0]?.split(":")[0])) ?? null;
}

/** Return what those see who may change the twin, fetched for them alone: models are added, the chosen one is ended. */
export function admitting(models: readonly TwinModel[]): TemplateResult | typeof nothing {
  if (!mayAct(data.value.subject, "data_officer")) return nothing;
  void import("./admits");
  return html`<lf-twin-add></lf-twin-add><lf-twin-end .model=${chosenOf(models)}></lf-twin-end>`;
}
