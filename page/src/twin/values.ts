import type { Told } from "./layer";

/** The values of the property by which the objects of tiles are coloured: asked for tile by tile, of whatever shape they are. */
export class Values {
  private coming = 0;
  private readonly held = new WeakMap<Told[], { address: string; property: string | null }>();

  /** Whether all values that were asked for have come. */
  get settled(): boolean {
    return this.coming === 0;
  }

  /** Take in objects of the tile that came from an address. */
  take(told: Told[], address: string): void {
    this.held.set(told, { address: address.replace("/content/", "/values/*/").replace(/\.glb.*$/, ".json"), property: null });
  }

  /** Ask for a property of objects, unless that is what they have; `come` is called once it has come. */
  async want(told: Told[], property: string | null, come: () => void): Promise<void> {
    const held = this.held.get(told);
    if (!held || property === null || held.property === property) return;
    held.property = property;
    this.coming++;
    try {
      const answer = await fetch(held.address.replace("*", encodeURIComponent(property)));
      const values = answer.ok ? ((await answer.json()) as Record<string, unknown>) : {};
      if (held.property === property) for (const each of told) each.value = values[each.id];
    } finally {
      this.coming--;
    }
    come();
  }
}
