import type { Told } from "./layer";

interface Held {
  address: string;
  /** The property that was last asked for; null for none. */
  property: string | null;
}

/** The values of the property by which the objects of tiles are coloured: asked for tile by tile, of whatever shape they are. */
export class Values {
  private coming = 0;
  private readonly held = new WeakMap<Told[], Held>();
  private readonly lost = new Set<Held>();

  /** Whether all values that were asked for have come. */
  get settled(): boolean {
    return this.coming === 0;
  }

  /** How many tiles' values could not be had. */
  get failed(): number {
    return this.lost.size;
  }

  /** Have what could not be had asked for once more when it is next wanted. */
  again(): void {
    for (const held of this.lost) held.property = null;
    this.lost.clear();
  }

  /** Take in objects of the tile that came from an address. */
  take(told: Told[], address: string): void {
    this.held.set(told, { address: address.replace("/content/", "/values/*/").replace(/\.glb.*$/, ".json"), property: null });
  }

  /** Ask for a property of objects, unless that is what they have; `come` is called once it has come, or could not be had. */
  async want(told: Told[], property: string | null, come: () => void): Promise<void> {
    const held = this.held.get(told);
    if (!held || property === null || held.property === property) return;
    held.property = property;
    this.lost.delete(held);
    this.coming++;
    const values = await this.asked(held.address.replace("*", encodeURIComponent(property)));
    this.coming--;
    if (held.property === property) {
      for (const each of told) each.value = values?.[each.id];
      if (!values) this.lost.add(held);
    }
    come();
  }

  /** Return the values that an address gives, null if they cannot be had. */
  private async asked(address: string): Promise<Record<string, unknown> | null> {
    try {
      const answer = await fetch(address);
      return answer.ok ? ((await answer.json()) as Record<string, unknown>) : null;
    } catch {
      return null;
    }
  }
}
