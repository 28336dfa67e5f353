/** A point of space or a direction: x, y up, z. */
export type Vector = readonly [number, number, number];
/** A point on the plane of a section. */
export type Flat = readonly [number, number];

/** A plane: the points p with n·p + c = 0. What lies where n·p + c < 0 is cut away. */
export interface Cutter {
  n: Vector;
  c: number;
}

/** An area that a plane cuts out of a solid: its outline and its holes. */
export interface Face {
  outline: Flat[];
  holes: Flat[][];
}

const GRAIN_M = 0.0005; // ends of lines nearer than this are one
const LEVEL_M = 0.05; // a floor that is left out is as level as this
const LEAST_M2 = 1e-5;

const dot = (a: Vector, b: Vector): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const cross = (a: Vector, b: Vector): Vector => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];

/** Return two directions that span a plane: one level, one as upright as it gets. */
export function spanOf({ n }: Cutter): [Vector, Vector] {
  const level = Math.hypot(n[0], n[2]) < 1e-9;
  const length = Math.hypot(n[0], n[2]);
  const u: Vector = level ? [1, 0, 0] : [n[2] / length, 0, -n[0] / length];
  return [u, cross(n, u)];
}

/** Return where a plane lies between two corners, the same whichever comes first. */
function crossing(a: Vector, b: Vector, da: number, db: number): Vector {
  const [from, to, dFrom, dTo] = da < db ? [a, b, da, db] : [b, a, db, da];
  const share = dFrom / (dFrom - dTo);
  return [from[0] + share * (to[0] - from[0]), from[1] + share * (to[1] - from[1]), from[2] + share * (to[2] - from[2])];
}

/** Return the line that a plane cuts out of a triangle, on the plane; null where it does not meet it. */
export function cutTriangle(corners: readonly [Vector, Vector, Vector], cutter: Cutter, [u, v]: [Vector, Vector]): [Flat, Flat] | null {
  const far = corners.map((each) => dot(cutter.n, each) + cutter.c || 1e-9) as [number, number, number];
  if (Math.sign(far[0]) === Math.sign(far[1]) && Math.sign(far[1]) === Math.sign(far[2])) return null;
  const ends: Flat[] = [];
  for (let one = 0; one < 3; one++) {
    const other = (one + 1) % 3;
    const [a, b, da, db] = [corners[one] as Vector, corners[other] as Vector, far[one] as number, far[other] as number];
    if (Math.sign(da) === Math.sign(db)) continue;
    const at = crossing(a, b, da, db);
    ends.push([dot(at, u), dot(at, v)]);
  }
  return [ends[0] as Flat, ends[1] as Flat];
}

const keyOf = ([u, v]: Flat): string => `${Math.round(u / GRAIN_M)} ${Math.round(v / GRAIN_M)}`;

/** Return the chains that lines make where they meet; `closed` says which come back to where they begin. */
function chains(lines: readonly [Flat, Flat][]): { points: Flat[]; closed: boolean }[] {
  const from = new Map<string, number[]>();
  const long = lines.filter(([a, b]) => keyOf(a) !== keyOf(b));
  long.forEach((line, n) => line.forEach((end) => from.set(keyOf(end), [...(from.get(keyOf(end)) ?? []), n])));
  const left = new Set(long.keys());
  const walk = (begin: Flat): { points: Flat[]; closed: boolean } => {
    const points = [begin];
    for (let at = begin; ; ) {
      const next = from.get(keyOf(at))?.find((n) => left.has(n));
      if (next === undefined) return { points, closed: false };
      left.delete(next);
      const [a, b] = long[next] as [Flat, Flat];
      at = keyOf(a) === keyOf(at) ? b : a;
      if (keyOf(at) === keyOf(begin)) return { points, closed: true };
      points.push(at);
    }
  };
  const loose = long.flatMap((line) => line.filter((end) => (from.get(keyOf(end)) ?? []).length % 2 === 1));
  const open = loose.map(walk).filter(({ points }) => points.length > 1);
  const round: { points: Flat[]; closed: boolean }[] = [];
  for (const n of long.keys()) if (left.has(n)) round.push(walk((long[n] as [Flat, Flat])[0]));
  return [...open, ...round];
}

function areaOf(ring: readonly Flat[]): number {
  return Math.abs(ring.reduce((sum, [u, v], n) => sum + u * (ring[(n + 1) % ring.length] as Flat)[1] - v * (ring[(n + 1) % ring.length] as Flat)[0], 0)) / 2;
}

function holds(ring: readonly Flat[], [u, v]: Flat): boolean {
  return ring.reduce((inside, [ua, va], n) => {
    const [ub, vb] = ring[(n + 1) % ring.length] as Flat;
    return va > v !== vb > v && u < ((ub - ua) * (v - va)) / (vb - va) + ua ? !inside : inside;
  }, false);
}

/** Whether a chain is what a level floor that was left out would close: its ends are as low as all of it, and alike. */
function onFloor(points: readonly Flat[], upright: boolean): boolean {
  const [first, last] = [points[0] as Flat, points.at(-1) as Flat];
  return upright && Math.abs(first[1] - last[1]) < LEVEL_M && points.every((each) => each[1] > Math.min(first[1], last[1]) - LEVEL_M);
}

/** Return the areas that lines enclose; `upright` tells whether the second coordinate is height. */
export function facesOf(lines: readonly [Flat, Flat][], upright: boolean): Face[] {
  const rings = chains(lines).filter(({ points, closed }) => points.length > 2 && (closed || onFloor(points, upright)) && areaOf(points) > LEAST_M2);
  const ordered = rings.map(({ points }) => points).sort((a, b) => areaOf(b) - areaOf(a));
  const within = ordered.map((ring, n) => ordered.slice(0, n).flatMap((outer, at) => (holds(outer, ring[0] as Flat) ? [at] : [])));
  const faces = new Map<number, Face>();
  ordered.forEach((ring, n) => {
    const around = within[n] ?? [];
    if (around.length % 2 === 0) faces.set(n, { outline: ring, holes: [] });
    else faces.get(around.filter((at) => faces.has(at)).at(-1) ?? -1)?.holes.push(ring);
  });
  return [...faces.values()];
}
