import type { CityEvents } from "./types";

export type Listener = { [K in keyof CityEvents]?: (body: CityEvents[K]) => void };
const NAMES: (keyof CityEvents)[] = ["clock", "observations", "alert", "indicator", "job", "command", "catalogue", "twin"];
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 20_000;

/** One line to `/events` that opens itself again, each time waiting longer, and says when it is broken. */
export class EventLine {
  private source: EventSource | null = null;
  private wait = FIRST_WAIT_MS;
  private timer = 0;

  constructor(
    private readonly listener: Listener,
    private readonly onLine: (up: boolean) => void,
  ) {}

  open(): void {
    this.source?.close();
    const source = new EventSource("/events");
    this.source = source;
    source.onopen = () => {
      this.wait = FIRST_WAIT_MS;
      this.onLine(true);
    };
    source.onerror = () => this.reopen();
    for (const name of NAMES) {
      source.addEventListener(name, (event) => this.deliver(name, (event as MessageEvent<string>).data));
    }
  }

  close(): void {
    window.clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
  }

  private reopen(): void {
    this.onLine(false);
    this.close();
    this.timer = window.setTimeout(() => this.open(), this.wait);
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT_MS);
  }

  private deliver<K extends keyof CityEvents>(name: K, data: string): void {
    const handler = this.listener[name] as ((body: CityEvents[K]) => void) | undefined;
    handler?.(JSON.parse(data) as CityEvents[K]);
  }
}
