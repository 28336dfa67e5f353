import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { en } from "../src/i18n/en";
import { zh } from "../src/i18n/zh";

const slots = (text: string): string[] => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? "").sort();

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === "i18n" ? [] : sources(path);
    return path.endsWith(".ts") ? [readFileSync(path, "utf8")] : [];
  });
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
    const used = (key: string): boolean =>
      code.includes(`"${key}"`) || code.includes(`\`${key.slice(0, key.lastIndexOf("."))}.\${`);
    expect(Object.keys(zh).filter((key) => !used(key))).toEqual([]);
  });
});
