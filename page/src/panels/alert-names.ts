import type { Alert } from "../api/types";
import { nameOf } from "../format";
import { t, tOr } from "../i18n";
import { data, here } from "../state/data";
import type { Lang } from "../state/url";

const THRESHOLD = "threshold_";

/** Return what the rule of an alert is called; an unknown one by its id. */
export function ruleName({ rule }: Pick<Alert, "rule">): string {
  return rule.startsWith(THRESHOLD) ? `${t("alert.rule.threshold")} ${rule.slice(THRESHOLD.length)}` : tOr(`alert.rule.${rule}`, rule);
}

/** Return what an alert is about: the city or the datastream by its name, anything else by its kind and id. */
export function resourceName({ resource }: Pick<Alert, "resource">, lang: Lang): string {
  const [kind = "", id = ""] = resource.split(/:(.*)/s);
  const city = here(data.value.city);
  if (kind === "city" && city?.id === id) return nameOf(city.name, lang);
  const stream = kind === "datastream" ? here(data.value.datastreams)?.find((one) => one.id === id) : undefined;
  return stream ? `${nameOf(stream.thing.name, lang)} ${nameOf(stream.name, lang)}` : `${tOr(`alert.of.${kind}`, kind)} ${id}`.trim();
}
