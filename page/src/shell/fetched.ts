import type { ReactiveControllerHost } from "lit";
import { problemOf } from "../api/client";
import { ASKED, type Asked } from "../state/data";
import { pending } from "./ready";

/** One piece's own answer from the server: asked again when its key changes, the old kept until the new is here. */
export class Fetched<T> {
  asked: Asked<T> = ASKED;
  private key: string | null = null;
  private answered: string | null = null;

  constructor(
    protected readonly host: ReactiveControllerHost,
    private readonly waitsFor: string | null = null,
  ) {}

  /** Whether what is here answers what was asked last. */
  get fresh(): boolean {
    return this.key === this.answered;
  }

  /** Return the answer for a key, asking if the key is new. */
  want(key: string, call: () => Promise<T>): Asked<T> {
    if (key !== this.key) {
      this.key = key;
      void this.ask(key, call);
    }
    return this.asked;
  }

  /** Have the next `want` ask again; what is here stays until the new is, a refusal does not. */
  forget(): void {
    this.key = null;
    if (this.asked.state === "refused") this.asked = ASKED;
    this.host.requestUpdate();
  }

  private async ask(key: string, call: () => Promise<T>): Promise<void> {
    if (this.waitsFor) pending.add(this.waitsFor);
    let answer: Asked<T>;
    try {
      answer = { state: "here", value: await call() };
    } catch (error) {
      answer = { state: "refused", problem: problemOf(error) };
    }
    if (key !== this.key) return;
    this.asked = answer;
    this.answered = key;
    this.host.requestUpdate();
    if (this.waitsFor) pending.delete(this.waitsFor);
  }
}
