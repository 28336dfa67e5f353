"""A building model of 100 MB into the store and to tiles: how much memory all its processes take at most.

Usage: python -m bench.twin.ifc_large [--megabytes 100]

The model is the Duplex house of the Chengdu pack again and again, each beside the other with GUIDs of its own. What is
measured is the proportional set size of this process and of all that it started, looked at twice a second: what copies
of a process share counts once.
"""

from __future__ import annotations

import argparse
import gzip
import os
import re
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ifcopenshell.guid import compress

from lifang.core import SystemClock, parse_instant
from lifang.guard import SYSTEM, Classification
from lifang.store import Store
from lifang.twin import Placement, Twin, read_ifc

TARGET_MB = 4_000
_HOUSE = Path(__file__).parents[2] / "cities" / "chengdu" / "data" / "bim" / "duplex_architecture.ifc.gz"
_PLACE = Placement("EPSG:4544", 410_000.0, 3_394_000.0, 500.0)
_SINCE = parse_instant("2019-01-01T00:00:00Z")
_ONCE = re.compile(r"IFC(PROJECT|SITE|UNITASSIGNMENT|OWNERHISTORY|GEOMETRICREPRESENTATION(SUB)?CONTEXT)\(")
_OWN = re.compile(r"(#\d+\s*=\s*[A-Z0-9]+\(')([0-9A-Za-z_$]{22})(?=')")
_LINE = re.compile(r"#(\d+)\s*=\s*(\w+)")
_REFERENCE = re.compile(r"#(\d+)")
_ACROSS, _APART_M = 10, 40.0


def main() -> None:
    """Print the time and the memory that a large model takes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--megabytes", type=int, default=100)
    content = repeated(gzip.decompress(_HOUSE.read_bytes()).decode(), parser.parse_args().megabytes * 1_000_000)
    print(f"{len(content) / 1e6:.0f} MB, load {os.getloadavg()[0]:.1f}")
    with (
        tempfile.TemporaryDirectory() as folder,
        Store.open(Path(folder) / "city", clock=SystemClock(), memory_mb=256, threads=1) as store,
    ):
        twin = Twin(store, SystemClock())
        with _watched("read"):
            found = read_ifc(content, prefix="large", scratch=Path(folder), placement=_PLACE)
        with _watched(f"{len(found.rows):,} objects checked and stored"):
            twin.add("large", found, classification=Classification.OPEN, valid_from=_SINCE, by=SYSTEM)
        with _watched("all its tiles"):
            tiles = twin.tiles(twin.query(at=_SINCE, models=["large"]))
            for each in tiles.tiles():
                tiles.content(*each)


def repeated(text: str, size: int) -> bytes:
    """Return a model of about ``size`` bytes: the house of ``text`` again and again in one project."""
    head, _, rest = text.partition("DATA;")
    body, _, tail = rest.rpartition("ENDSEC;")
    lines = [each.strip() for each in re.split(r";\r?\n", body) if each.strip()]
    numbers = {each: int(found[1]) for each in lines if (found := _LINE.match(each))}
    once = {number for line, number in numbers.items() if _ONCE.search(line)}
    place = next(int(_REFERENCE.findall(line)[2]) for line in lines if "=IFCBUILDING(" in line.replace(" ", ""))
    step, copies = max(numbers.values()) + 4, round(size / len(text))
    parts = [head, "DATA;\n", *(f"{each};\n" for each in lines)]
    for copy in range(1, copies):
        for line, number in numbers.items():
            if number in once:
                continue
            words = _renumbered(line, copy * step, once).replace("\n", " ")
            if number == place:
                words = re.sub(r"#\d+\)$", f"#{(copy + 1) * step - 1})", words)
            parts.append(_OWN.sub(lambda own, copy=copy: own[1] + _guid(own[2], copy), words) + ";\n")
        at = f"{copy % _ACROSS * _APART_M},{copy // _ACROSS * _APART_M},0."
        parts.append(f"#{(copy + 1) * step - 2}=IFCCARTESIANPOINT(({at}));\n")
        parts.append(f"#{(copy + 1) * step - 1}=IFCAXIS2PLACEMENT3D(#{(copy + 1) * step - 2},$,$);\n")
    return "".join([*parts, "ENDSEC;", tail]).encode()


def _renumbered(line: str, by: int, once: set[int]) -> str:
    words = line.split("'")
    words[::2] = [
        _REFERENCE.sub(lambda found: f"#{int(found[1]) + (0 if int(found[1]) in once else by)}", each)
        for each in words[::2]
    ]
    return "'".join(words)


def _guid(own: str, copy: int) -> str:
    return str(compress(uuid.uuid5(uuid.NAMESPACE_OID, f"{own} {copy}").hex))


@contextmanager
def _watched(what: str) -> Iterator[None]:
    """Print how long what is done within takes, and the memory at most."""
    most, ended, start = [0.0], threading.Event(), time.perf_counter()

    def watch() -> None:
        while not ended.wait(0.5):
            most[0] = max(most[0], sum(map(_proportional_mb, _line_of(os.getpid()))))

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield
    finally:
        ended.set()
        watching.join()
    met = "met" if most[0] < TARGET_MB else "MISSED"
    print(f"  {what}: {time.perf_counter() - start:.0f} s, at most {most[0]:,.0f} MB, target {TARGET_MB:,} MB: {met}")


def _line_of(process: int) -> Iterator[int]:
    yield process
    with suppress(OSError):
        for listed in Path(f"/proc/{process}/task").glob("*/children"):
            for each in listed.read_text().split():
                yield from _line_of(int(each))


def _proportional_mb(process: int) -> float:
    with suppress(OSError):
        for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024 / 1e6
    return 0.0


if __name__ == "__main__":
    main()
