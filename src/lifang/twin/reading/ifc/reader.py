"""The server's side: has a model read in a process apart and takes what that left."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import orjson
import pyarrow as pa

from lifang.core import BadInput, TooLarge, ended_apart, expect_apart
from lifang.twin.reading.ifc.placement import Placement
from lifang.twin.reading.ifc.returned import own_ids, restored
from lifang.twin.reading.model import Described, Fault, ModelFile, rows_of
from lifang.twin.reading.packed import unpacked

_CHILD = Path(__file__).with_name("child.py")
_MEMORY_BYTES = 3_500_000_000
_FILE_BYTES = 8_000_000_000
_SECONDS, _BYTES_PER_SECOND = 60.0, 50_000
_HEAD = b"ISO-10303-21"
_CATEGORY, _LOD, _THIN_LOD = "projects", "3", "0"
_MEND = "Export it again, or in smaller parts."


def is_ifc(head: bytes) -> bool:
    """Return whether a file that begins with ``head`` (some hundred bytes, unpacked) is a STEP file, as IFC is."""
    return _HEAD in head[:256]


def expect_ifc() -> None:
    """Have the process started that reads such files: one is on its way."""
    expect_apart(_CHILD)


def read_ifc(
    content: bytes,
    *,
    prefix: str,
    scratch: Path,
    placement: Placement | None = None,
    poll: Callable[[], None] = lambda: None,
) -> ModelFile:
    """Return the objects of an IFC 2x3, 4 or 4.3 file, packed or not; the id of one is ``prefix:`` and its GUID.

    They come in the order of their ids. The model stands where ``placement`` says, else where its IfcMapConversion
    does. ``BadInput`` if it does not say, if that cannot be believed, or if its parser fails; ``TooLarge`` if it needs
    more time. ``scratch`` is a folder for what is in between, made if need be; ``poll`` is asked again and again
    meanwhile and raises to stop.
    """
    expect_ifc()
    scratch.mkdir(exist_ok=True)
    with TemporaryDirectory(dir=scratch, prefix="ifc-") as name:
        folder = Path(name)
        source = folder / "model.ifc"
        source.write_bytes(unpacked(content))
        seconds = _SECONDS + source.stat().st_size / _BYTES_PER_SECOND
        bounds = {"memory_bytes": _MEMORY_BYTES, "seconds": seconds, "file_bytes": _FILE_BYTES}
        placed = asdict(placement) if placement else None
        request = {"path": str(source.absolute()), "placement": placed, "bounds": bounds}
        (folder / "request.json").write_text(json.dumps(request), "utf-8")
        if not ended_apart(_CHILD, folder, seconds=seconds, poll=poll, kept=True):
            raise TooLarge(f"The model cannot be read within {seconds:.0f} s.", mend="Send it in smaller parts.")
        answer = _answer(folder)
        with ExitStack() as opened:
            mapped = [opened.enter_context(pa.memory_map(str(each))) for each in sorted(folder.glob("objects-*.arrow"))]
            objects = pa.concat_tables(pa.ipc.open_stream(each).read_all() for each in mapped)
            objects = objects.sort_by("guid").to_pylist()
    told = [orjson.loads(each["properties"]) for each in objects]
    ids = own_ids([each["guid"] for each in objects], told)
    order = sorted(range(len(objects)), key=lambda at: ids.get(objects[at]["guid"], objects[at]["guid"]))
    rows = _rows([objects[at] for at in order], [told[at] for at in order], ids, prefix)
    named = ({**each, "object": f"{prefix}:{ids.get(each['object'], each['object'])}"} for each in answer["findings"])
    faults = [Fault(**each) for each in named]
    return ModelFile(rows, sorted(faults, key=lambda fault: (fault.severity, fault.rule, fault.object)))


def _answer(folder: Path) -> dict[str, Any]:
    path = folder / "answer.json"
    if not path.exists():
        free = shutil.disk_usage(folder).free
        what = "The model cannot be read: it is damaged, or needs more memory than it may take."
        raise BadInput(what, where=f"{free >> 20} MiB of disk are free", mend=_MEND)
    answer: dict[str, Any] = json.loads(path.read_bytes())
    if problem := answer.get("problem"):
        raise (TooLarge if answer["large"] else BadInput)(**problem)
    return answer


def _rows(
    objects: Sequence[dict[str, Any]], told: Sequence[dict[str, Any]], ids: Mapping[str, str], prefix: str
) -> pa.Table:
    described, shapes, bounds = [], [], []
    for each, said in zip(objects, told, strict=True):
        parent, own = (f"{prefix}:{ids.get(guid, guid)}" if guid else "" for guid in (each["parent"], each["guid"]))
        kind, properties = restored(each["kind"], said)
        category = _CATEGORY if isinstance(properties.get("ifc_class"), str) else ""
        described.append(Described(own, kind, each["name"], parent, properties, category, each["level"]))
        base, top = each["bounds"][4:]
        looks = {"colour": each["colour"], "faces": orjson.loads(each["faces"] or b"[]")}
        detail = {name: value for name, value in looks.items() if value}
        lod, kind = (_THIN_LOD, each["form"]) if each["form"] else (_LOD, "MultiSurface")
        shape = {"lod": lod, "kind": kind, "wkb": each["wkb"], "base_m": base, "top_m": top}
        shape["detail"] = orjson.dumps(detail).decode() if detail else None
        shapes.append([shape] if each["wkb"] else [])
        bounds.append(each["bounds"])
    return rows_of(described, shapes, np.array(bounds))
