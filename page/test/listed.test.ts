import type { ReactiveControllerHost } from "lit";
import { describe, expect, it } from "vitest";
import type { After } from "../src/api/pages";
import { everyItem } from "../src/api/pages";
import { Listed } from "../src/shell/listed";
import { here } from "../src/state/data";

type Numbers = { items: number[]; next: After };
const PAGES: Record<string, Numbers> = {
  first: { items: [1, 2], next: "a" },
  a: { items: [], next: "b" },
  b: { items: [3], next: "c" },
  c: { items: [4], next: null },
};
const settled = (): Promise<void> => new Promise((done) => setTimeout(done, 0));
const host = { requestUpdate: () => {}, addController: () => {}, removeController: () => {}, updateComplete: Promise.resolve(true) } as ReactiveControllerHost;

/** A list over the pages above, what was asked for, and its button. */
function list(): { held: Listed<Numbers>; asked: After[]; read: (key?: string) => number[] | undefined; press: () => Promise<void> } {
  const held = new Listed<Numbers>(host);
  const asked: After[] = [];
  const call = async (after: After): Promise<Numbers> => {
    asked.push(after);
    const page = PAGES[after ?? "first"];
    if (!page) throw new Error("there is no such page");
    return page;
  };
  const read = (key = "k"): number[] | undefined => here(held.list(key, call))?.items;
  const press = async (): Promise<void> => {
    await (held as unknown as { more(): Promise<void> }).more();
  };
  return { held, asked, read, press };
}

describe("a list that is told a page at a time", () => {
  it("shows its first page, and one more with each press, over empty ones", async () => {
    const { asked, read, press } = list();
    read();
    await settled();
    expect(read()).toEqual([1, 2]);
    await press();
    expect(read()).toEqual([1, 2, 3]);
    await press();
    expect(read()).toEqual([1, 2, 3, 4]);
    await press();
    expect(asked).toEqual([null, "a", "b", "c"]);
  });

  it("keeps what is here until it was read anew, as many items as were open", async () => {
    const { held, asked, read, press } = list();
    read();
    await settled();
    await press();
    asked.length = 0;
    held.forget();
    expect(read()).toEqual([1, 2, 3]);
    await settled();
    expect(asked).toEqual([null, "a", "b"]);
  });

  it("begins with the first page when another list is asked for", async () => {
    const { asked, read, press } = list();
    read();
    await settled();
    await press();
    asked.length = 0;
    expect(read("another")).toEqual([1, 2, 3]);
    await settled();
    expect(asked).toEqual([null]);
    expect(read("another")).toEqual([1, 2]);
  });

  it("can be read whole", async () => {
    expect(await everyItem(async (after) => PAGES[after ?? "first"] as Numbers)).toEqual([1, 2, 3, 4]);
  });
});
