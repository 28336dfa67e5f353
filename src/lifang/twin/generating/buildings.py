"""Buildings raised by rule on the lots of street blocks: use, footprint, storeys and the year they were built.

The rule, by draws that depend on the place and the seed alone:

- A block is for offices with probability ``0.5 exp(-d / 1.2 km)``, ``d`` being how far it lies from the centre; else
  for shops with 0.12; else for dwellings. Lots have up to 4,500, 3,500 and 2,100 m².
- An office is a square tower of 20 to 36 m a side, 14 + 26 exp(-d / 1.5 km) storeys give or take a third. A shop fills
  its lot but for 4 m, with 2 to 5 storeys. A dwelling is a slab 13 m deep along its lot; built before 2000 it has 6 or
  7 storeys, later 11 to 33, the more the later.
- A building was built in 1978 to 2018, more of them late. Where one was built after 2003 another, of 2 to 4 storeys,
  stood before with probability 0.5. One in twenty shops built before 1995 has got a storey more in 2010.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from lifang.core import BadInput, Box, distance_m
from lifang.twin.generating.draws import Floats, codes, draws
from lifang.twin.generating.lots import Lots, Shapes, blocks_of, boxes, boxes_of, lots_of
from lifang.twin.reading.model import Described, ModelFile, footprint, rows_of

_STOREY_M = 3.0
_SETBACK_M = 12.0  # from the middle of the road: half its width and the pavement; widths are not published
_LOT_M = 4.0  # from the edge of the lot
_BLOCK_M2 = (1_200.0, 400_000.0)
_LEAST_M2 = 70.0  # of a footprint
_USES = ("offices", "shops", "dwellings")
_OFFICES, _SHOPS, _DWELLINGS = range(3)
_TARGET_M2 = np.array([4_500.0, 3_500.0, 2_100.0])
_SLAB_M = 13.0
_YEARS = (1978, 2018)
_REBUILT, _RAISED_IN = 2003, 2010


@dataclass(frozen=True)
class BlockRule:
    """Where buildings are raised (``within``), about which centre (degrees), and the seed of chance."""

    within: Box
    centre: tuple[float, float]
    seed: int


@dataclass(frozen=True)
class _Sites:
    """What may stand on each lot: footprint, use, storeys, the year it was built, a number of its own."""

    shape: Shapes
    use: NDArray[np.int64]
    storeys: NDArray[np.int64]
    built: NDArray[np.int64]
    code: NDArray[np.uint64]


def generate_buildings(
    roads: pa.Table, *, prefix: str, rule: BlockRule, years: Sequence[int]
) -> Iterator[tuple[int, ModelFile]]:
    """Yield each of ``years`` with the buildings that stand at its end, each with the property ``generated``.

    ``roads`` has a ``geometry`` column (WKB lines, degrees on WGS 84). The same roads and rule give the same buildings.
    ``BadInput`` if the roads enclose nothing within the rule's box.
    """
    scale = _metres(rule.within)
    lines = shapely.from_wkb(roads["geometry"].to_numpy(zero_copy_only=False))
    box = rule.within
    near = lines[shapely.intersects(lines, shapely.box(box.west, box.south, box.east, box.north))]
    low, high = _BLOCK_M2
    origin = np.array(rule.centre)
    metric = shapely.transform(near, lambda degrees: (degrees - origin) * scale)
    blocks = blocks_of(metric, setback_m=_SETBACK_M, least_m2=low, most_m2=high)
    if not len(blocks):
        raise BadInput("The roads enclose no block there.", mend="Choose another box, or a dataset of connected roads.")
    sites = _sites(blocks, rule.seed)
    degrees = shapely.transform(sites.shape, lambda metres: metres / scale + origin)
    for year in years:
        yield year, _model(sites, degrees, prefix, year)


def _metres(box: Box) -> Floats:
    """Return metres a degree of longitude and latitude, in the middle of ``box``."""
    lon, lat = box.centre
    one = np.array([lon]), np.array([lat])
    east = distance_m(*one, one[0] + 1e-3, one[1])
    north = distance_m(*one, one[0], one[1] + 1e-3)
    return np.array([float(east[0]), float(north[0])]) * 1e3


def _sites(blocks: Shapes, seed: int) -> _Sites:
    middle = shapely.get_coordinates(shapely.centroid(blocks))
    chance = draws(codes(middle, seed), 1)
    offices = 0.5 * np.exp(-np.hypot(*middle.T) / 1_200)
    use_of_block = np.where(chance < offices, _OFFICES, np.where(chance < offices + 0.12, _SHOPS, _DWELLINGS))
    lots = lots_of(blocks, _TARGET_M2[use_of_block], seed)
    use = use_of_block[lots.block]
    at = shapely.get_coordinates(shapely.centroid(lots.shape))
    code = codes(at, seed)
    built = (_YEARS[0] + np.sqrt(draws(code, 2)) * (_YEARS[1] - _YEARS[0] + 1)).astype(np.int64)
    shape = _footprints(lots, use, draws(code, 3))
    storeys = _storeys(use, built, np.hypot(*at.T), draws(code, 4))
    kept = (shapely.area(shape) >= _LEAST_M2) & (shapely.get_type_id(shape) == shapely.GeometryType.POLYGON)
    return _Sites(shape[kept], use[kept], storeys[kept], built[kept], code[kept])


def _footprints(lots: Lots, use: NDArray[np.int64], chance: Floats) -> Shapes:
    free = shapely.buffer(lots.shape, -_LOT_M, join_style="mitre")
    _, along, across = boxes_of(lots.shape)
    length, depth = np.hypot(*along.T), np.hypot(*across.T)
    tower = use == _OFFICES
    long_m = np.where(tower, 20 + 16 * chance, length - 2 * _LOT_M).clip(1)
    deep_m = np.where(tower, long_m, _SLAB_M)
    one, other = along / length[:, None] * long_m[:, None], across / depth[:, None] * deep_m[:, None]
    middle = shapely.get_coordinates(shapely.centroid(lots.shape))
    solid = shapely.intersection(boxes(middle - (one + other) / 2, one, other), free)
    return np.asarray(np.where(use == _SHOPS, free, solid), dtype=object)


def _storeys(use: NDArray[np.int64], built: NDArray[np.int64], away_m: Floats, chance: Floats) -> NDArray[np.int64]:
    office = (14 + 26 * np.exp(-away_m / 1_500)) * (2 / 3 + 2 / 3 * chance)
    late = np.clip((built - 2000) / (_YEARS[1] - 2000), 0, 1)
    dwelling = np.where(built < 2000, 6 + 2 * chance, 11 + 22 * late * chance + 3 * chance)
    return np.choose(use, (office, 2 + 4 * chance, dwelling)).astype(np.int64).clip(1, 60)


def _model(sites: _Sites, degrees: Shapes, prefix: str, year: int) -> ModelFile:
    raised = (sites.use == _SHOPS) & (sites.built < 1995) & (draws(sites.code, 5) < 0.05) & (year >= _RAISED_IN)
    before = (sites.built > _REBUILT) & (draws(sites.code, 6) < 0.5) & (sites.built > year)
    earlier = (2 + 3 * draws(sites.code, 7)).astype(np.int64), (1960 + 20 * draws(sites.code, 8)).astype(np.int64)
    standing = np.flatnonzero((sites.built <= year) | before)
    storeys = np.where(before, earlier[0], sites.storeys + raised)[standing]
    built = np.where(before, earlier[1], sites.built)[standing]
    names = zip(sites.code[standing].tolist(), before[standing].tolist(), strict=True)
    ids = [f"{prefix}:{code:016x}{'-before' if was else ''}" for code, was in names]
    use = np.where(before, _DWELLINGS, sites.use)[standing]
    described = [
        Described(each, "Building", "", "", _told(*row))
        for each, *row in zip(ids, use.tolist(), storeys.tolist(), built.tolist(), strict=True)
    ]
    shapes, top = degrees[standing], storeys * _STOREY_M
    bounds = np.column_stack((shapely.bounds(shapes), np.zeros(len(top)), top))
    solids = [[footprint(wkb, 0.0, high)] for wkb, high in zip(shapely.to_wkb(shapes), top.tolist(), strict=True)]
    return ModelFile(rows_of(described, solids, bounds), [])


def _told(use: int, storeys: int, built: int) -> dict[str, Any]:
    return {"generated": True, "use": _USES[use], "storeys": storeys, "built": built}
