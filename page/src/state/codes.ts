import type { FeatureCollection } from "geojson";
import { calls } from "../api/calls";
import type { Cell, CodePage, Column, Dataset, Names } from "../api/types";

const asked = new Map<string, Promise<CodePage>>();

/** Return the part that all the texts begin with. */
export function sharedStart(texts: string[]): string {
  const [first = "", ...rest] = texts;
  let end = first.length;
  for (const text of rest) while (!text.startsWith(first.slice(0, end))) end -= 1;
  return first.slice(0, end);
}

function codes(list: string, prefix: string): Promise<CodePage> {
  const key = `${list}/${prefix}`;
  const known = asked.get(key) ?? calls.codes(list, prefix);
  asked.set(key, known);
  known.catch(() => asked.delete(key));
  return known;
}

/** What the codes in a table mean: by column, by code. */
export type Meanings = Map<string, Map<string, Names>>;

/** Return what the codes in rows mean, for the columns that state a code list; a list that cannot be read is left out. */
export async function meaningsOf(columns: readonly Column[], rows: readonly Record<string, Cell>[]): Promise<Meanings> {
  const coded = columns.filter(({ code_list }) => code_list);
  const read = coded.map(async ({ name, code_list }): Promise<[string, Map<string, Names>]> => {
    const texts = rows.flatMap((row) => (row[name] === null || row[name] === undefined ? [] : [String(row[name])]));
    const page = await codes(code_list ?? "", sharedStart(texts));
    return [name, new Map(page.items.map((code) => [code.code, code]))];
  });
  const settled = await Promise.allSettled(read);
  return new Map(settled.flatMap((one) => (one.status === "fulfilled" ? [one.value] : [])));
}

/** Return the features with `name_en` from the code list that one of the dataset's columns states; where it has none, as they are. */
export async function withEnglish(features: FeatureCollection, dataset: Dataset): Promise<FeatureCollection> {
  const column = dataset.columns.find(({ code_list }) => code_list);
  const given = features.features.flatMap(({ properties }) => String(properties?.[column?.name ?? ""] ?? ""));
  if (!column?.code_list || !given.some(Boolean)) return features;
  const page = await codes(column.code_list, sharedStart(given.filter(Boolean)));
  const english = new Map(page.items.map(({ code, en }) => [code, en]));
  const named = features.features.map((feature) => {
    const en = english.get(String(feature.properties?.[column.name] ?? ""));
    return en ? { ...feature, properties: { name_en: en, ...feature.properties } } : feature;
  });
  return { ...features, features: named };
}
