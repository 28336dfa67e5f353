"""The twin's vector tiles over HTTP: of a moment, with the asker's rights, on record where not open."""

from pathlib import Path

import numpy as np
import pytest
from pmtiles.reader import MemorySource, Reader
from tests.unit.doors.conftest import Client, House
from tests.unit.doors.test_twin import T0, T1, T2, built

__all__ = ["built"]
Z = 16
HIDDEN = {"X-Lifang-Purpose": "fire drill"}


def place(client: Client, model: str = "blocks", at: str = T2) -> tuple[int, int]:
    west, south, east, north = client.get(f"/tiles/vector/{model}/{at}/tiles.json", headers=HIDDEN).json()["bounds"]
    row = 0.5 - np.arctanh(np.sin(np.radians((south + north) / 2))) / (2 * np.pi)
    return int(((west + east) / 720 + 0.5) * 2**Z), int(row * 2**Z)


def test_a_tile_is_that_of_its_moment_with_what_is_asked_for(built: House) -> None:
    anyone = built.client()
    x, y = place(anyone)
    then = anyone.get(f"/tiles/vector/blocks/2019-06-01T00:00:00Z/{Z}/{x}/{y}.mvt")
    now = anyone.get(f"/tiles/vector/blocks/{T2}/{Z}/{x}/{y}.mvt", params={"properties": "use"})
    assert now.headers["content-type"] == "application/vnd.mapbox-vector-tile"
    assert (b"blocks:b" in then.content, b"blocks:c" in then.content) == (True, False)
    assert (b"blocks:b" in now.content, b"blocks:c" in now.content) == (False, True)
    assert (b"home" in then.content, b"home" in now.content) == (False, True)
    assert b"generated" in now.content
    again = anyone.get(str(now.url), headers={"If-None-Match": now.headers["etag"]})
    assert again.status_code == 304


def test_a_tile_shows_no_more_than_its_asker_may_see(built: House) -> None:
    officer = built.client("data_officer")
    x, y = place(officer, "hidden")
    address = f"/tiles/vector/all/{T2}/{Z}/{x}/{y}.mvt"
    assert b"hidden:vault" not in built.client().get(address).content
    assert b"hidden:vault" in officer.get(address, headers=HIDDEN).content
    entry = built.city.store.ledger.last("object")
    assert entry is not None
    assert (entry.entry.resource, entry.entry.purpose) == (f"object:vector/{Z}/{x}/{y}", "fire drill")
    assert built.client().get(f"/tiles/vector/hidden/{T2}/tiles.json").status_code == 404
    assert built.client().get(f"/tiles/vector/hidden/{T2}/tiles.pmtiles").status_code == 404


def test_all_tiles_come_as_one_archive(built: House) -> None:
    anyone = built.client()
    answer = anyone.get(f"/tiles/vector/blocks/{T2}/tiles.pmtiles", params={"minzoom": 14, "maxzoom": Z})
    assert answer.headers["content-type"] == "application/vnd.pmtiles"
    x, y = place(anyone)
    assert Reader(MemorySource(answer.content)).get(Z, x, y)
    assert not list(Path(built.city.spool).iterdir())


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"{T0}/16/0/0.mvt", 204),
        (f"{T1}/2/4/0.mvt", 404),
        (f"{T1}/99/0/0.mvt", 404),
        ("yesterday/2/0/0.mvt", 400),
        (f"{T1}/tiles.pmtiles?minzoom=9&maxzoom=8", 400),
        (f"{T1}/tiles.pmtiles?maxzoom=30", 400),
        (f"{T2}/tiles.pmtiles?maxzoom=0", 400),
        (f"{T1}/2/0/0.mvt?properties={','.join('abcdefghijklmnopqrstuvwxyzABCDEFGH')}", 400),
        ("1999-01-01T00:00:00Z/tiles.json", 404),
    ],
)
def test_what_is_not_there_or_not_understood_is_told(built: House, path: str, status: int) -> None:
    assert built.client().get(f"/tiles/vector/blocks/{path}").status_code == status
