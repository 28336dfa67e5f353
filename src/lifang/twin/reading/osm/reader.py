"""The server's side: has a file read in a process apart and makes solids of the buildings in it.

Tags: https://wiki.openstreetmap.org/wiki/Simple_3D_Buildings (height, min_height, building:levels, building:min_level).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from lifang.core import BadInput, TooLarge, ended_apart
from lifang.twin.reading.model import Described, Fault, ModelFile, footprint, rows_of

_CHILD = Path(__file__).with_name("child.py")
_MEMORY_BYTES, _FILE_BYTES = 3_500_000_000, 8_000_000_000
_SECONDS, _BYTES_PER_SECOND = 60.0, 500_000
_XML, _PBF = b"<osm", b"OSMHeader"
_HEAD_BYTES = 1024
_FLOOR_M = 3.0
_PART = "BuildingPart"
_COVERED = 0.9  # of a building's outline: its parts tell its form
_HEIGHT_MAX_M = 1_500.0  # no building is higher
_TAG = re.compile(r'"((?:[^"\\]|\\.)*)"=>"((?:[^"\\]|\\.)*)"')
_ESCAPED = re.compile(r"\\(.)")
_VALUE = r"(\d+(?:\.\d+|,\d\d?)?)"  # 3.5 or 3,5; of 1,200 nobody knows what its comma is
_NUMBER = re.compile(rf"\s*{_VALUE}\s*(m|'|ft)?\s*(?:{_VALUE}\s*\")?\s*$")
_INCH_M = 0.0254
_UNITS_M = {None: 1.0, "m": 1.0, "'": 0.3048, "ft": 0.3048}


def is_osm(head: bytes) -> bool:
    """Return whether a file that begins with ``head`` (unpacked) is OpenStreetMap's XML or PBF."""
    return _XML in head[:_HEAD_BYTES] or _PBF in head[:_HEAD_BYTES]


def read_osm(content: bytes, *, prefix: str, scratch: Path, poll: Callable[[], None] = lambda: None) -> ModelFile:
    """Return the buildings of an OpenStreetMap file, XML or PBF; the id of one is ``prefix:way:1``.

    A building stands from its ``min_height`` to its ``height``, else by its levels of 3 m; one that tells neither is
    given one level, and says so in ``height_from``. A part belongs to the building that it stands in.
    ``BadInput`` if the file cannot be read or has no buildings, ``TooLarge`` if it needs more time. ``scratch`` and
    ``poll`` as in ``read_ifc``.
    """
    scratch.mkdir(exist_ok=True)
    with TemporaryDirectory(dir=scratch, prefix="osm-") as name:
        folder = Path(name)
        source = "map.osm" if _XML in content[:_HEAD_BYTES] else "map.osm.pbf"
        (folder / source).write_bytes(content)
        seconds = _SECONDS + len(content) / _BYTES_PER_SECOND
        bounds = {"memory_bytes": _MEMORY_BYTES, "seconds": seconds, "file_bytes": _FILE_BYTES}
        (folder / "request.json").write_text(json.dumps({"name": source, "bounds": bounds}), "utf-8")
        if not ended_apart(_CHILD, folder, seconds=seconds, poll=poll):
            raise TooLarge(f"The map cannot be read within {seconds:.0f} s.", mend="Cut out a smaller part.")
        answer = folder / "buildings.arrow"
        if not answer.exists():
            raise BadInput("The map cannot be read: it is damaged.", mend="Download or export it again.")
        with pa.ipc.open_file(answer) as stream:
            areas = stream.read_all().to_pylist()
    return _solids(areas, prefix)


def _solids(areas: list[dict[str, Any]], prefix: str) -> ModelFile:
    described, shapes, faults = [], [], []
    for each in areas:
        tags = _tags(each["other_tags"] or "") | ({"building": each["building"]} if each["building"] else {})
        kind = "Building" if "building" in tags else _PART if "building:part" in tags else ""
        if not kind or "no" in (tags.get("building"), tags.get("building:part")):
            continue
        own = f"{prefix}:{'way' if each['osm_way_id'] else 'relation'}:{each['osm_way_id'] or each['osm_id']}"
        base, top, source = _heights(tags)
        if not base < top <= base + _HEIGHT_MAX_M:
            what = f"It reaches from {base:g} m to {top:g} m."
            faults.append(Fault(own, "height", what, "Correct its height and min_height.", "tag"))
            continue
        told = {**tags, "height_from": source}
        described.append(Described(own, kind, each["name"] or tags.get("name", ""), "", told))
        shapes.append(footprint(each["geometry"], base, top))
    if not described and not faults:
        raise BadInput("There are no buildings on the map.", mend="Send a part of the map that has some.")
    flat = np.asarray(shapely.from_wkb([each["wkb"] for each in shapes]), dtype=object)
    heights = np.array([[each["base_m"], each["top_m"]] for each in shapes]).reshape(-1, 2)
    bounds = np.column_stack((shapely.bounds(flat).reshape(-1, 4), heights))
    whole, shown = _wholes(np.array([each.kind == _PART for each in described]), flat)
    described = [
        each if at < 0 else replace(each, parent=described[at].id)
        for each, at in zip(described, whole.tolist(), strict=True)
    ]
    kept = [[each] if own else [] for each, own in zip(shapes, shown.tolist(), strict=True)]
    return ModelFile(rows_of(described, kept, bounds), faults)


def _tags(told: str) -> dict[str, str]:
    """Return the tags of a text as GDAL writes them, with a backslash before quotes and backslashes."""
    return {_ESCAPED.sub(r"\1", name): _ESCAPED.sub(r"\1", value) for name, value in _TAG.findall(told)}


def _wholes(part: NDArray[np.bool_], flat: NDArray[np.object_]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the number of the building that each part stands in, -1 for none, and which outlines are a shape.

    That of a building is none where its parts cover it: they tell its form, it tells where it stands.
    """
    whole, shown = np.full(len(flat), -1), np.ones(len(flat), dtype=bool)
    parts, outlines = np.flatnonzero(part), np.flatnonzero(~part)
    if not len(parts) or not len(outlines):
        return whole, shown
    tree = shapely.STRtree(flat[outlines])
    inner, outer = tree.query(shapely.point_on_surface(flat[parts]), predicate="intersects")
    whole[parts[inner]] = outlines[outer]
    order = np.argsort(outer, kind="stable")
    begins = np.flatnonzero(np.diff(outer[order])) + 1
    for among in np.split(order, begins) if len(order) else ():
        at = outlines[outer[among[0]]]
        covered = shapely.intersection(flat[at], shapely.union_all(flat[parts[inner[among]]]))
        shown[at] = covered.area < _COVERED * flat[at].area
    return whole, shown


def _heights(tags: Mapping[str, str]) -> tuple[float, float, str]:
    """Return base and top in metres above the ground, and which tag says so."""
    base = _metres(tags.get("min_height"))
    if base is None:
        base = (_metres(tags.get("building:min_level")) or 0.0) * _FLOOR_M
    top = _metres(tags.get("height"))
    if top is not None:
        return base, top, "height"
    levels = _metres(tags.get("building:levels"))
    return (base, base + _FLOOR_M, "assumed") if levels is None else (base, levels * _FLOOR_M, "building:levels")


def _metres(text: str | None) -> float | None:
    found = _NUMBER.match(text or "")
    if not found:
        return None
    whole, inches = (float((each or "0").replace(",", ".")) for each in found.group(1, 3))
    return whole * _UNITS_M[found[2]] + inches * _INCH_M
