"""Single points stand apart at small zooms, the same ones in each tile that is asked for and in an archive."""

import gzip
import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np
import pytest
import shapely
from pmtiles.reader import MemorySource, Reader
from tests.unit.twin.test_reading import city, read
from tests.unit.twin.test_vector import features

from lifang.core import SystemClock
from lifang.guard import SYSTEM, Classification
from lifang.store import Store
from lifang.twin import Quadrant, Twin
from lifang.twin.vector import apart_deg, vector_tiles

SIDE, STEP_M = 20, 40
AT = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twin]:
    clock = SystemClock()
    with Store.open(tmp_path_factory.mktemp("points") / "city", clock=clock, memory_mb=128, threads=1) as store:
        found = Twin(store, clock)
        posts = {
            f"p{number}": {
                "type": "CityFurniture",
                "geometry": [{"type": "MultiPoint", "lod": "1", "boundaries": [number]}],
            }
            for number in range(SIDE * SIDE)
        }
        places = [[STEP_M * (number % SIDE), STEP_M * (number // SIDE), 3] for number in range(SIDE * SIDE)]
        model = read(city(posts, vertices=places))
        found.add("m", model, classification=Classification.OPEN, valid_from=AT, valid_to=None, by=SYSTEM)
        yield found


def ids(tile: bytes) -> set[str]:
    return set(map(bytes.decode, re.findall(rb"m:p\d+", tile)))


def test_points_are_thinned_alike_in_tiles_and_in_an_archive_and_are_all_there_further_in(
    twin: Twin,
) -> None:
    source = twin.vector(twin.query(at=AT))
    west, south, east, north, *_ = source.extent()
    target = io.BytesIO()
    source.archive(target, zooms=range(6, 15), name="posts")
    reader = Reader(MemorySource(target.getvalue()))
    before: set[str] = set()
    for z in range(6, 15):
        seen: set[str] = set()
        y_of = [(0.5 - np.arctanh(np.sin(np.radians(each))) / (2 * np.pi)) * 2**z for each in (north, south)]
        for x in range(int((west / 360 + 0.5) * 2**z), int((east / 360 + 0.5) * 2**z) + 1):
            for y in range(int(y_of[0]), int(y_of[1]) + 1):
                packed, alone = reader.get(z, x, y), source.tile(Quadrant(z, x, y)).mvt
                assert (gzip.decompress(packed) if packed else b"") == alone
                seen |= ids(alone)
        assert before <= seen, "what is seen from afar is seen from near"
        side = apart_deg(z) or np.inf
        assert len(seen) <= np.prod([np.ceil(each / side) + 1 for each in (east - west, north - south)]) or z == 14
        before = seen
    assert len(before) == SIDE * SIDE
    assert len(ids(source.tile(Quadrant(6, int((west / 360 + 0.5) * 64), int(y_of[0] / 256))).mvt)) <= 4


def test_a_tile_of_a_city_of_points_is_bounded() -> None:
    lon, lat = np.random.default_rng(7).uniform((104.0, 30.6), (104.5, 31.0), (60_000, 2)).T
    points = features(list(shapely.multipoints(shapely.points(lon, lat), indices=np.arange(len(lon)))))
    whole = [len(tile) for _, tile in vector_tiles(points, 10)]
    apart = [len(tile) for _, tile in vector_tiles(points, 10, apart_deg=apart_deg(10))]
    assert len(apart) == len(whole)
    assert sum(apart) < sum(whole) / 2
    squares = {tuple(each) for each in np.floor(np.column_stack((lon, lat)) / apart_deg(6)).tolist()}
    ((_, afar),) = vector_tiles(points, 6, apart_deg=apart_deg(6))
    assert len(re.findall("楼".encode(), afar)) == len(squares) < 130
