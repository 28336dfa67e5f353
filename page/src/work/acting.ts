import { nothing, type TemplateResult } from "lit";
import { state } from "lit/decorators.js";
import { problemOf } from "../api/client";
import type { Problem } from "../api/types";
import { Piece } from "../shell/element";
import type { Asked } from "../state/data";
import { data } from "../state/data";
import { problemCard, skeleton } from "../shell/parts";

/** What an id may look like, as the `pattern` of a field. */
export const SLUG = "[a-z][a-z0-9]*([_\\-][a-z0-9]+)*";

/** A piece in which a person does something: what was refused stays told until the next is done. */
export class ActingPiece extends Piece {
  @state() private refused: { of: string; problem: Problem } | null = null;

  /** Do it, say so, and return whether it was done; `of` is what a refusal belongs to. */
  protected async act(of: string, said: string, work: () => Promise<unknown>): Promise<boolean> {
    try {
      await work();
      this.refused = null;
      data.set({ said });
      return true;
    } catch (error) {
      this.refused = { of, problem: problemOf(error) };
      return false;
    }
  }

  protected refusal(of: string): TemplateResult | typeof nothing {
    return this.refused?.of === of ? problemCard(this.refused.problem) : nothing;
  }

  /** Who is asking: an answer is asked for again when that changes. */
  protected get who(): string {
    return data.value.subject?.id ?? "";
  }
}

/** Return what was asked for as `show` draws it, or that it comes, or why not. */
export function shown<T>(asked: Asked<T>, again: () => void, show: (value: T) => TemplateResult): TemplateResult {
  if (asked.state === "asked") return skeleton(5);
  return asked.state === "refused" ? problemCard(asked.problem, again) : show(asked.value);
}

/** Return the words of a form's field. */
export function said(event: SubmitEvent, name: string): string {
  const form = event.currentTarget ?? event.target;
  return String(new FormData(form as HTMLFormElement).get(name) ?? "").trim();
}
