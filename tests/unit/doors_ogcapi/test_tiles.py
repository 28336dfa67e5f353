"""Vector tiles hold what lies in them, as GDAL reads them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from tests.unit.doors.conftest import Client, House
from tests.unit.doors_ogcapi.conftest import Plots

_TILES = "/ogc/collections/plots/tiles/WebMercatorQuad"
_HALF_M = 20_037_508.342789244
_GDAL = """
import json, sys, pyogrio
meta, _, shapes, fields = pyogrio.raw.read(sys.argv[1], X=sys.argv[2], Y=sys.argv[3], Z=sys.argv[4])
print(json.dumps([[each.hex() for each in shapes], dict(zip(meta["fields"].tolist(), [f.tolist() for f in fields]))]))
"""


def _mercator(lon_lat: Any) -> Any:
    lon, lat = lon_lat.T
    return np.column_stack([lon / 180 * _HALF_M, np.log(np.tan(np.pi / 4 + np.radians(lat) / 2)) / np.pi * _HALF_M])


def test_a_tile_has_the_shapes_and_properties_of_what_lies_in_it(anyone: Client, plots: Plots, tmp_path: Path) -> None:
    z = 12
    column, row = int((104.1 + 180) / 360 * 2**z), int((1 - np.arcsinh(np.tan(np.radians(30.7))) / np.pi) / 2 * 2**z)
    response = anyone.get(f"{_TILES}/{z}/{row}/{column}")
    assert response.headers["content-type"] == "application/vnd.mapbox-vector-tile"
    file = tmp_path / "tile.mvt"
    file.write_bytes(response.content)
    command = [sys.executable, "-c", _GDAL, str(file), str(column), str(row), str(z)]
    told = json.loads(subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout)
    shapes, fields = shapely.from_wkb([bytes.fromhex(each) for each in told[0]]), told[1]
    side = 2 * _HALF_M / 2**z
    west, north = -_HALF_M + column * side, _HALF_M - row * side
    tile = shapely.box(west, north - side, west + side, north)
    flat = dict(zip(plots.of("code"), shapely.transform(plots.shapes, _mercator), strict=True))
    inside = {
        code for code, shape in flat.items() if shapely.area(shapely.intersection(shape, tile)) > (side / 4096) ** 2 * 9
    }
    assert inside
    assert inside <= set(fields["code"])
    unit = side / 4096
    for code, shape in zip(fields["code"], shapes, strict=True):
        seen, expected = shapely.intersection(shapely.make_valid(shape), tile), shapely.intersection(flat[code], tile)
        assert (
            shapely.area(shapely.symmetric_difference(seen, expected)) <= shapely.length(expected) * unit * 2 + unit**2
        )


def test_where_nothing_is_there_is_no_content_and_no_tile_beyond_the_world(anyone: Client) -> None:
    assert anyone.get(f"{_TILES}/12/0/0").status_code == 204
    assert anyone.get(f"{_TILES}/2/4/0").status_code == 404
    assert anyone.get(f"{_TILES}/40/0/0").status_code == 400
    assert anyone.get("/ogc/collections/fees/tiles/WebMercatorQuad/0/0/0").status_code == 404


def test_tilesets_tell_their_matrix_set_and_tilejson_its_template(anyone: Client) -> None:
    told = anyone.get(_TILES).json()
    assert told["tileMatrixSetURI"].endswith("WebMercatorQuad")
    assert any(
        each["rel"] == "item" and each["href"].endswith("{tileMatrix}/{tileRow}/{tileCol}") for each in told["links"]
    )
    tilejson = anyone.get(f"{_TILES}?f=tilejson").json()
    assert tilejson["tiles"][0].endswith("/ogc/collections/plots/tiles/WebMercatorQuad/{z}/{y}/{x}")
    matrices = anyone.get("/ogc/tileMatrixSets/WebMercatorQuad").json()["tileMatrices"]
    assert matrices[0]["scaleDenominator"] == pytest.approx(559_082_264.028717)  # OGC 17-083r4, annex D.1
    assert matrices[12]["matrixWidth"] == 4096


@pytest.mark.parametrize("path", ["", "/WebMercatorQuad", "/WebMercatorQuad/0/0/0"])
def test_tiles_of_a_hidden_collection_are_not_there(house: House, path: str) -> None:
    hidden = house.client("citizen").get(f"/ogc/collections/bunkers/tiles{path}")
    assert hidden.status_code == 404
    assert hidden.text == house.client("citizen").get(f"/ogc/collections/bunkerz/tiles{path}").text.replace(
        "bunkerz", "bunkers"
    )
