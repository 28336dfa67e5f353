"""Buildings to 3D Tiles on one core: footprints from WKB, and CityJSON's LoD2 surfaces, beside py3dtiles.

Usage: python -m bench.twin.tiles [--buildings 100000]

``rate`` is buildings a second from well-known binary to binary glTF in memory: decoding, triangles, ids, properties.
The peer writes the first 1,000 of them with its own converter of WKB (``py3dtiles`` 12.1.1, in a virtual environment
of its own): it installs once into the folder that ``--peer`` names and is left out if that fails.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray
from pyproj import Geod

from lifang.twin import read_cityjson
from lifang.twin.shapes import Frame, extrude
from lifang.twin.tiling import Cell, Solids, Surfaces, content, keys

Objects, Floats = NDArray[np.object_], NDArray[np.float64]
TARGET_FOOTPRINTS, TARGET_BYTES, TARGET_SURFACES, AREA_ERROR = 75_000, 800, 5_000, 1e-6
_PEER_BUILDINGS = 1_000
_NONE = Surfaces(np.empty(0, dtype=object), pa.table({"id": pa.array([], pa.string())}))
_PEER = """
import sys, time
from pathlib import Path
from py3dtiles.export import from_directory
start = time.perf_counter()
from_directory(sys.argv[1], [0, 0, 0], Path(sys.argv[2]))
print(time.perf_counter() - start)
"""
_PER_KM2 = 950  # about that of a city's centre: what is spread thinly makes many small tiles


def footprints(count: int) -> Objects:
    """Return outlines of 4 to 12 corners, a third of them not convex, 950 to a square kilometre."""
    random = np.random.default_rng(1)
    side = np.sqrt(count / _PER_KM2) / 111.3  # degrees of latitude
    lon, lat = 104 + random.random(count) * side / np.cos(np.radians(30.6)), 30.5 + random.random(count) * side
    wide, deep = random.uniform(5e-5, 2e-4, (2, count))
    turn = random.uniform(0, np.pi, count)
    shapes = []
    for number in range(count):
        corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)], float)
        if number % 3 == 0:
            corners = np.array([(-1, -1), (1, -1), (1, 0), (0, 0), (0, 1), (-1, 1)], float)
        if number % 10 == 1:
            angle = np.linspace(0, 2 * np.pi, 12, endpoint=False)
            corners = np.column_stack((np.cos(angle), np.sin(angle)))
        x, y = (corners * (wide[number], deep[number])).T
        cos, sin = np.cos(turn[number]), np.sin(turn[number])
        shapes.append(
            shapely.polygons(np.column_stack((lon[number] + x * cos - y * sin, lat[number] + x * sin + y * cos)))
        )
    return np.array(shapes, dtype=object)


def tile(wkb: Objects, tall: np.ndarray[tuple[int], np.dtype[np.float64]]) -> list[bytes]:
    """Return the tiles of footprints: what the twin does from the rows of its store on."""
    shapes = shapely.from_wkb(wkb)
    west, south, east, north = shapely.bounds(shapes).T
    key = keys((west + east) / 2, (south + north) / 2, np.full(len(shapes), 30.0))
    order = np.argsort(key, kind="stable")
    starts = np.flatnonzero(np.append(True, np.diff(key[order]) != 0))
    made = []
    for at in np.split(order, starts[1:]):
        table = pa.table({"id": [f"b{number:08d}" for number in at.tolist()], "height_m": tall[at]})
        solids = Solids(shapes[at], np.zeros(len(at)), tall[at], table)
        made.append(content((solids, _NONE), Cell.of_key(int(key[at[0]])).box))
    return made


def main() -> None:
    """Print rates, sizes and errors beside their targets."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--buildings", type=int, default=100_000)
    parser.add_argument("--cityjson", type=Path, help="a CityJSON of LoD2 surfaces, gzip or not")
    parser.add_argument("--peer", type=Path, default=Path(tempfile.gettempdir()) / "lifang-bench-py3dtiles")
    asked = parser.parse_args()
    shapes = footprints(asked.buildings)
    tall = np.random.default_rng(2).uniform(3, 99, len(shapes))
    rate = _footprints(shapes, tall)
    _areas(shapes)
    if asked.cityjson:
        _surfaces(asked.cityjson)
    peer = _peer(shapes[:_PEER_BUILDINGS], asked.peer)
    if peer:
        print(f"py3dtiles, {_PEER_BUILDINGS:,} of them: {peer:,.0f} buildings/s; ratio {rate / peer:,.0f}")


