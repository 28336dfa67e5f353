import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const css = readFileSync("src/css/theme.css", "utf8");
const TEXT_ON_GROUNDS = ["ink", "ink-soft", "accent"].flatMap((text) => ["ground", "sheet", "sunk"].map((ground) => [text, ground] as const));

function tokens(theme: string): Map<string, string> {
  const block = new RegExp(`data-theme="${theme}"\\] \\{([^}]*)\\}`).exec(css)?.[1] ?? "";
  return new Map([...block.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, name, colour]) => [name ?? "", colour ?? ""]));
}

/** Relative luminance, WCAG 2.2. */
function luminance(colour: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

describe.each(["paper", "night"])("the %s theme", (theme) => {
  const held = tokens(theme);
  const of = (name: string): string => held.get(name) ?? "";

  it.each(TEXT_ON_GROUNDS)("keeps 7:1 for %s on %s", (text, ground) => {
    expect(contrast(of(text), of(ground))).toBeGreaterThanOrEqual(7);
  });

  it("keeps 3:1 for whatever a chart draws (WCAG 2.2, 1.4.11)", () => {
    for (const at of [0, 1, 2, 3, 4, 5, 6, 7]) for (const ground of ["ground", "sheet"]) expect(contrast(of(`plot-${at}`), of(ground))).toBeGreaterThanOrEqual(3);
  });

  it("keeps 7:1 for the words on buttons", () => {
    expect(contrast(of("on-accent"), of("accent-fill"))).toBeGreaterThanOrEqual(7);
  });
});
