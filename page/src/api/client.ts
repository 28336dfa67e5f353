import type { Problem } from "./types";

export const API = "/api/v1";
type Value = string | number | boolean | null | undefined;
export type Query = Record<string, Value>;

/** A refusal or failure of the server, as RFC 9457 problem details: what, where, how to mend. */
export class ProblemError extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail || problem.title);
    this.name = "ProblemError";
  }
}

/** Return the path with the query's present values appended, percent-encoded. */
export function address(path: string, query: Query = {}): string {
  const pairs = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== "");
  const text = new URLSearchParams(pairs.map(([key, value]) => [key, String(value)])).toString();
  return `${API}${path}${text ? `?${text}` : ""}`;
}

/** Return any thrown thing as problem details. */
export function problemOf(error: unknown): Problem {
  if (error instanceof ProblemError) return error.problem;
  const detail = error instanceof Error ? error.message : String(error);
  return { title: "offline", status: 0, detail };
}

async function refusal(response: Response): Promise<ProblemError> {
  const fallback: Problem = { title: response.statusText || "error", status: response.status, detail: "" };
  try {
    const body = (await response.json()) as Partial<Problem>;
    return new ProblemError({ ...fallback, ...body });
  } catch {
    return new ProblemError(fallback);
  }
}

/** Return the parsed JSON answer of a GET; throw ProblemError when refused. */
export async function get<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> {
  const response = await fetch(address(path, query), {
    headers: { Accept: "application/json" },
    credentials: "same-origin",
    signal: signal ?? null,
  });
  if (!response.ok) throw await refusal(response);
  return (await response.json()) as T;
}

/** Return the parsed answer of an unsafe request (null when empty); the header proves that the page sent it. */
export async function send<T>(method: "POST" | "DELETE", path: string, body?: unknown, query: Query = {}): Promise<T> {
  const raw = body instanceof Blob;
  const headers: Record<string, string> = { Accept: "application/json", "X-Lifang": "page" };
  if (body !== undefined) headers["Content-Type"] = raw ? "application/octet-stream" : "application/json";
  const response = await fetch(address(path, query), {
    method,
    headers,
    credentials: "same-origin",
    body: body === undefined ? null : raw ? body : JSON.stringify(body),
  });
  if (!response.ok) throw await refusal(response);
  return (response.status === 204 ? null : await response.json()) as T;
}
