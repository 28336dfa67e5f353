"""Every tile passes the Khronos glTF validator, which somebody else wrote."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import shapely
from tests.conformance.khronos import validated
from tests.unit.twin.elevation import elevation_model
from tests.unit.twin.test_reading_epanet import CRS, SMALL
from tests.unit.twin.test_textured import street
from tests.unit.twin.test_thin import thin

from lifang.core import SystemClock, parse_instant
from lifang.guard import SYSTEM, Classification
from lifang.store import Store
from lifang.twin import Placement, Twin, read_cityjson, read_ifc, read_model, read_outlines

ROOT = Path(__file__).parents[2]
DELFT = ROOT / "cities" / "delft" / "data" / "cityjson_delft.json.gz"
DUPLEX = ROOT / "cities" / "chengdu" / "data" / "bim" / "duplex_architecture.ifc.gz"
PLACE = Placement("EPSG:4544", 410_000.0, 3_394_000.0, 500.0)
SINCE, SOON = parse_instant("2015-04-22T00:00:00Z"), parse_instant("2016-01-01T00:00:00Z")


@pytest.fixture(scope="module")
def tiles(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("tiles")
    with Store.open(folder / "city", clock=SystemClock(), memory_mb=64, threads=1) as store:
        twin = Twin(store, SystemClock())
        duplex = read_ifc(DUPLEX.read_bytes(), prefix="duplex", scratch=folder, placement=PLACE)
        delft = read_cityjson(DELFT.read_bytes(), prefix="delft")
        pipes = read_model(SMALL.encode(), prefix="pipes", scratch=folder, crs=CRS)
        hill = np.float32(np.hypot(*np.mgrid[-9:9, -9:9]))
        ground = read_model(elevation_model(hill), prefix="ground", scratch=folder)
        points = read_cityjson(json.dumps(thin()).encode(), prefix="thin")
        solids = {"delft": delft, "blocks": _blocks(), "duplex": duplex}
        models = {**solids, "pipes": pipes, "ground": ground, "thin": points}
        for name, found in models.items():
            twin.add(name, found, classification=Classification.OPEN, valid_from=SINCE, by=SYSTEM)
        written = []
        for model in models:
            source = twin.tiles(twin.query(at=SOON, models=[model]))
            for level, x, y in source.tiles():
                path = folder / f"{model}-{level}-{x}-{y}.glb"
                path.write_bytes(source.content(level, x, y).glb)
                written.append(path)
                for name in names(json.loads(source.levels(level, x, y).glb)["root"]):
                    part = path.with_name(f"{path.stem}-{name}.glb")
                    part.write_bytes(source.part(level, x, y, name).glb)
                    written.append(part)
        walls = read_model(street(), prefix="walls", scratch=folder)
        twin.add("walls", walls, classification=Classification.OPEN, valid_from=SINCE, by=SYSTEM)
        path = folder / "walls.glb"
        twin.export(twin.query(at=SOON, models=["walls"])).write(path, "glb")
        source, tile = twin.tiles(twin.query(at=SOON, models=["walls"])), folder / "walls-tile.glb"
        tile.write_bytes(source.content(*source.tiles()[0]).glb)
        assert all(b"image/png" in each.read_bytes() for each in (path, tile))
    return [*written, path, tile]


def names(tile: dict[str, Any]) -> list[str]:
    """Return the names of the parts that a tile of levels and those below it show."""
    own = [tile["content"]["uri"].partition("part=")[2]] if "content" in tile else []
    return own + [name for each in tile.get("children", []) for name in names(each)]


def _blocks() -> object:
    random = np.random.default_rng(5)
    lon, lat = 104 + random.random(3000) * 0.02, 30.6 + random.random(3000) * 0.02
    rings = [
        shapely.box(-8e-5, -5e-5, 8e-5, 5e-5),
        shapely.box(-8e-5, -5e-5, 8e-5, 5e-5).difference(shapely.box(0, 0, 1, 1)),
    ]
    shapes = [shapely.affinity.translate(rings[n % 2], x, y) for n, (x, y) in enumerate(zip(lon, lat, strict=True))]
    table = pa.table({"geometry": shapely.to_wkb(shapes), "code": np.arange(3000), "tall": random.uniform(3, 99, 3000)})
    return read_outlines(table, prefix="blocks", key="code", height="tall")


def test_every_tile_is_valid_without_a_warning(tiles: list[Path]) -> None:
    told = validated(*tiles)
    assert len(told) == len(tiles) > 10
    assert [each for each in told if each["errors"] or each["warnings"]] == []
