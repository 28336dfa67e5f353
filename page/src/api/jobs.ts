import { calls } from "./calls";
import type { Job } from "./types";

const POLL_MS = 700;
const OVER = new Set(["done", "failed", "cancelled"]);

/** Return whether nothing more becomes of a job. */
export function isOver({ state }: Job): boolean {
  return OVER.has(state);
}

/** Return a job once it is over; `told` hears of every state of it that was seen until then, and of that one. */
export async function follow(job: Job, told: (job: Job) => void): Promise<Job> {
  told(job);
  let now = job;
  while (!isOver(now)) {
    await new Promise((resolve) => window.setTimeout(resolve, POLL_MS));
    now = await calls.job(job.id);
    told(now);
  }
  return now;
}
