import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { en as enFirst } from "../src/i18n/en";
import { enLater, zhLater } from "../src/i18n/later";
import { zh as zhFirst } from "../src/i18n/zh";

const zh = { ...zhFirst, ...zhLater };
const en = { ...enFirst, ...enLater };

const slots = (text: string): string[] => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? "").sort();

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === "i18n" ? [] : sources(path);
    return path.endsWith(".ts") ? [readFileSync(path, "utf8")] : [];
  });
}

/** The files that come with some others: what they import, and what that imports, but for what is fetched when needed. */
function together(...files: string[]): string[] {
  const found = new Set<string>();
  for (const file of files) {
    if (found.has(file)) continue;
    found.add(file);
    const text = readFileSync(file, "utf8");
    const beside = [...text.matchAll(/(?:from|import) "(\.[^"]+)"/g)].map(([, path]) => join(dirname(file), path ?? ""));
    files.push(...beside.flatMap((path) => [`${path}.ts`, join(path, "index.ts")]).filter((path) => existsSync(path)));
  }
  return [...found];
}

function mentions(code: string, key: string): boolean {
  return code.includes(`"${key}"`) || code.includes(`\`${key.slice(0, key.lastIndexOf("."))}.\${`);
}

describe("the messages", () => {
  it("are the same in both languages", () => {
    expect(Object.keys(en).sort()).toEqual(Object.keys(zh).sort());
  });

  it("are never empty and have the same slots", () => {
    for (const [key, text] of Object.entries(zh)) {
      const other = en[key as keyof typeof zh];
      expect(text && other, key).toBeTruthy();
      expect(slots(other), key).toEqual(slots(text));
    }
  });

  it("are Chinese in the one table and not in the other", () => {
    const han = /\p{Script=Han}/u;
    const foreign = Object.entries(en).filter(([key, text]) => han.test(text) && !/^(header\.lang|app\.title)/.test(key));
    expect(foreign).toEqual([]);
  });

  it("are all used by the page, by name or by the name's beginning", () => {
    const code = sources("src").join("\n");
    expect(Object.keys(zh).filter((key) => !mentions(code, key))).toEqual([]);
  });

  it("that come later are of the rooms they come with, and of no other", () => {
    const others = ["main", "map/lf-map", "sensing/lf-sensing", "twin/lf-twin"].map((name) => `src/${name}.ts`);
    const files = together(...others).filter((file) => !file.includes("i18n"));
    expect(files.length).toBeGreaterThan(80);
    const code = files.map((file) => readFileSync(file, "utf8")).join("\n");
    expect(Object.keys(zhLater).filter((key) => mentions(code, key))).toEqual([]);
  });
});
