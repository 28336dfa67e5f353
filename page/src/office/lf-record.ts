import { html, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { office, type BaseDatabase, type MasterRecord } from "../api/office";
import { moment, nameOf } from "../format";
import { t } from "../i18n";
import { Piece } from "../shell/element";
import { Fetched } from "../shell/fetched";
import { view } from "../state/view";
import { shown } from "../work/acting";
import { recordItem } from "./lf-master";

type Row = Record<string, unknown>;

/** Return the elements in which a state differs from the one before it; all of them for the first. */
export function changed(now: Row | null, before: Row | null): string[] {
  const names = new Set([...Object.keys(now ?? {}), ...Object.keys(before ?? {})]);
  return [...names].filter((name) => (now?.[name] ?? null) !== (before?.[name] ?? null));
}

/** Everything about one entity, address or person: its one record, what it is linked to, every state it had. */
@customElement("lf-record")
export class RecordPiece extends Piece {
  @property({ attribute: false }) kind = "";
  @property({ attribute: false }) key: string[] = [];
  @property({ attribute: false }) bases: BaseDatabase[] = [];
  private readonly held = new Fetched<MasterRecord>(this, "work-list");

  protected override render(): TemplateResult {
    const item = recordItem(this.kind, this.key);
    const asked = this.held.want(item, () => office.record(this.kind, this.key));
    return html`<p><button type="button" class="link back" @click=${() => view.set({ item: null })}>← ${t("master.back")}</button></p>
      ${shown(asked, () => this.held.forget(), (found) => this.told(found))}`;
  }

  private base(kind: string): BaseDatabase | undefined {
    return this.bases.find(({ id }) => id === kind);
  }

  private word(kind: string, element: string): string {
    return nameOf(this.base(kind)?.elements[element], this.tongue) || element;
  }

  private told({ record, links, history }: MasterRecord): TemplateResult {
    return html`<h2>${this.titleOf(this.kind, record)} <small>${nameOf(this.base(this.kind)?.name, this.tongue)}</small></h2>
      <dl class="pairs">${Object.entries(record).filter(([, value]) => value !== null && value !== "").map(([name, value]) => html`<dt>${this.word(this.kind, name)}</dt><dd>${String(value)}</dd>`)}</dl>
      <h3>${t("record.links")}</h3>
      ${links.length
        ? html`<ul class="work-list">${links.map((link) => html`<li>
            <small>${t(link.out ? "record.out" : "record.in", { link: nameOf(link.name, this.tongue) })}</small>
            <button type="button" class="link" @click=${() => view.set({ item: recordItem(link.kind, this.keyOf(link.kind, link.record)) })}>${this.titleOf(link.kind, link.record)}</button>
            <small>${nameOf(this.base(link.kind)?.name, this.tongue)}</small></li>`)}</ul>`
        : html`<p class="calm">${t("record.nolinks")}</p>`}
      <h3>${t("record.history")}</h3>
      <ol class="work-history">${history.map((state, i) => this.state(state, history[i + 1]?.record ?? null, i === history.length - 1))}</ol>`;
  }

  private keyOf(kind: string, record: Row): string[] {
    return (this.base(kind)?.key ?? []).map((name) => String(record[name] ?? ""));
  }

  private titleOf(kind: string, record: Row): string {
    const named = ["name", "full_name", "full_address", "licence_name", "title"].map((name) => record[name]).find(Boolean);
    return String(named ?? this.keyOf(kind, record).join(" · "));
  }

  private state(state: MasterRecord["history"][number], before: Row | null, first: boolean): TemplateResult {
    const names = first ? [] : changed(state.record, before);
    const words = state.record === null ? t("record.gone") : first ? t("record.first") : "";
    return html`<li><b>${moment(state.recorded, this.zone)}</b> ${words}
      ${state.record === null ? "" : html`<ul>${names.map((name) => html`<li>${this.word(this.kind, name)}: <del>${String(before?.[name] ?? "–")}</del> → <ins>${String(state.record?.[name] ?? "–")}</ins></li>`)}</ul>`}
    </li>`;
  }
}
