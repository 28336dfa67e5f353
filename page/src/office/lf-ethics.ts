import { html, nothing, type TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";
import { office, type Form, type LawPage, type Use } from "../api/office";
import type { Page } from "../api/types";
import { lawOf, moment, nameOf } from "../format";
import { t, type Key } from "../i18n";
import { Piece } from "../shell/element";
import { Fetched } from "../shell/fetched";
import { Listed } from "../shell/listed";
import { command } from "../shell/parts";
import { view } from "../state/view";
import { shown } from "../work/acting";

const GUIDES: readonly { name: Key; steps: readonly Key[] }[] = [
  { name: "guide.ask", steps: ["guide.ask.1", "guide.ask.2", "guide.ask.3", "guide.ask.4"] },
  { name: "guide.review", steps: ["guide.review.1", "guide.review.2", "guide.review.3", "guide.review.4"] },
  { name: "guide.complain", steps: ["guide.complain.1", "guide.complain.2", "guide.complain.3"] },
];

/** The data-ethics office, for everybody: who uses what for what, how it goes, what is asked, and on which articles. */
@customElement("lf-ethics")
export class EthicsPiece extends Piece {
  private readonly uses = new Listed<Page<Use>>(this, "work-list");
  private readonly laws = new Fetched<LawPage>(this);
  private readonly form = new Fetched<Form>(this);

  protected override render(): TemplateResult {
    const uses = this.uses.list("", (after) => office.register(after));
    const laws = this.laws.want("", () => office.laws());
    const form = this.form.want("", () => office.form());
    return html`<section class="work-part">
      <p>${t("ethics.lead")}</p>
      <h2>${t("ethics.register")}</h2>
      ${shown(uses, () => this.uses.forget(), (page) => this.register(page))}
      <h2>${t("ethics.guides")}</h2>
      <div class="work-guides">${GUIDES.map(({ name, steps }) => html`<section><h3>${t(name)}</h3>
        <ol>${steps.map((step) => html`<li>${t(step)}</li>`)}</ol></section>`)}</div>
      <h2>${t("ethics.tools")}</h2>
      ${this.tools()}
      <h2>${t("ethics.form")}</h2>
      ${shown(form, () => this.form.forget(), ({ questions }) => html`<p class="fine">${t("ethics.form.lead")}</p>
        <ol class="work-questions">${questions.map((each) => html`<li>${nameOf(each.question, this.tongue)} <small>${lawOf(each.law, this.tongue)}</small></li>`)}</ol>`)}
      <h2>${t("ethics.laws")}</h2>
      ${shown(laws, () => this.laws.forget(), (page) => this.articles(page))}
    </section>`;
  }

  /** What anybody may work with: standards, checks, the catalogue, queries, and how each address is used. */
  private tools(): TemplateResult {
    const link = (path: string, words: string): TemplateResult => html`<a href=${path} target="_blank" rel="noopener">${words}</a> `;
    return html`<ul class="work-laws" data-part="tools">
      <li><button type="button" class="link" @click=${() => view.set({ tab: "standards", item: null })}>${t("tool.standards")}</button></li>
      <li>${t("tool.catalogue")} ${link("/dcat/catalog.ttl", "Turtle")}${link("/dcat/catalog.jsonld", "JSON-LD")}${link("/data.json", "data.json")}${link("/dcat/feed.atom", "Atom")}</li>
      <li>${t("tool.query")} ${command("lifang query 'SELECT count(*) FROM DATASET' --dir CITY")}</li>
      <li>${t("tool.verify")} ${command("lifang exchange verify receipts.json")} ${command("lifang data verify certificate.json --keys keys.json")}</li>
      <li>${t("tool.source")} ${link("/api/v1/openapi.json", "OpenAPI")}${link("/ogc/api", "/ogc/api")}</li>
    </ul>`;
  }

  private register(page: Page<Use>): TemplateResult {
    if (!page.items.length) return html`<p class="calm">${t("ethics.register.none")}</p>`;
    return html`<ul class="work-list">${page.items.map((use) => html`<li data-use=${use.agreement}>
      <h3>${use.purpose}</h3>
      <p class="tags"><span data-status=${use.status}>${t(`agreement.${use.status}`)}</span>${use.assessed ? html`<span>${t("ethics.assessed")}</span>` : nothing}
        <span>${t(use.whole ? "agreement.whole" : "ethics.part")}</span></p>
      <p>${t("ethics.uses", { user: use.user || t("agreement.person") })}
        <button type="button" class="link" @click=${() => view.set({ room: "data", tab: null, dataset: use.dataset })}>${nameOf(use.name, this.tongue)}</button>:
        ${use.fields.map((each) => html`<code>${each}</code> `)}</p>
      <p class="fine">${moment(use.since, this.zone)} – ${moment(use.until, this.zone)}</p>
    </li>`)}</ul>${this.uses.foot()}`;
  }

  private articles(page: LawPage): TemplateResult {
    const names = [...new Set(page.items.map(({ law }) => nameOf(law, this.tongue)))];
    return html`<p class="fine">${t("ethics.laws.note", { edition: page.edition })}</p>
      ${names.map((name) => html`<details class="work-more" open><summary>${name}</summary>
        <ul class="work-laws">${page.items.filter(({ law }) => nameOf(law, this.tongue) === name).map(({ id, article, summary, url }) => html`<li id=${id}>
          <a href=${url} rel="noreferrer noopener" target="_blank">${t("ethics.article", { n: article })}</a> ${nameOf(summary, this.tongue)}</li>`)}</ul>
      </details>`)}`;
  }
}
