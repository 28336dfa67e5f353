import { keepPurpose, purposeFor, scopeOf } from "./purpose";
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

/** Return the address of a download: a link sends no header, so a purpose that was stated goes into it. */
export function downloadAddress(path: string, query: Query = {}): string {
  return address(path, { ...query, purpose: purposeFor(scopeOf(path, query)) });
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

type Asker = (scope: string, problem: Problem) => Promise<string | null>;
let askPurpose: Asker = () => Promise.resolve(null);

/** Say who asks the person for a purpose; the asker returns null when none is stated. */
export function onPurposeNeeded(asker: Asker): void {
  askPurpose = asker;
}

async function call(path: string, query: Query, init: RequestInit & { headers: Record<string, string> }): Promise<Response> {
  const scope = scopeOf(path, query);
  const ask = (purpose: string | null): Promise<Response> => {
    const headers = purpose === null ? init.headers : { ...init.headers, "X-Lifang-Purpose": encodeURIComponent(purpose) };
    return fetch(address(path, query), { ...init, headers, credentials: "same-origin" });
  };
  const response = await ask(purposeFor(scope));
  if (response.ok) return response;
  const refused = await refusal(response);
  if (refused.problem.needs !== "purpose") throw refused;
  keepPurpose(scope, null);
  const purpose = await askPurpose(scope, refused.problem);
  if (purpose === null) throw refused;
  const second = await ask(purpose);
  if (!second.ok) throw await refusal(second);
  keepPurpose(scope, purpose);
  return second;
}

/** Return the parsed JSON answer of a GET; throw ProblemError when refused. */
export async function get<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> {
  const response = await call(path, query, { headers: { Accept: "application/json" }, signal: signal ?? null });
  return (await response.json()) as T;
}

/** Return the text of a GET; throw ProblemError when refused. */
export async function text(path: string): Promise<string> {
  return (await call(path, {}, { headers: { Accept: "text/plain" } })).text();
}

/** Return the parsed JSON answer of a GET to an address of another door; throw ProblemError when refused. */
export async function getOutside<T>(path: string): Promise<T> {
  const response = await fetch(path, { credentials: "same-origin", headers: { Accept: "application/json" } });
  if (!response.ok) throw await refusal(response);
  return (await response.json()) as T;
}

/** Return the parsed answer of an unsafe request (null when empty); the header proves that the page sent it. */
export async function send<T>(method: "POST" | "PUT" | "DELETE" | "PATCH", path: string, body?: unknown, query: Query = {}): Promise<T> {
  const ready = body instanceof FormData || body instanceof Blob;
  const headers: Record<string, string> = { Accept: "application/json", "X-Lifang": "page" };
  if (body !== undefined && !ready) headers["Content-Type"] = "application/json";
  const response = await call(path, query, {
    method,
    headers,
    body: body === undefined ? null : ready ? body : JSON.stringify(body),
  });
  return (response.status === 204 ? null : await response.json()) as T;
}

/** Return the parsed answer of a POST of a file; `told` hears how much of it is on its way, 0 to 1. Fails as `send` does. */
export function sendFile<T>(path: string, body: Blob | FormData, query: Query, told: (share: number) => void, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", address(path, query));
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("X-Lifang", "page");
    if (body instanceof Blob) request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.onprogress = ({ loaded, total }) => told(total ? loaded / total : 0);
    request.onerror = () => reject(new TypeError("The file could not be sent."));
    request.onabort = () => reject(new DOMException("", "AbortError"));
    request.onload = () => {
      const answer = new Response(request.responseText, { status: request.status, statusText: request.statusText });
      if (answer.ok) resolve(answer.json() as Promise<T>);
      else void refusal(answer).then(reject);
    };
    signal.addEventListener("abort", () => request.abort());
    request.send(body);
  });
}
