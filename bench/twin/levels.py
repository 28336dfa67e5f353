"""What a viewer of 3D Tiles loads from far off and from near by: with levels of detail, and all cells as they are.

Usage: python -m bench.twin.levels

The camera looks at the middle of a model; a tile is refined where its geometricError takes more than 16 points of a
screen 800 points high, 60 degrees across: error * 800 / (2 * distance * tan 30) (3D Tiles 1.1, 6.7.1), the distance
being that to its volume. Without levels every cell is loaded whole as soon as it is seen at all.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from bench.twin.scale import at_moment, stored
from lifang.guard import SYSTEM, Classification
from lifang.twin import ModelFile, Placement, TileSource, Twin, read_ifc, read_model

_CITIES = Path(__file__).parents[2] / "cities"
_POINTS, _HEIGHT, _FIELD = 16.0, 800.0, np.radians(60)
_EARTH_M = 6_371_000.0
_PLACE = Placement("EPSG:4544", 410_000.0, 3_394_000.0, 500.0)


def main() -> None:
    """Print bytes and triangles of each model as it is seen from several distances."""
    bim, scratch = _CITIES / "chengdu/data/bim", Path(tempfile.gettempdir())
    models: dict[str, tuple[Path, Callable[[bytes], ModelFile], tuple[int, ...]]] = {
        "delft": (_CITIES / "delft/data/cityjson_delft.json.gz", _read("delft"), (4_000, 1_500, 500, 50)),
        "duplex": (
            bim / "duplex_architecture.ifc.gz",
            lambda content: read_ifc(content, prefix="duplex", scratch=scratch, placement=_PLACE),
            (2_000, 500, 100, 10),
        ),
        "ky4 ground": (_CITIES / "ky4/data/ky4_elevation.tif", _read("ky4"), (100_000, 20_000, 5_000, 500)),
    }
    with tempfile.TemporaryDirectory() as folder, stored(Path(folder)) as twin:
        for name, (path, read, distances) in models.items():
            model = name.partition(" ")[0]
            twin.add(model, read(path.read_bytes()), classification=Classification.OPEN, valid_from=_SINCE, by=SYSTEM)
            _seen(twin, name, model, distances)


_SINCE = at_moment().replace(year=2020)


def _read(model: str) -> Callable[[bytes], ModelFile]:
    return lambda content: read_model(content, prefix=model, scratch=Path(tempfile.gettempdir()))


def _seen(twin: Twin, name: str, model: str, distances: tuple[int, ...]) -> None:
    source = twin.tiles(twin.query(at=at_moment(), models=[model]))
    start = time.process_time()
    made = {source.place(cell): orjson.loads(source.levels(*source.place(cell)).glb) for cell in source.cells}
    print(f"{name}: {len(made)} cells with their levels in {time.process_time() - start:.1f} s of CPU")
    for away in distances:
        with_levels, without = np.zeros(2), np.zeros(2)
        eye = _eye(source, away)
        for cell, standing in source.cells.items():
            place = source.place(cell)
            if not _coarse(cell.size_m, standing.region, eye):
                continue
            without += _weight(source.content(*place).glb)
            if standing.much:
                shown = list(_shown(made[place]["root"], eye))
                with_levels += sum((_weight(source.part(*place, each).glb) for each in shown), np.zeros(2))
            else:
                with_levels += _weight(source.content(*place).glb)
        share = with_levels[0] / without[0] if without[0] else 1.0
        print(
            f"  from {away:,} m: {with_levels[0] / 1e3:,.0f} kB, {with_levels[1]:,.0f} triangles;"
            f" without levels {without[0] / 1e3:,.0f} kB, {without[1]:,.0f} triangles; share {share:.3f}"
        )


def _eye(source: TileSource, away: int) -> tuple[float, float, float]:
    regions = np.array([each.region for each in source.cells.values()])
    west, south, east, north, _, high = (
        *regions[:, :2].min(axis=0),
        *regions[:, 2:4].max(axis=0),
        0,
        regions[:, 5].max(),
    )
    return (west + east) / 2, (south + north) / 2, high + away


def _coarse(error_m: float, region: list[float], eye: tuple[float, float, float]) -> bool:
    """Return whether an error is seen."""
    west, south, east, north, low, high = region
    lon, lat, up = eye
    east_m = max(west - lon, lon - east, 0.0) * np.cos(lat) * _EARTH_M
    north_m = max(south - lat, lat - north, 0.0) * _EARTH_M
    away = float(np.hypot(np.hypot(east_m, north_m), max(low - up, up - high, 0.0)))
    return error_m * _HEIGHT > _POINTS * 2 * away * float(np.tan(_FIELD / 2))


def _shown(tile: dict[str, Any], eye: tuple[float, float, float]) -> Iterator[str]:
    """Yield the names of the parts that are drawn: a tile's own, or those of its children where that is too coarse."""
    children = tile.get("children", [])
    if children and ("content" not in tile or _coarse(tile["geometricError"], tile["boundingVolume"]["region"], eye)):
        for each in children:
            yield from _shown(each, eye)
    elif "content" in tile:
        yield tile["content"]["uri"].partition("part=")[2]


def _weight(glb: bytes) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    size = int.from_bytes(glb[12:16], "little")
    document = orjson.loads(glb[20 : 20 + size])
    meshes = [each["indices"] for each in document["meshes"][0]["primitives"] if "indices" in each]
    return np.array([len(glb), sum(document["accessors"][each]["count"] for each in meshes) / 3])


if __name__ == "__main__":
    sys.exit(main())
