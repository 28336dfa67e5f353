"""Buildings through the whole twin: taken in, tiled, served; what one costs from 10,000 to 1,000,000 of them.

Usage: python -m bench.twin.scale [--upto 1000000]

``in`` is the change of the store, durable; ``tiles`` all tiles of 3D Tiles made from it once; ``served`` one of
them asked for again, as it is kept; ``again`` 1,000 buildings raised anew and every tile
that shows one of them made again.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import shapely

from bench.twin.tiles import Floats, Objects, footprints
from lifang.core import SystemClock
from lifang.guard import SYSTEM, Classification
from lifang.store import Store
from lifang.twin import Twin, read_outlines

TARGET_S, TARGET_GB, TARGET_AGAIN_S = 300.0, 4.0, 2.0
_BUILT = datetime(2020, 1, 1, tzinfo=UTC)
_CHANGED = 1_000
_MEMORY_MB = 1_500


def at_moment() -> datetime:
    """Return a moment at which everything stands."""
    return datetime(2026, 1, 1, tzinfo=UTC)


@contextmanager
def stored(folder: Path) -> Iterator[Twin]:
    """Yield the twin of a fresh store."""
    clock = SystemClock()
    with Store.open(folder, clock=clock, memory_mb=_MEMORY_MB) as store:
        yield Twin(store, clock)


def raised(twin: Twin, model: str, shapes: Objects, tall: Floats, *, first: int = 0, since: datetime = _BUILT) -> None:
    """Take outlines with heights in as buildings of a model, numbered from ``first``."""
    codes = [f"{each:08d}" for each in range(first, first + len(shapes))]
    rows = pa.table({"geometry": shapely.to_wkb(shapes), "code": codes, "height": tall[: len(shapes)]})
    found = read_outlines(rows, prefix=model, key="code", height="height")
    twin.add(model, found, classification=Classification.OPEN, valid_from=since, by=SYSTEM)


def main() -> None:
    """Print seconds, memory, and the cost of a building at each size beside that at the size before."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--upto", type=int, default=1_000_000)
    upto = parser.parse_args().upto
    before: float | None = None
    for count in (each for each in (10_000, 100_000, 1_000_000) if each <= upto):
        cost = _round(count)
        if before is not None:
            print(f"  a building costs {cost / before:.2f} times as much as at a tenth of it")
        before = cost


def _round(count: int) -> float:
    shapes = footprints(count)
    tall = np.random.default_rng(2).uniform(3, 99, count)
    with tempfile.TemporaryDirectory() as folder, stored(Path(folder)) as twin:
        start = time.perf_counter()
        raised(twin, "bench", shapes, tall)
        taken = time.perf_counter() - start
        query = twin.query(at=at_moment())
        tiles = twin.tiles(query).tiles()
        start = time.perf_counter()
        size = sum(len(twin.tiles(query).content(*each).glb) for each in tiles)
        tiled = time.perf_counter() - start
        start = time.perf_counter()
        for each in tiles[:50]:
            twin.tiles(query).content(*each)
        served = (time.perf_counter() - start) / len(tiles[:50])
        again = _again(twin, shapes, tall)
    whole = taken + tiled
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{count:,}: in {taken:.1f} s, {len(tiles):,} tiles in {tiled:.1f} s ({size / count:.0f} B a building)")
    print(f"  {served * 1e3:.1f} ms a tile served, {whole / count * 1e6:.0f} us a building, {most:.1f} GB at most")
    met = "met" if whole <= TARGET_S and most <= TARGET_GB else "MISSED"
    print(f"  targets {TARGET_S:g} s, {TARGET_GB:g} GB: {met}")
    print(f"  again: {again:.2f} s for {_CHANGED:,} buildings (target {TARGET_AGAIN_S:g} s: "
          f"{'met' if again <= TARGET_AGAIN_S else 'MISSED'})")  # fmt: skip
    return whole / count


def _again(twin: Twin, shapes: Objects, tall: Floats) -> float:
    """Return the seconds from 1,000 changed heights to their tiles, the model beside them being left as it is."""
    west, south = shapely.bounds(shapes)[:, :2].T
    near = np.argsort(np.hypot(west - west.min(), south - south.min()))[:_CHANGED]
    raised(twin, "renewed", shapes[near], tall[near], first=0)
    start = time.perf_counter()
    raised(twin, "renewed", shapes[near], tall[near] + 3, first=0, since=datetime(2025, 1, 1, tzinfo=UTC))
    source = twin.tiles(twin.query(at=at_moment(), box=None))
    changed = twin.tiles(twin.query(at=at_moment(), models=["renewed"]))
    for cell in changed.cells:
        source.content(*source.place(cell))
    return time.perf_counter() - start


if __name__ == "__main__":
    sys.exit(main())
