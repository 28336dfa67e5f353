import { onPurposeNeeded } from "../api/client";
import { forgetPurposes, keepPurpose } from "../api/purpose";
import type { Problem } from "../api/types";
import { pending } from "../shell/ready";
import { data } from "./data";

type Answer = string | null;

const open = new Map<string, Promise<Answer>>();
const declined = new Set<string>();
let queue: Promise<unknown> = Promise.resolve();
let settle: ((answer: Answer) => void) | null = null;

function put(scope: string, problem: Problem): Promise<Answer> {
  return new Promise((resolve) => {
    settle = resolve;
    pending.untilAnswered();
    data.set({ dialog: "purpose", wanted: { scope, problem } });
  });
}

/** Ask the person, one scope at a time; whoever declined is not asked again until they say so. */
function ask(scope: string, problem: Problem): Promise<Answer> {
  const asked = open.get(scope);
  if (asked) return asked;
  if (declined.has(scope)) return Promise.resolve(null);
  const turn = queue.then(() => put(scope, problem));
  queue = turn;
  open.set(scope, turn);
  void turn.then((answer) => {
    open.delete(scope);
    if (answer === null) declined.add(scope);
  });
  return turn;
}

/** Give the answer of the open window and close it. */
export function answerPurpose(answer: Answer): void {
  const resolve = settle;
  settle = null;
  if (data.value.dialog === "purpose") data.set({ dialog: null, wanted: null });
  resolve?.(answer);
}

/** Let the person be asked for a scope again, as when they press the button that says so. */
export function askAgain(scope: string): void {
  declined.delete(scope);
  keepPurpose(scope, null);
}

/** Forget what was stated and what was declined: someone else may be here now. */
export function forgetStated(): void {
  declined.clear();
  forgetPurposes();
}

/** Ask for a purpose whenever the server needs one; call once. */
export function startPurpose(): void {
  onPurposeNeeded(ask);
}
