"""The doors' small city with a few hundred triangles more, behind a real socket for clients that others wrote."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import orjson
import pytest
import shapely
import uvicorn
from numpy.typing import NDArray
from tests.unit.doors.conftest import Client, House, build_house

from lifang.catalogue import Card
from lifang.guard import SYSTEM

COUNT = 400
COLUMNS = {
    "code": {"type": "text", "required": True},
    "use": {"type": "category"},
    "area": {"type": "number"},
    "floors": {"type": "integer"},
    "built": {"type": "date"},
    "seen": {"type": "time"},
}


@dataclass(frozen=True)
class Plots:
    """What the collection ``plots`` holds: shapes and properties by row."""

    shapes: NDArray[np.object_]
    rows: list[dict[str, object]]

    def codes(self, kept: NDArray[np.bool_]) -> list[str]:
        """Return the ids of the rows kept."""
        return [str(row["code"]) for row, keep in zip(self.rows, kept.tolist(), strict=True) if keep]

    def of(self, name: str) -> NDArray[np.object_]:
        """Return a property of every row."""
        return np.array([row[name] for row in self.rows], dtype=object)


def make_plots() -> Plots:
    """Return triangles around Chengdu: their boxes cross many that they do not touch."""
    rng = np.random.default_rng(4)
    corners = rng.uniform([104.0, 30.6], [104.2, 30.8], (COUNT, 1, 2)) + rng.uniform(0, 0.02, (COUNT, 3, 2))
    shapes = shapely.polygons([shapely.linearrings(np.vstack([each, each[:1]])) for each in corners])
    rows: list[dict[str, object]] = [
        {
            "code": f"p{n:03}",
            "use": ["住宅", "商业", "工业"][n % 3],
            "area": round(float(rng.uniform(1, 900)), 2),
            "floors": int(rng.integers(1, 40)) if n % 7 else None,
            "built": f"{1990 + n % 30}-06-{1 + n % 28:02}",
            "seen": f"2025-01-{1 + n % 28:02}T08:00:00Z",
        }
        for n in range(COUNT)
    ]
    return Plots(shapes, rows)


def add_plots(house: House, plots: Plots) -> None:
    """Admit the triangles as GeoJSON, open, and once more as what may not be seen."""
    features = [
        {"type": "Feature", "geometry": shapely.geometry.mapping(shape), "properties": row}
        for shape, row in zip(plots.shapes, plots.rows, strict=True)
    ]
    for name, grade in (("plots", "open"), ("bunkers", "restricted")):
        path = house.city.folder.parent / f"{name}.geojson"
        path.write_bytes(orjson.dumps({"type": "FeatureCollection", "features": features}))
        card = {"id": name, "name": {"zh": "地块", "en": name}, "classification": grade, "columns": COLUMNS,
                "key": ["code"], "theme": "urban"}  # fmt: skip
        house.city.catalogue.add(path, name=path.name, card=Card.from_mapping(card), by=SYSTEM)
    table = house.city.folder.parent / "fees.csv"
    table.write_text("fee,amount\na,1\nb,2\n", "utf-8")
    plain = {"id": "fees", "name": {"zh": "费用", "en": "fees"}, "classification": "open"}
    house.city.catalogue.add(table, name=table.name, card=Card.from_mapping(plain), by=SYSTEM)


@pytest.fixture(scope="package")
def plots() -> Plots:
    return make_plots()


@pytest.fixture(scope="package")
def house(tmp_path_factory: pytest.TempPathFactory, plots: Plots) -> Iterator[House]:
    """One city for all tests of this door."""
    built = build_house(tmp_path_factory.mktemp("ogc"))
    add_plots(built, plots)
    yield built
    built.close()


@pytest.fixture(scope="package")
def anyone(house: House) -> Client:
    """Somebody nobody knows."""
    return house.client()


@pytest.fixture(scope="package")
def served(house: House) -> Iterator[str]:
    """The address of the door on loopback."""
    server = uvicorn.Server(uvicorn.Config(house.app, port=0, lifespan="off", log_level="error", ws="none"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}/ogc"
    server.should_exit = True
    thread.join(10)
