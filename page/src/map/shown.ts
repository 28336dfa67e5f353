import type { ImageryLayer } from "../api/types";
import { data, here } from "../state/data";
import { view } from "../state/view";
import { AIR_LAYER } from "./kinds/air";
import { imageryWord } from "./kinds/imagery";

/** Return whether the address has a layer shown; one that names none shows all. */
export function isShown(word: string): boolean {
  const { layers } = view.value;
  return layers === null || layers.includes(word);
}

/** Return the list of layers of an address after a word was put into it or taken out; one that says what is shown anyway is none. */
export function toggled(word: string): string[] | null {
  const city = here(data.value.city);
  const usual = [AIR_LAYER, ...(city?.layers ?? []).map(({ id }) => id), ...(city?.imagery ?? []).map(imageryWord)];
  const now = view.value.layers ?? usual;
  const next = now.includes(word) ? now.filter((one) => one !== word) : [...now, word];
  return next.length === usual.length && usual.every((one) => next.includes(one)) ? null : next;
}

/** Return the pictures of the ground that are shown, on the map and under the city in three dimensions. */
export function picturesShown(): ImageryLayer[] {
  return (here(data.value.city)?.imagery ?? []).filter((each) => isShown(imageryWord(each)));
}
