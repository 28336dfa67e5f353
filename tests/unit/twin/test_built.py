"""What is built up of a quarter with all that a city holds: buildings of parts or of rooms, cellars, terrain."""

import json
from typing import Any

import numpy as np
import pytest
import shapely

from lifang.twin import read_cityjson
from lifang.twin.analysing import density
from lifang.twin.built import built
from lifang.twin.shapes import Frame

_WIDE = (0, 0, 400, 200)


class Quarter:
    """A quarter of blocks in EPSG:4544, metres from its corner."""

    def __init__(self) -> None:
        self.objects: dict[str, Any] = {}
        self.vertices: list[tuple[float, float, float]] = []

    def block(self, name: str, kind: str, at: tuple[float, float, float, float], height: float, **told: Any) -> None:
        """Stand a block between two corners."""
        parent = told.pop("of", None)
        west, south, east, north = at
        base = told.pop("base", 0.0)
        first = len(self.vertices)
        for up in (base, base + height):
            self.vertices += [(west, south, up), (east, south, up), (east, north, up), (west, north, up)]
        faces = [(0, 3, 2, 1), (4, 5, 6, 7), (0, 1, 5, 4), (1, 2, 6, 5), (2, 3, 7, 6), (3, 0, 4, 7)]
        shell = [[[first + corner for corner in face]] for face in faces]
        solid = {"type": "Solid", "lod": "2", "boundaries": [shell]}
        self.objects[name] = {"type": kind, "attributes": told, "geometry": [solid]}
        self.hang(name, parent)

    def bare(self, name: str, kind: str, of: str | None = None, **told: Any) -> None:
        """Put an object that lies where its parts do."""
        self.objects[name] = {"type": kind, "attributes": told}
        self.hang(name, of)

    def hang(self, name: str, parent: str | None) -> None:
        """Make an object a part of another."""
        if parent:
            self.objects[name]["parents"] = [parent]
            self.objects[parent].setdefault("children", []).append(name)

    @property
    def content(self) -> bytes:
        """The quarter as CityJSON."""
        return json.dumps(
            {
                "type": "CityJSON",
                "version": "2.0",
                "metadata": {"referenceSystem": "https://www.opengis.net/def/crs/EPSG/0/4544"},
                "transform": {"scale": [1, 1, 1], "translate": [500_000, 3_394_000, 0]},
                "CityObjects": self.objects,
                "vertices": self.vertices,
            }
        ).encode()


def test_buildings_alone_are_built_up_and_each_once() -> None:
    town = Quarter()
    town.block("plain", "Building", (0, 0, 20, 10), 12)  # four floors by its height
    town.block("told", "Building", (30, 0, 50, 10), 12, floors="2")
    town.block("truth", "Building", (60, 0, 80, 10), 12, floors=True)  # no number of floors
    town.block("cellar", "Building", (90, 0, 100, 10), 3, base=-3, floors=0)
    town.block("whole", "Building", (0, 20, 40, 40), 30, floors=10)
    town.block("tower", "BuildingPart", (0, 20, 10, 40), 30, floors=10, of="whole")
    town.block("wing", "BuildingPart", (10, 20, 40, 40), 6, of="whole")
    town.bare("house", "Building", floors=3)
    town.bare("storey", "BuildingStorey", of="house")
    town.block("room", "BuildingRoom", (60, 20, 70, 30), 3, of="storey")
    town.block("wall", "BuildingConstructiveElement", (70, 20, 71, 30), 3, of="storey")
    town.block("bridge", "Bridge", (0, 50, 100, 60), 3)
    town.block("ground", "TINRelief", _WIDE, 1)
    town.block("tree", "SolitaryVegetationObject", (0, 70, 4, 74), 8)
    rows = read_cityjson(town.content, prefix="q").rows
    there = built(rows, floors="floors", storey_m=3.0)
    frame = Frame(105.0, 30.66)
    flat, parcel = frame.flat(there.outlines), frame.flat(shapely.box(104.99, 30.6, 105.02, 30.7))
    found = density(np.array([parcel]), flat, there.storeys, there.building)
    assert found.buildings.tolist() == [5]
    assert found.floor_m2[0] == pytest.approx(200 * 4 + 200 * 2 + 200 * 4 + (200 * 10 + 600 * 2) + 110 * 3, rel=1e-4)
    assert found.covered_m2[0] == pytest.approx(200 * 3 + 800 + 110, rel=1e-4)


def test_where_nothing_is_built_there_is_nothing() -> None:
    town = Quarter()
    town.block("ground", "TINRelief", _WIDE, 1)
    there = built(read_cityjson(town.content, prefix="q").rows, floors="floors", storey_m=3.0)
    found = density(np.array([shapely.box(0, 0, 9, 9)]), there.outlines, there.storeys, there.building)
    assert (found.far[0], found.coverage[0], found.buildings[0]) == (0, 0, 0)