def _footprints(shapes: Objects, tall: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
    wkb = shapely.to_wkb(shapes)
    tile(wkb[:1000], tall[:1000])
    start = time.process_time()
    made = tile(wkb, tall)
    rate = len(shapes) / (time.process_time() - start)
    size = sum(map(len, made)) / len(shapes)
    print(
        f"footprints: {len(shapes):,} in {len(made):,} tiles, {rate:,.0f} buildings/s of CPU, {size:.0f} B a building"
    )
    fits = rate >= TARGET_FOOTPRINTS and size <= TARGET_BYTES
    print(f"  targets {TARGET_FOOTPRINTS:,}/s, {TARGET_BYTES} B: {_met(fits)}")
    return rate


def _areas(shapes: Objects) -> None:
    some = shapes[:5_000]
    geod = Geod(ellps="WGS84")
    want = sum(abs(geod.geometry_area_perimeter(each)[0]) for each in some)
    lon, lat = shapely.get_coordinates(some).mean(axis=0)
    mesh = extrude(some, np.zeros(len(some)), np.zeros(len(some)) + 1e-9, Frame(float(lon), float(lat)))
    roofs = mesh.normal[mesh.triangle[:, 0], 2] > 0.5
    error = abs(float(mesh.areas_m2()[roofs].sum()) / want - 1)
    print(f"  roofs beside geodesic areas: {error:.1e} (target {AREA_ERROR:.0e}: {_met(error <= AREA_ERROR)})")


def _surfaces(path: Path) -> None:
    rows = read_cityjson(path.read_bytes(), prefix="m").rows
    shapes = [each[0]["wkb"] for each in rows["geometry"].to_pylist() if each]
    wkb = np.array(shapes * max(1, 5_000 // len(shapes)), dtype=object)
    table = pa.table({"id": [f"b{number:08d}" for number in range(len(wkb))]})
    solids = Solids(np.empty(0, dtype=object), np.empty(0), np.empty(0), table.slice(0, 0))
    box = Cell.of_key(rows["cell"][0].as_py()).box
    start = time.process_time()
    size = 0
    for first in range(0, len(wkb), 1_000):
        part = slice(first, first + 1_000)
        size += len(content((solids, Surfaces(shapely.from_wkb(wkb[part]), table.slice(first, 1_000))), box))
    rate = len(wkb) / (time.process_time() - start)
    print(f"LoD2 surfaces: {len(wkb):,} objects, {rate:,.0f} objects/s of CPU, {size / len(wkb):.0f} B each")
    print(f"  target {TARGET_SURFACES:,}/s: {_met(rate >= TARGET_SURFACES)}")


def _peer(shapes: Objects, folder: Path) -> float | None:
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
        install = [python, "-m", "pip", "install", "--quiet", "py3dtiles[all]==12.1.1"]
        if subprocess.run(install, check=False).returncode:
            print("py3dtiles could not be installed: left out")
            return None
    with tempfile.TemporaryDirectory() as work:
        source, target = Path(work) / "wkbs", Path(work) / "out"
        source.mkdir()
        target.mkdir()
        for number, each in enumerate(shapes):
            (source / f"{number}.wkb").write_bytes(_solid(each))
        done = subprocess.run([python, "-c", _PEER, source, target], capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"py3dtiles failed: {(done.stderr.strip().splitlines() or ['?'])[-1]}: left out")
        return None
    return len(shapes) / float(done.stdout.strip().splitlines()[-1])


def _solid(shape: shapely.Polygon) -> bytes:
    """Return a building's faces as the MultiPolygon Z that the peer reads, in metres."""
    ring = (np.array(shape.exterior.coords)[:-1] - (104.15, 30.65)) * 111_320
    floor = np.column_stack((ring, np.zeros(len(ring))))
    roof = floor + np.array([0.0, 0.0, 20.0])
    corners = zip(floor, np.roll(floor, -1, axis=0), np.roll(roof, -1, axis=0), roof, strict=True)
    faces = [roof, floor[::-1], *(np.array(each) for each in corners)]
    whole = shapely.multipolygons([shapely.polygons(face) for face in faces])
    return bytes(shapely.to_wkb(whole, output_dimension=3, flavor="iso"))


def _met(true: bool) -> str:
    return "met" if true else "MISSED"


if __name__ == "__main__":
    sys.exit(main())
