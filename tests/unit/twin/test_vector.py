"""Vector tiles hold what lies in them, as GDAL reads them; archives as their own library reads them."""

import gzip
import io
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from pmtiles.reader import MemorySource, Reader

from lifang.core import NotFound
from lifang.twin.shapes import outlines
from lifang.twin.vector import Features, Quadrant, vector_tiles, write_archive
from lifang.twin.vector.encoding import varints

LON, LAT = 104.06, 30.66
HALF_M = 20_037_508.342789244
GDAL = """
import json, sys, pyogrio
found = []
for path in sys.argv[1:]:
    x, y, z = path.rsplit("/", 1)[1].split(".")[0].split("-")
    meta, _, shapes, fields = pyogrio.raw.read(path, X=x, Y=y, Z=z)
    found.append([[each.hex() for each in shapes], dict(zip(meta["fields"].tolist(), [f.tolist() for f in fields]))])
print(json.dumps(found))
"""


def features(shapes: Sequence[Any], **more: Sequence[Any]) -> Features:
    return Features(np.array(shapes, dtype=object), {"id": [f"楼{n}" for n in range(len(shapes))], **more})


def by_gdal(tiles: Sequence[tuple[Quadrant, bytes]], folder: Path) -> list[dict[str, tuple[Any, dict[str, Any]]]]:
    """Return what GDAL reads of each tile: shape in EPSG:3857 and fields by id."""
    names = []
    for at, content in tiles:
        file = folder / f"{at.x}-{at.y}-{at.z}.mvt"
        file.write_bytes(content)
        names.append(str(file))
    told = subprocess.run([sys.executable, "-c", GDAL, *names], capture_output=True, text=True, timeout=60, check=True)
    return [
        {
            own: (shapely.from_wkb(bytes.fromhex(shape)), {name: column[n] for name, column in fields.items()})
            for n, (own, shape) in enumerate(zip(fields["id"], shapes, strict=True))
        }
        for shapes, fields in json.loads(told.stdout)
    ]


def in_metres(shape: Any) -> Any:
    return shapely.transform(
        shape,
        lambda at: np.column_stack(
            (at[:, 0] / 180 * HALF_M, np.log(np.tan(np.pi / 4 + np.radians(at[:, 1]) / 2)) / np.pi * HALF_M)
        ),
    )


def test_gdal_reads_shapes_holes_and_values_back(tmp_path: Path) -> None:
    yard = shapely.box(LON, LAT, LON + 4e-4, LAT + 4e-4).difference(
        shapely.box(LON + 1e-4, LAT + 1e-4, LON + 3e-4, LAT + 3e-4)
    )
    pair = shapely.multipolygons(
        [shapely.box(LON + x, LAT - 5e-4, LON + x + 1e-4, LAT - 4e-4) for x in (0.0, 3e-4)]
    )  # two parts of one
    tail = shapely.Polygon([(LON, LAT + 6e-4), (LON + 2e-4, LAT + 9e-4), (LON + 1e-4, LAT + 6e-4)])  # clockwise
    made = features([yard, pair, tail], height_m=[9.5, 12.0, 7], old=[True, False, None], use=["住宅", None, "shop"])
    for z in (15, 17):
        tiles = list(vector_tiles(made, z))
        unit = 2 * HALF_M / 2**z / 4096
        for (at, _), found in zip(tiles, by_gdal(tiles, tmp_path), strict=True):
            side = 2 * HALF_M / 2**z
            west, north = at.x * side - HALF_M, HALF_M - at.y * side
            seen = shapely.box(west, north - side, west + side, north)
            for own, (shape, fields) in found.items():
                want = shapely.intersection(in_metres(made.outline[int(own[1:])]), seen)
                assert shape.is_valid
                differing = shapely.area(shapely.symmetric_difference(shapely.intersection(shape, seen), want))
                assert differing <= shapely.length(want) * unit
                assert fields["height_m"] == pytest.approx([9.5, 12.0, 7][int(own[1:])])
                assert fields["use"] == ["住宅", None, "shop"][int(own[1:])]
        assert {own for found in by_gdal(tiles, tmp_path) for own in found} == {"楼0", "楼1", "楼2"}


