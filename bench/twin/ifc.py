"""An IFC model to tiles with properties: reading in its process apart, into the store, every tile out of it.

Usage: python -m bench.twin.ifc [MODEL.ifc …]

Without a file it takes the Duplex house of the Chengdu pack, both of its models (2.4 MB and 1.6 MB: 4.0 MB together).
``CPU`` is what all of it takes of one core, the process apart included, in a city that is open; ``kernel`` is
IfcOpenShell's geometry alone.
"""

from __future__ import annotations

import argparse
import gzip
import resource
import sys
import tempfile
import time
from pathlib import Path

import ifcopenshell
import ifcopenshell.geom

from lifang.core import SystemClock, parse_instant
from lifang.guard import SYSTEM, Classification
from lifang.store import Store
from lifang.twin import Placement, Twin, read_ifc

TARGET_S, TARGET_MB = 2.0, 4.0
_BIM = Path(__file__).parents[2] / "cities" / "chengdu" / "data" / "bim"
_PLACE = Placement("EPSG:4544", 410_000.0, 3_394_000.0, 500.0)
_SINCE = parse_instant("2019-01-01T00:00:00Z")


def main() -> None:
    """Print the time of each model and of all of them beside the target."""
    parser = argparse.ArgumentParser()
    parser.add_argument("files", nargs="*", type=Path, default=sorted(_BIM.glob("*.ifc.gz")))
    cpu = size = kernel = 0.0
    with (
        tempfile.TemporaryDirectory() as folder,
        Store.open(Path(folder) / "city", clock=SystemClock(), memory_mb=256, threads=1) as store,
    ):
        twin = Twin(store, SystemClock())
        for path in parser.parse_args().files:
            content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
            start, begun = time.perf_counter(), _cpu_s()
            told = _tiled(twin, content, path.name.partition(".")[0].replace("_", "-"), Path(folder))
            took, wall = _cpu_s() - begun, time.perf_counter() - start
            alone = _kernel(content)
            megabytes = len(content) / 1e6
            print(f"{path.name}: {megabytes:.1f} MB, {told}, CPU {took:.2f} s (wall {wall:.2f}), kernel {alone:.2f} s")
            cpu, size, kernel = cpu + took, size + megabytes, kernel + alone
    scaled = cpu * TARGET_MB / size
    met = "met" if scaled < TARGET_S else "MISSED"
    print(f"all: {size:.1f} MB, CPU {cpu:.2f} s, {cpu / kernel:.1f} times the kernel's {kernel:.2f} s")
    print(f"  target {TARGET_MB:.0f} MB under {TARGET_S:.0f} s: {scaled:.2f} s for as much: {met}")


def _cpu_s() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def _tiled(twin: Twin, content: bytes, model: str, folder: Path) -> str:
    found = read_ifc(content, prefix=model, scratch=folder, placement=_PLACE)
    twin.add(model, found, classification=Classification.OPEN, valid_from=_SINCE, by=SYSTEM)
    tiles = twin.tiles(twin.query(at=_SINCE, models=[model]))
    made = [tiles.content(*each).glb for each in tiles.tiles()]
    return f"{len(found.rows)} objects, {len(made)} tiles of {sum(map(len, made)) / 1e6:.1f} MB"


def _kernel(content: bytes) -> float:
    start = time.process_time()
    model = ifcopenshell.file.from_string(content.decode())
    settings = ifcopenshell.geom.settings()
    shapes = ifcopenshell.geom.iterator(settings, model, 1, geometry_library="hybrid-cgal-simple-opencascade")
    going = shapes.initialize()
    while going:
        shapes.get()
        going = shapes.next()
    return time.process_time() - start


if __name__ == "__main__":
    sys.exit(main())
