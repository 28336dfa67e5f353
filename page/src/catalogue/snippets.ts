import { html, type TemplateResult } from "lit";
import { address } from "../api/client";
import { t } from "../i18n";

/** Return how to read a dataset by curl and by Python, ready to copy. */
export function snippets(id: string): TemplateResult {
  const csv = `${window.location.origin}${address(`/datasets/${id}/rows`, { format: "csv" })}`;
  const parquet = `${window.location.origin}${address(`/datasets/${id}/rows`, { format: "parquet" })}`;
  const texts = [
    ["curl", `curl -o ${id}.csv '${csv}'`],
    ["Python", `import pandas as pd\n\ntable = pd.read_parquet("${parquet}")`],
    ["Python (lifang)", `import lifang\n\ncity = lifang.open("city")\ntable = city.catalogue.dataset("${id}").rows().select()`],
  ] as const;
  const copy = (event: Event, text: string): void => {
    const button = event.currentTarget as HTMLButtonElement;
    void navigator.clipboard?.writeText(text).then(() => (button.textContent = t("copied")));
  };
  return html`${texts.map(
    ([name, text]) => html`<div class="snippet">
      <p><b>${name}</b><button type="button" class="quiet" @click=${(event: Event) => copy(event, text)}>${t("copy")}</button></p>
      <pre tabindex="0"><code>${text}</code></pre>
    </div>`,
  )}`;
}