def test_what_is_greater_than_a_tile_is_cut_at_its_buffer(tmp_path: Path) -> None:
    district = features([shapely.box(LON - 0.1, LAT - 0.1, LON + 0.1, LAT + 0.1).segmentize(0.001)])
    across = 2**15
    at = Quadrant(15, int((LON / 360 + 0.5) * across), int(_row(LAT) * across))
    tiles = list(vector_tiles(district, 15, only=at))
    (found,) = by_gdal(tiles, tmp_path)
    unit = 2 * HALF_M / across / 4096
    assert shapely.area(found["楼0"][0]) == pytest.approx((4096 * unit) ** 2, rel=1e-6)  # GDAL cuts the buffer off
    assert len(tiles[0][1]) < 200


def _row(lat: float) -> float:
    return float(0.5 - np.arctanh(np.sin(np.radians(lat))) / (2 * np.pi))


def test_one_tile_is_the_same_as_among_all_of_its_zoom() -> None:
    random = np.random.default_rng(4)
    lon, lat = LON + random.random(300) * 0.03, LAT + random.random(300) * 0.03
    made = features(list(shapely.box(lon, lat, lon + 2e-4, lat + 1e-4)))
    every = dict(vector_tiles(made, 15))
    assert len(every) > 4
    for at, content in every.items():
        assert dict(vector_tiles(made, 15, only=at)) == {at: content}


def test_what_is_too_small_for_a_zoom_leaves_nothing_broken() -> None:
    speck = features([shapely.box(LON, LAT, LON + 1e-8, LAT + 1e-8)])
    assert list(vector_tiles(speck, 8)) == []


def test_varints_are_those_of_protocol_buffers() -> None:
    content, starts = varints(np.array([0, 1, 127, 128, 300, 1 << 21, (1 << 32) - 1]))
    assert content.tobytes().hex() == "00017f8001ac0280808001ffffffff0f"
    assert starts.tolist() == [0, 1, 2, 3, 5, 7, 11]


def test_an_archive_holds_the_tiles_by_their_numbers() -> None:
    random = np.random.default_rng(4)
    lon, lat = LON + random.random(50) * 0.02, LAT + random.random(50) * 0.02
    made = features(list(shapely.box(lon, lat, lon + 2e-4, lat + 2e-4)))
    target = io.BytesIO()
    count = write_archive(target, made, zooms=range(13, 16), told={"name": "boxes"})
    reader = Reader(MemorySource(target.getvalue()))
    held = [(at, tile) for z in range(13, 16) for at, tile in vector_tiles(made, z)]
    assert count == len(held)
    for at, tile in held:
        assert gzip.decompress(reader.get(at.z, at.x, at.y)) == tile
    assert reader.header()["max_zoom"] == 15
    assert reader.metadata()["vector_layers"][0]["id"] == "objects"


def test_the_outline_of_a_solid_is_its_floor() -> None:
    faces = [
        [(0, 0, 0), (0, 1, 0), (1, 1, 0), (1, 0, 0)],
        [(1, 0, 0), (1, 1, 0), (2, 0, 0)],
        [(0, 0, 5), (2, 0, 5), (1, 1, 5), (0, 1, 5)],
        [(0, 0, 0), (1, 0, 0), (1, 0, 5), (0, 0, 5)],
    ]
    solid = shapely.multipolygons([shapely.Polygon(face) for face in faces])
    walls = shapely.multipolygons([shapely.Polygon(faces[3])])
    floor, none = outlines(np.array([solid, walls], dtype=object))
    want = shapely.Polygon([(0, 0), (0, 1), (1, 1), (2, 0)])
    assert shapely.area(shapely.symmetric_difference(floor, want)) == pytest.approx(0, abs=1e-12)
    assert none.is_empty


def test_there_is_no_tile_beyond_the_world() -> None:
    with pytest.raises(NotFound):
        Quadrant(2, 4, 0)
