/** Print the gzipped size of the first load and fail above the limit. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const SITE = fileURLToPath(new URL("../../src/lifang/doors/page/site/", import.meta.url));
const LIMIT_KB = 550;
/** What the first screen fetches after the entry: the map with its worker. The catalogue comes when its room is entered. */
const FIRST = ["src/map/lf-map.ts"];

const manifest = JSON.parse(readFileSync(join(SITE, "manifest.json"), "utf8"));
const files = new Set(["index.html", "lifang.svg"]);

function add(key) {
  const entry = manifest[key];
  for (const file of [entry.file, ...(entry.css ?? []), ...(entry.assets ?? [])]) files.add(file);
  for (const next of entry.imports ?? []) add(next);
}

["index.html", ...FIRST].forEach(add);
const worker = Object.values(manifest).find(({ file }) => file.includes("worker"));
const named = readFileSync(join(SITE, manifest[FIRST[0]].file), "utf8").match(/assets\/[\w.-]*worker[\w.-]*\.m?js/)?.[0];
const workerFile = worker?.file ?? named;
if (!workerFile) throw new Error("The map's worker is not in the build: the size would be wrong.");
files.add(workerFile);

let total = 0;
for (const file of [...files].sort()) {
  const kb = gzipSync(readFileSync(join(SITE, file)), { level: 9 }).length / 1000;
  total += kb;
  console.log(`${kb.toFixed(1).padStart(8)} kB  ${file}`);
}
console.log(`${total.toFixed(1).padStart(8)} kB  first load, gzipped (limit ${LIMIT_KB} kB)`);
if (total > LIMIT_KB) {
  console.error(`The first load is ${(total - LIMIT_KB).toFixed(1)} kB over the limit.`);
  process.exit(1);
}
