"""An IFC model to tiles with properties: reading in its process apart, into the store, every tile out of it.

Usage: python -m bench.twin.ifc [MODEL.ifc …]

Without a file it takes the Duplex house of the Chengdu pack, both of its models (2.4 MB and 1.6 MB: 4.0 MB together).
In a city that is open, and twice: first with the process that reads not yet running, then with it kept from before, as
in a server that takes models. ``wall`` is the time that passes, ``CPU`` what is worked of one core, that process
included; ``kernel`` is IfcOpenShell's geometry alone.
"""

from __future__ import annotations

import argparse
import gzip
import os
import sys
import tempfile
import time
from collections.abc import Mapping
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
_CHILDREN = Path("/proc/self/task")
_SINCE = parse_instant("2019-01-01T00:00:00Z")


def main() -> None:
    """Print the time of each model and of all of them beside the target."""
    parser = argparse.ArgumentParser()
    parser.add_argument("files", nargs="*", type=Path, default=sorted(_BIM.glob("*.ifc.gz")))
    files = {path.name: _unpacked(path) for path in parser.parse_args().files}
    size = sum(map(len, files.values())) / 1e6
    walls = [_all(files, started) for started in ("not yet running", "kept")]
    kernel = sum(map(_kernel, files.values()))
    print(f"all: {size:.1f} MB, the kernel alone {kernel:.2f} s of CPU")
    for started, (wall, cpu) in zip(("not yet running", "kept"), walls, strict=True):
        scaled = wall * TARGET_MB / size
        met = "met" if scaled < TARGET_S else "MISSED"
        print(f"  its process {started}: wall {wall:.2f} s, CPU {cpu:.2f} s, {cpu / kernel:.1f} times the kernel's")
        print(f"    target {TARGET_MB:.0f} MB under {TARGET_S:.0f} s of wall: {scaled:.2f} s for as much: {met}")


def _unpacked(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def _all(files: Mapping[str, bytes], started: str) -> tuple[float, float]:
    """Return the time that passed and that was worked until all models are tiles, in a new city."""
    walls = cpus = 0.0
    with (
        tempfile.TemporaryDirectory() as folder,
        Store.open(Path(folder) / "city", clock=SystemClock(), memory_mb=256, threads=1) as store,
    ):
        twin = Twin(store, SystemClock())
        for name, content in files.items():
            start, begun = time.perf_counter(), _cpu_s()
            told = _tiled(twin, content, name.partition(".")[0].replace("_", "-"), Path(folder))
            wall, cpu = time.perf_counter() - start, _cpu_s() - begun
            megabytes = len(content) / 1e6
            print(f"{name}: {megabytes:.1f} MB, {told}, its process {started}: wall {wall:.2f} s, CPU {cpu:.2f} s")
            walls, cpus = walls + wall, cpus + cpu
    return walls, cpus


def _cpu_s() -> float:
    """Return what this process and those that it started have worked."""
    started = [int(each) for listed in _CHILDREN.glob("*/children") for each in listed.read_text().split()]
    ticks = [Path(f"/proc/{each}/stat").read_text().rpartition(") ")[2].split()[11:15] for each in started]
    return time.process_time() + sum(int(each) for four in ticks for each in four) / os.sysconf("SC_CLK_TCK")


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
