import { html, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { office, type BaseDatabase, type Conflict, type Duplicate } from "../api/office";
import type { Page } from "../api/types";
import { headed, moment, nameOf, number } from "../format";
import { t, tOr } from "../i18n";
import { Fetched } from "../shell/fetched";
import { Listed } from "../shell/listed";
import { data, mayAct } from "../state/data";
import { view } from "../state/view";
import { ActingPiece, shown } from "../work/acting";
import "./lf-record";

const STATES = ["open", "settled", "gone"] as const;

/** Return the address word of a record: its base database and its key, part by part. */
export function recordItem(kind: string, key: string[]): string {
  return [kind, ...key].map(encodeURIComponent).join("/");
}

/** The six base databases: find the one record of a key; and what bureaus differ in, for a person to settle. */
@customElement("lf-master")
export class MasterPiece extends ActingPiece {
  @state() private kind = "legal_entity";
  @state() private state: (typeof STATES)[number] = "open";
  private readonly bases = new Fetched<BaseDatabase[]>(this, "work-list");
  private readonly held = new Listed<Page<Conflict>>(this);
  private readonly alike = new Listed<Page<Duplicate>>(this);

  protected override render(): TemplateResult {
    const asked = this.bases.want(this.who, () => office.databases());
    return html`<section class="work-part">${shown(asked, () => this.bases.forget(), (bases) => this.told(bases))}</section>`;
  }

  private told(bases: BaseDatabase[]): TemplateResult {
    const [kind, ...key] = (view.value.item ?? "").split("/").map(decodeURIComponent);
    if (kind && key.length) return html`<lf-record .kind=${kind} .key=${key} .bases=${bases}></lf-record>`;
    const base = bases.find(({ id }) => id === this.kind);
    return html`<p>${t("master.lead")}</p>
      <div class="chips" role="group" aria-label=${t("landing.bases")}>
        ${bases.map((each) => html`<button type="button" class="chip" aria-pressed=${each.id === this.kind} @click=${() => (this.kind = each.id)}>${nameOf(each.name, this.tongue)}</button>`)}
      </div>
      ${base && !base.there ? html`<p class="calm">${t("master.none")}</p>` : nothing}
      ${base ? html`${base.there ? this.finder(base) : nothing}${mayAct(data.value.subject, "data_officer") ? this.desk(base) : nothing}` : nothing}`;
  }

  private finder(base: BaseDatabase): TemplateResult {
    const find = (event: SubmitEvent): void => {
      event.preventDefault();
      const told = new FormData(event.currentTarget as HTMLFormElement);
      view.set({ item: recordItem(base.id, base.key.map((name) => String(told.get(name)).trim())) });
    };
    return html`<form class="work-line" @submit=${find}>
      ${base.key.map((name) => html`<label>${nameOf(base.elements[name], this.tongue) || name} <input name=${name} required maxlength="200" autocomplete="off" /></label>`)}
      <button>${t("master.find")}</button>
    </form>`;
  }

  private desk(base: BaseDatabase): TemplateResult {
    const ruled = Object.entries(base.rules);
    const { state } = this;
    const wanted = `${base.id}|${state}|${this.who}`;
    const asked = base.there ? this.held.list(wanted, (after) => office.conflicts(base.id, state, after)) : null;
    const alike = base.there ? this.alike.list(wanted, (after) => office.duplicates(base.id, state, after)) : null;
    const element = (id: string): string => (id === "*" ? t("master.every") : nameOf(base.elements[id], this.tongue) || id);
    return html`<h2>${t("master.rules")}</h2>
      <p>${base.sources.length ? t("master.sources", { names: base.sources.join(", ") }) : t("master.nosource")}</p>
      ${ruled.length ? html`<ul class="work-laws">${ruled.map(([id, order]) => html`<li>${element(id)}: ${order.map((each) => tOr(`master.rule.${each}`, each)).join(" → ")}</li>`)}</ul>` : html`<p class="calm">${t("master.norule")}</p>`}
      ${base.sources.length ? html`<p><button type="button" @click=${() => void this.consolidate(base)}>${t("master.consolidate")}</button> <small>${t("master.by.itself")}</small></p>${this.refusal("consolidate")}` : nothing}
      ${asked ? html`<h2>${t("master.conflicts")}</h2>
        <div class="chips" role="group" aria-label=${t("master.conflicts")}>
          ${STATES.map((each) => html`<button type="button" class="chip" aria-pressed=${this.state === each} @click=${() => (this.state = each)}>${t(`conflict.${each}`)}</button>`)}
        </div>
        ${shown(asked, () => this.held.forget(), (page) => this.conflicts(page, base))}` : nothing}
      ${alike ? html`<h2>${t("master.duplicates")}</h2>${shown(alike, () => this.alike.forget(), (page) => this.duplicates(page, base))}` : nothing}`;
  }

  private async consolidate(base: BaseDatabase): Promise<void> {
    const done = await this.act("consolidate", t("master.consolidated"), async () => {
      for (const { records, conflicts, duplicates } of await office.consolidate(base.id))
        data.set({ said: t("master.consolidated.said", { n: number(records, this.tongue, 0), conflicts, duplicates }) });
    });
    if (!done) return;
    this.held.forget();
    this.alike.forget();
    this.bases.forget();
  }

  private conflicts(page: Page<Conflict>, base: BaseDatabase): TemplateResult {
    if (!page.items.length) return html`<p class="calm">${t(`conflict.none.${this.state}`)}</p>`;
    return html`<ul class="work-list">${page.items.map((each) => this.conflict(each, base))}</ul>${this.held.foot()}`;
  }

  private conflict(each: Conflict, base: BaseDatabase): TemplateResult {
    const open = each.state === "open";
    const rule = base.rules[each.element] ?? base.rules["*"];
    const record = base.key.length === 1
      ? html`<button type="button" class="link" @click=${() => view.set({ item: recordItem(base.id, [each.record]) })}>${each.record}</button>`
      : html`<code>${each.record}</code>`;
    const word = (name: string, said: Conflict["said"][number]): string => String(said[name] ?? "");
    return html`<li data-conflict=${each.id}>
      <h3>${nameOf(base.elements[each.element], this.tongue) || each.element} · ${record}</h3>
      <form class="work-form" @submit=${(event: SubmitEvent) => void this.settle(event, each)}>
        <fieldset><legend>${t("conflict.said")}</legend>
          ${each.said.map((said) => html`<label class="work-said">${open ? html`<input type="radio" name="organisation" value=${word("organisation", said)} required />` : nothing}
            <b>${word("value", said) || "–"}</b> <small>${word("organisation", said)}${said["moment"] ? ` · ${moment(word("moment", said), this.zone)}` : ""}</small></label>`)}
        </fieldset>
        <p class="fine">${rule ? t("conflict.rule", { order: rule.map((one) => tOr(`master.rule.${one}`, one)).join(" → ") }) : t("conflict.norule")}</p>
        ${open
          ? html`<label>${t("conflict.reason")} <input name="reason" required minlength="2" maxlength="500" autocomplete="off" /></label>
              <p class="buttons"><button>${t("conflict.settle")}</button></p>`
          : nothing}
        ${each.state === "settled" ? html`<p>${t("conflict.holds", { value: each.value ?? "", reason: each.reason })} <small>${each.settled ? moment(each.settled, this.zone) : ""}</small></p>` : nothing}
      </form>${this.refusal(each.id)}
    </li>`;
  }

  private async settle(event: SubmitEvent, each: Conflict): Promise<void> {
    event.preventDefault();
    const told = new FormData(event.currentTarget as HTMLFormElement);
    const done = await this.act(each.id, t("conflict.settled.said"), () => office.settle(each.id, String(told.get("organisation")), String(told.get("reason"))));
    if (done) this.held.forget();
  }

  private duplicates(page: Page<Duplicate>, base: BaseDatabase): TemplateResult {
    if (!page.items.length) return html`<p class="calm">${t(`duplicate.none.${this.state}`)}</p>`;
    return html`<ul class="work-list">${page.items.map((each) => this.duplicate(each, base))}</ul>${this.alike.foot()}`;
  }

  private duplicate(each: Duplicate, base: BaseDatabase): TemplateResult {
    const gone = each.state === "gone";
    const alike = Object.entries(each.said).map(([name, value]) => headed(nameOf(base.elements[name], this.tongue) || name, String(value), this.tongue));
    const link = (key: string): TemplateResult => html`<button type="button" class="link" @click=${() => view.set({ item: recordItem(base.id, [key]) })}>${key}</button>`;
    return html`<li data-duplicate=${each.id}>
      <h3>${alike.join(" · ")}</h3>
      <form class="work-form" @submit=${(event: SubmitEvent) => void this.decide(event, each)}>
        <fieldset><legend>${t("duplicate.which")}</legend>
          ${each.records.map((key) => html`<label class="work-said">${gone ? nothing : html`<input type="radio" name="kept" value=${key} required />`} ${link(key)}</label>`)}
          ${gone ? nothing : html`<label class="work-said"><input type="radio" name="kept" value="" required /> ${t("duplicate.different")}</label>`}
        </fieldset>
        ${gone ? nothing : html`<label>${t("conflict.reason")} <input name="reason" required minlength="2" maxlength="500" autocomplete="off" /></label>
          <p class="buttons"><button>${t("duplicate.decide")}</button></p>`}
        ${each.state === "settled" ? html`<p>${t(each.decision === "same" ? "duplicate.same.holds" : "duplicate.different.holds", { kept: each.kept, reason: each.reason })} <small>${each.settled ? moment(each.settled, this.zone) : ""}</small></p>` : nothing}
      </form>${this.refusal(each.id)}
    </li>`;
  }

  private async decide(event: SubmitEvent, each: Duplicate): Promise<void> {
    event.preventDefault();
    const told = new FormData(event.currentTarget as HTMLFormElement);
    const kept = String(told.get("kept"));
    const body = { decision: kept ? ("same" as const) : ("different" as const), kept, reason: String(told.get("reason")) };
    const done = await this.act(each.id, t("conflict.settled.said"), () => office.decide(each.id, body));
    if (done) this.alike.forget();
  }
}
