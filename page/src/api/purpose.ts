/** Purposes that this person stated in this session, by what they were stated for, as in `dataset:districts`. */

const KEPT = "lifang-purposes";

export const LONGEST_PURPOSE = 200;
export const SHORTEST_PURPOSE = 2;

const SCOPED: [RegExp, string][] = [
  [/^\/datasets\/([^/]+)/, "dataset"],
  [/^\/datastreams\/([^/]+)/, "datastream"],
];

/** Return what a call reads that may need a purpose; the path itself where it is no dataset and no datastream. */
export function scopeOf(path: string, query: Record<string, unknown> = {}): string {
  if (path === "/observations" && query["datastream"]) return `datastream:${String(query["datastream"])}`;
  for (const [shape, kind] of SCOPED) {
    const id = shape.exec(path)?.[1];
    if (id) return `${kind}:${decodeURIComponent(id)}`;
  }
  return path;
}

function all(): Record<string, string> {
  try {
    return JSON.parse(window.sessionStorage.getItem(KEPT) ?? "{}") as Record<string, string>;
  } catch {
    return {};
  }
}

/** Return the purpose stated for a scope in this session, or null. */
export function purposeFor(scope: string): string | null {
  return all()[scope] ?? null;
}

/** Keep the purpose stated for a scope until the session ends; null forgets it. */
export function keepPurpose(scope: string, purpose: string | null): void {
  const { [scope]: before, ...rest } = all();
  void before;
  window.sessionStorage.setItem(KEPT, JSON.stringify(purpose === null ? rest : { ...rest, [scope]: purpose }));
}

/** Forget every purpose: another person may be sitting here. */
export function forgetPurposes(): void {
  window.sessionStorage.removeItem(KEPT);
}
