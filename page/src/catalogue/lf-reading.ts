import { html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { calls } from "../api/calls";
import type { Citation, Snippet } from "../api/portal";
import { headed, nameOf } from "../format";
import { t } from "../i18n";
import { Piece } from "../shell/element";
import { Fetched } from "../shell/fetched";
import { problemCard, skeleton } from "../shell/parts";
import { data, here } from "../state/data";
import { view } from "../state/view";

const LANGUAGES: Record<string, string> = { curl: "curl", python: "Python", r: "R", javascript: "JavaScript" };

/** How a program reads a dataset, how a page shows it, and how a paper cites it: each ready to copy. */
@customElement("lf-reading")
export class ReadingPiece extends Piece {
  @property({ attribute: false }) which = "";
  private readonly snippets = new Fetched<{ items: Snippet[] }>(this);
  private readonly citation = new Fetched<Citation>(this);

  protected override render(): TemplateResult {
    const code = this.snippets.want(this.which, () => calls.snippets(this.which));
    const cited = this.citation.want(this.which, () => calls.citation(this.which));
    return html`${code.state === "here" ? code.value.items.map(({ language, title, code: text }) => this.snippet(headed(LANGUAGES[language] ?? language, nameOf(title, this.tongue), this.tongue), text)) : code.state === "refused" ? problemCard(code.problem) : skeleton(4)}
      ${this.snippet(t("reading.embed"), this.frame(null))}
      ${view.value.chart ? this.snippet(t("reading.embed.chart"), this.frame(view.value.chart)) : nothing}
      ${here(data.value.city)?.embedded_by.includes("*") ? nothing : html`<p class="fine">${t("reading.embed.who")}</p>`}
      <h3>${t("reading.citation")}</h3>
      ${cited.state === "here" ? html`${this.snippet(t("reading.text"), nameOf(cited.value.text, this.tongue))}${this.snippet("BibTeX", cited.value.bibtex)}` : cited.state === "refused" ? problemCard(cited.problem) : skeleton(3)}`;
  }

  private frame(chart: string | null): string {
    const query = new URLSearchParams({ room: "data", dataset: this.which, lang: this.tongue, ...(chart ? { chart } : {}), embed: "1" });
    const address = `${window.location.origin}/?${query}`.replaceAll("&", "&amp;");
    return `<iframe src="${address}" width="100%" height="${chart ? 480 : 640}" loading="lazy"></iframe>`;
  }

  private snippet(name: string, text: string): TemplateResult {
    const copy = (event: Event): void => {
      const button = event.currentTarget as HTMLButtonElement;
      void navigator.clipboard?.writeText(text).then(() => (button.textContent = t("copied")));
    };
    return html`<div class="snippet">
      <p><b>${name}</b><button type="button" class="quiet" @click=${copy}>${t("copy")}</button></p>
      <pre tabindex="0"><code>${text}</code></pre>
    </div>`;
  }
}
