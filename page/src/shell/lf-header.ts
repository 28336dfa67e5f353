import { html, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { moment, nameOf, number, zoneName } from "../format";
import { t, tOr } from "../i18n";
import { signOut } from "../state/actions";
import { data, here } from "../state/data";
import { viewLink } from "../state/share";
import { view } from "../state/view";
import { Piece } from "./element";
import { printReport } from "./print";

interface Hit {
  text: string;
  kind: string;
  go(): void;
}

/** The head of the screen: whose city it is, search, the city's time, and how the screen looks. */
@customElement("lf-header")
export class HeaderPiece extends Piece {
  @state() private q = view.value.q;
  @state() private searching = false;
  @state() private chosen = 0;

  private hits(): Hit[] {
    const q = this.q.trim();
    if (!q) return [];
    const things = new Map((here(data.value.datastreams) ?? []).map(({ thing }) => [thing.id, thing]));
    const near = [...things.values()].filter(({ id, name }) => `${id} ${name.zh} ${name.en}`.toLowerCase().includes(q.toLowerCase()));
    const found = near.slice(0, 6).map((thing) => ({
      text: nameOf(thing.name, this.tongue),
      kind: t("header.search.stations"),
      go: () => view.set({ pick: thing.id, room: view.value.room === "data" ? "overview" : view.value.room }),
    }));
    const catalogue = { text: t("header.search.datasets", { q }), kind: t("room.data"), go: () => view.set({ room: "data", q, dataset: null }) };
    return [...found, catalogue];
  }

  private pick(hit: Hit | undefined): void {
    if (!hit) return;
    hit.go();
    this.searching = false;
    this.q = "";
    this.querySelector<HTMLInputElement>("#search")?.blur();
    window.requestAnimationFrame(() => document.querySelector<HTMLElement>("#station-title")?.focus());
  }

  private onKey(event: KeyboardEvent, hits: Hit[]): void {
    const moves: Record<string, number> = { ArrowDown: 1, ArrowUp: -1 };
    const move = moves[event.key];
    if (move && hits.length) {
      event.preventDefault();
      this.chosen = (this.chosen + move + hits.length) % hits.length;
    }
    if (event.key === "Escape") this.searching = false;
  }

  protected override render(): TemplateResult {
    const city = here(data.value.city);
    return html`<header class="head">
      <a class="brand" href="/" @click=${(event: Event) => this.home(event)}>
        <img src="/lifang.svg" alt="" width="30" height="30" /><b>里坊</b><i>lifang</i>
        ${city ? html`<span class="city" title=${nameOf(city.name, this.tongue)}>${nameOf(city.name, this.tongue)}</span>` : nothing}
      </a>
      ${this.search()} ${this.clock()} ${this.tools()}
    </header>
    ${this.caption()}${this.offline()}`;
  }

  /** Under an embedded view: whose city, which moment, and the way to the whole of it. */
  private caption(): TemplateResult | typeof nothing {
    if (!view.value.embed) return nothing;
    const city = here(data.value.city);
    return html`<header class="caption">
      <b>里坊 lifang</b> · ${nameOf(city?.name, this.tongue)} · ${moment(this.moment, this.zone)} ${zoneName(this.moment, this.zone)}
      <a href=${viewLink()} target="_blank" rel="noopener">${t("embed.open")}</a>
    </header>`;
  }

  private home(event: Event): void {
    event.preventDefault();
    view.set({ room: "overview", pick: null, table: null, dataset: null, at: null });
  }

  private search(): TemplateResult {
    const hits = this.hits();
    const submit = (event: Event): void => {
      event.preventDefault();
      this.pick(hits[this.chosen] ?? hits.at(-1));
    };
    return html`<form class="search" role="search" @submit=${submit} @focusout=${(event: FocusEvent) => this.leave(event)}>
      <input
        id="search" type="search" autocomplete="off" placeholder=${t("header.find")} aria-label=${t("header.search")}
        role="combobox" aria-expanded=${this.searching && hits.length > 0} aria-controls="search-hits"
        aria-activedescendant=${this.searching && hits.length ? `hit-${this.chosen}` : nothing}
        .value=${this.q}
        @focus=${() => (this.searching = true)}
        @input=${(event: Event) => this.typed((event.currentTarget as HTMLInputElement).value)}
        @keydown=${(event: KeyboardEvent) => this.onKey(event, hits)}
      />
      <ul id="search-hits" role="listbox" aria-label=${t("header.search")} ?hidden=${!this.searching || hits.length === 0}>
        ${hits.map(
          (hit, i) => html`<li id="hit-${i}" role="option" aria-selected=${i === this.chosen}
            @mousedown=${(event: Event) => event.preventDefault()} @click=${() => this.pick(hit)}>
            ${hit.text} <small>${hit.kind}</small>
          </li>`,
        )}
      </ul>
    </form>`;
  }

  private typed(q: string): void {
    this.q = q;
    this.chosen = 0;
    this.searching = true;
  }

  private leave(event: FocusEvent): void {
    if (!(event.currentTarget as Element).contains(event.relatedTarget as Node | null)) this.searching = false;
  }

  private clock(): TemplateResult | typeof nothing {
    const city = here(data.value.city);
    if (!city) return nothing;
    const { paused, speed, line } = data.value;
    const replay = city.clock.mode === "replay";
    const mode = replay ? `${t("header.replay")} ×${number(speed, this.tongue, 0)}` : t("header.live");
    return html`<p class="clock" data-line=${line} aria-label=${t("header.time")}>
      <time datetime=${new Date(this.moment).toISOString()}>${moment(this.moment, this.zone)}</time>
      <span>${zoneName(this.moment, this.zone)}</span>
      <span class="mode" data-paused=${paused}>
        ${view.value.at ? html`<b>${t("header.viewing")}</b>` : paused ? html`❚❚ ${t("header.paused")}` : html`<i aria-hidden="true">▶</i> ${mode}`}
      </span>
    </p>`;
  }

  private tools(): TemplateResult {
    const { theme, lang, kiosk, elder } = view.value;
    const { subject } = data.value;
    const roles = subject?.roles.map((role) => tOr(`role.${role}`, role)).join(", ");
    const tool = (id: string, text: string, act: () => void, label = text): TemplateResult =>
      html`<button type="button" class="tool" data-tool=${id} aria-label=${label} title=${label} @click=${act}>${text}</button>`;
    const themes = (): TemplateResult =>
      tool("theme", theme === "paper" ? t("header.theme.night") : t("header.theme.paper"), () => view.set({ theme: theme === "paper" ? "night" : "paper" }));
    const wall = tool("kiosk", kiosk ? t("header.kiosk.leave") : t("header.kiosk"), () => view.set({ kiosk: !kiosk }));
    const help = (): void => data.set({ dialog: "help" });
    return html`<nav class="tools" aria-label=${t("header.tools")}>
      ${tool("lang", t("header.lang"), () => view.set({ lang: lang === "zh" ? "en" : "zh" }), t("header.lang.label"))}
      ${themes()} ${tool("elder", elder ? t("header.elder.leave") : t("header.elder"), () => view.set({ elder: !elder }))}
      ${kiosk
        ? wall
        : html`<details class="more" @focusout=${(event: FocusEvent) => this.fold(event)} @keydown=${(event: KeyboardEvent) => this.escape(event)} @click=${this.onMenu}>
            <summary class="tool" data-tool="more">${t("more")}</summary>
            <div>
              ${tool("share", t("header.share"), () => data.set({ dialog: "share" }))} ${tool("print", t("header.print"), () => void printReport())}
              ${wall} <span class="narrow">${themes()} ${tool("help", t("header.help"), help)}</span>
            </div>
          </details>`}
      ${tool("help", "?", help, t("header.help"))}
      ${subject
        ? html`<span class="who" title=${roles ?? ""}>${subject.name}</span>${tool("sign-out", t("header.signout"), () => void signOut())}`
        : tool("sign-in", t("header.signin"), () => data.set({ dialog: "sign-in" }))}
    </nav>`;
  }

  private fold(event: FocusEvent): void {
    const menu = event.currentTarget as HTMLDetailsElement;
    if (event.relatedTarget && !menu.contains(event.relatedTarget as Node)) menu.open = false;
  }

  /** Shut the menu before its button acts, so that a window that opens gives the focus back to the menu. */
  private readonly onMenu = {
    capture: true,
    handleEvent: (event: Event): void => {
      const menu = event.currentTarget as HTMLDetailsElement;
      if (!(event.target as Element).closest("button")) return;
      menu.open = false;
      menu.querySelector("summary")?.focus();
    },
  };

  private escape(event: KeyboardEvent): void {
    const menu = event.currentTarget as HTMLDetailsElement;
    if (event.key !== "Escape" || !menu.open) return;
    event.stopPropagation();
    menu.open = false;
    menu.querySelector("summary")?.focus();
  }

  private offline(): TemplateResult | typeof nothing {
    const { line, downSince } = data.value;
    if (line !== "down" || downSince === null || data.value.city.state !== "here") return nothing;
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    return html`<p class="offline" role="alert">${t("header.offline", { time: moment(downSince, zone).slice(11) })}</p>`;
  }
}
