"""The server's side: hands rows to a process apart and takes the model that it writes."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa

from lifang.core import TooLarge, Unavailable, ended_apart

_CHILD = Path(__file__).with_name("child.py")
_MEMORY_BYTES, _FILE_BYTES = 3_500_000_000, 8_000_000_000
_SECONDS, _SECONDS_AN_OBJECT = 60.0, 0.05


def write_ifc(
    path: Path, rows: pa.Table, *, prefix: str, crs: str, moment: str, poll: Callable[[], None] = lambda: None
) -> None:
    """Write rows of objects as an IFC 4 in metres of the projected system ``crs`` to ``path``.

    An object's GlobalId is its id without ``prefix``, if that is a valid one, else one made of its id, which is told in
    the set ``CityObject``. ``moment`` is told in the head of the file. ``TooLarge`` if it takes too long.
    """
    with TemporaryDirectory(dir=path.parent, prefix="ifc-") as name:
        folder = Path(name)
        with pa.ipc.new_file(folder / "objects.arrow", rows.schema) as sink:
            sink.write_table(rows)
        seconds = _SECONDS + len(rows) * _SECONDS_AN_OBJECT
        bounds = {"memory_bytes": _MEMORY_BYTES, "seconds": seconds, "file_bytes": _FILE_BYTES}
        request = {"prefix": prefix, "crs": crs, "moment": moment, "bounds": bounds}
        (folder / "request.json").write_text(json.dumps(request), "utf-8")
        if not ended_apart(_CHILD, folder, seconds=seconds, poll=poll):
            raise TooLarge(f"The model cannot be written within {seconds:.0f} s.", mend="Ask for fewer objects.")
        written = folder / "model.ifc"
        if not written.exists():
            raise Unavailable("The model could not be written.", where=path.name, mend="Ask for fewer objects.")
        shutil.move(written, path)
