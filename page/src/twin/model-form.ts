/** What a file holds, as far as what has to be said beside it goes. */
export type Holds = "ifc" | "model" | "outlines";
export const HOLDS: readonly Holds[] = ["ifc", "model", "outlines"];
export const STAGES = ["planned", "designed", "construction", "completed", "operation"] as const;

/** Return what a file of that name most likely holds; null where the name does not tell. */
export function holdsOf(name: string): Holds | null {
  if (/\.(ifc|ifczip)(\.gz)?$/i.test(name)) return "ifc";
  if (/\.city\.zip$/i.test(name)) return "model";
  if (/\.(geojson|gpkg|zip)(\.gz)?$/i.test(name)) return "outlines";
  return /\.(jsonl?|osm|pbf|inp|tiff?)(\.gz)?$/i.test(name) ? "model" : null;
}

/** Return an id made of a file's name: small letters, digits and underscores, a letter first; empty where none is in it. */
export function idOf(name: string): string {
  const stem = name.replace(/(\.city)?\.[a-z0-9]+(\.gz)?$/i, "").toLowerCase();
  return stem
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^[_0-9]+|_+$/g, "")
    .slice(0, 64);
}

/** Where an IFC model stands, as its form's fields have it. */
export interface Place {
  crs: string;
  east: string;
  north: string;
  height: string;
  turn: string;
}

/** Return a place as the TOML of a placement file; empty where nothing is said, and the model's own conversion counts. */
export function placementOf({ crs, east, north, height, turn }: Place): string {
  if (![crs, east, north, height, turn].some((each) => each.trim())) return "";
  const lines = [`crs = ${JSON.stringify(crs.trim())}`, `position = [${east.trim()}, ${north.trim()}]`];
  if (height.trim()) lines.push(`height_m = ${height.trim()}`);
  if (turn.trim()) lines.push(`rotation_deg = ${turn.trim()}`);
  return lines.join("\n");
}
