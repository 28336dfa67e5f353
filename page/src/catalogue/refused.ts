import type { TemplateResult } from "lit";
import type { RefusedRow } from "../api/types";
import { nameOf } from "../format";
import { t } from "../i18n";
import { rowTable } from "../shell/table";
import type { Lang } from "../state/url";

/** Return refused rows as a table: which row and column, what was there, which rule, how to mend it. */
export function refusedTable(items: RefusedRow[], lang: Lang): TemplateResult {
  const rows = items.map((one) => ({
    [t("dataset.refused.row")]: one.row,
    [t("dataset.column")]: one.column ?? "",
    [t("value")]: one.value,
    [t("dataset.quality.rule")]: nameOf(one.rule_name, lang),
    [t("dataset.refused.mend")]: lang === "zh" ? one.mend_zh || one.mend : one.mend,
  }));
  return rowTable(Object.keys(rows[0] ?? {}), rows, lang);
}
