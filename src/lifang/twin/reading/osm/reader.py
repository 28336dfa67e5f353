"""The server's side: has a file read in a process apart and makes solids of the buildings in it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from lifang.core import BadInput, TooLarge, ended_apart
from lifang.twin.reading.model import Described, Fault, ModelFile, footprint, rows_of
from lifang.twin.reading.osm.heights import heights

_CHILD = Path(__file__).with_name("child.py")
_MEMORY_BYTES, _FILE_BYTES = 3_500_000_000, 8_000_000_000
_SECONDS, _BYTES_PER_SECOND = 60.0, 500_000
_XML, _PBF = b"<osm", b"OSMHeader"
_HEAD_BYTES = 1024
_COVERED = 0.9  # of a building's outline: its parts tell its form
_HEIGHT_MAX_M = 1_500.0  # no building is higher
_TAG = re.compile(r'"((?:[^"\\]|\\.)*)"=>"((?:[^"\\]|\\.)*)"')
_ESCAPED = re.compile(r"\\(.)")
_CLASSES = {"building": "Building", "building:part": "BuildingPart"}  # by the tag that a file tells them with


@dataclass(frozen=True)
class _Area:
    id: str
    kind: str
    name: str
    tags: Mapping[str, str]
    flat: Any  # its outline


def is_osm(head: bytes) -> bool:
    """Return whether a file that begins with ``head`` (unpacked) is OpenStreetMap's XML or PBF."""
    return _XML in head[:_HEAD_BYTES] or _PBF in head[:_HEAD_BYTES]


def read_osm(content: bytes, *, prefix: str, scratch: Path, poll: Callable[[], None] = lambda: None) -> ModelFile:
    """Return the buildings of an OpenStreetMap file, XML or PBF; the id of one is ``prefix:way:1``.

    A building stands from its ``min_height`` to its ``height``, else by its levels of 3 m, a part else as high as its
    whole; one that tells none of it is given one level, and says so in ``height_from``. A part belongs to the building
    that a relation of type building says, else that it stands in. An outline that crosses itself is mended.
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
        relations = json.loads((folder / "relations.json").read_bytes())
        areas, lines = (_listed(each) for each in (answer, folder / "open.arrow"))
    faults = _unclosed(areas, lines, relations, prefix)
    return _solids(_outlines(areas, prefix, faults), _by_relation(relations, prefix), faults)


def _listed(path: Path) -> list[dict[str, Any]]:
    with pa.ipc.open_file(path) as stream:
        found: list[dict[str, Any]] = stream.read_all().to_pylist()
    return found


def _unclosed(
    areas: list[dict[str, Any]], lines: list[dict[str, Any]], relations: list[dict[str, Any]], prefix: str
) -> list[Fault]:
    """Return the faults of the buildings that have no outline: ways that do not close, relations that lack ways."""
    drawn = {each["osm_id"] for each in areas}
    rings = [each for each in relations if each["tags"].get("type") == "multipolygon" and _kind(each["tags"])]
    of_ring = {own for each in rings for kind, own, _ in each["members"] if kind == "way"}
    mend = "Close its way, or take it into a multipolygon."
    faults = [
        Fault(f"{prefix}:way:{each['osm_id']}", "rings", "Its way does not close: it has no outline.", mend, "way")
        for each in lines
        if each["osm_id"] not in of_ring and _kind(_tags_of(each))
    ]
    what, mend = (
        "Its rings do not close by the ways that are in the file.",
        "Send it with all its ways, each ring closed.",
    )
    lost = [each["id"] for each in rings if each["id"] not in drawn]
    return faults + [Fault(f"{prefix}:relation:{own}", "rings", what, mend, "relation") for own in lost]


def _by_relation(relations: list[dict[str, Any]], prefix: str) -> dict[str, str]:
    """Return the building of each part that a relation of type building tells."""
    found: dict[str, str] = {}
    for each in relations:
        roles = [(f"{prefix}:{kind}:{own}", role) for kind, own, role in each["members"]]
        whole = next((own for own, role in roles if role == "outline"), "")
        if each["tags"].get("type") == "building" and whole:
            found |= {own: whole for own, role in roles if role == "part"}
    return found


def _outlines(areas: list[dict[str, Any]], prefix: str, faults: list[Fault]) -> list[_Area]:
    """Return the buildings that have an outline, mended where it crosses itself; ``faults`` gets what is told of it."""
    told = [(each, tags, kind) for each in areas if (kind := _kind(tags := _tags_of(each)))]
    shapes = shapely.from_wkb([each["geometry"] for each, _, _ in told], on_invalid="ignore")
    crossing = ~shapely.is_missing(shapes) & ~shapely.is_valid(shapes)
    shapes[crossing] = shapely.make_valid(shapes[crossing], method="structure", keep_collapsed=False)
    lines = zip(told, shapes.tolist(), (shapely.area(shapes) > 0).tolist(), crossing.tolist(), strict=True)
    found = []
    for (each, tags, kind), flat, wide, mended in lines:
        own = f"{prefix}:{'way' if each['osm_way_id'] else 'relation'}:{each['osm_way_id'] or each['osm_id']}"
        if wide:
            found.append(_Area(own, kind, each["name"] or tags.get("name", ""), tags, flat))
        if wide and mended:
            what = "Its outline crosses or touches itself; it stands as what it goes round."
            faults.append(Fault(own, "rings", what, "Correct the order of its corners.", "nodes", "warning"))
        elif not wide:
            what = "Its outline has no area by the nodes that are in the file."
            faults.append(Fault(own, "degenerate", what, "Send it with all its nodes.", "nodes"))
    return found


def _solids(areas: list[_Area], parents: Mapping[str, str], faults: list[Fault]) -> ModelFile:
    if not areas and not faults:
        raise BadInput("There are no buildings on the map.", mend="Send a part of the map that has some.")
    part, flat = (
        np.array([each.kind != "Building" for each in areas], dtype=bool),
        np.array([each.flat for each in areas]),
    )
    whole = _wholes(part, flat)
    row = {each.id: at for at, each in enumerate(areas) if each.kind == "Building"}
    for at, each in enumerate(areas):
        whole[at] = row.get(parents.get(each.id, ""), whole[at]) if part[at] else -1
    above = [areas[at].tags if at >= 0 else {} for at in whole.tolist()]
    stand = [heights(each.tags, tags) for each, tags in zip(areas, above, strict=True)]
    low, high = np.array([each[:2] for each in stand], np.float64).reshape(-1, 2).T
    sound = (low < high) & (high <= low + _HEIGHT_MAX_M)
    for at in np.flatnonzero(~sound).tolist():
        what = f"It reaches from {low[at]:g} m to {high[at]:g} m."
        faults.append(Fault(areas[at].id, "height", what, "Correct its height and min_height.", "tag"))
    whole[(whole >= 0) & ~sound[whole]] = -1
    shown = _shown(whole, sound, flat)
    wkb = shapely.to_wkb(flat) if len(flat) else flat
    described, shapes = [], []
    for at in np.flatnonzero(sound).tolist():
        each, source = areas[at], stand[at][2]
        if not shown[at] and source == "assumed":
            inner = sound & (whole == at)
            low[at], high[at], source = low[inner].min(), high[inner].max(), "parts"
        parent = areas[whole[at]].id if whole[at] >= 0 else ""
        described.append(Described(each.id, each.kind, each.name, parent, {**each.tags, "height_from": source}))
        shapes.append([footprint(wkb[at], low[at], high[at])] if shown[at] else [])
    bounds = np.column_stack((shapely.bounds(flat).reshape(-1, 4), low, high))[sound]
    return ModelFile(rows_of(described, shapes, bounds), faults)


def _tags_of(area: Mapping[str, Any]) -> dict[str, str]:
    own = {"building": area["building"], "building:part": area["building_part"]}
    return _tags(area.get("other_tags") or "") | {name: value for name, value in own.items() if value}


def _kind(tags: Mapping[str, str]) -> str:
    """Return the class of what has these tags, empty if it is no building."""
    if "no" in (tags.get("building"), tags.get("building:part")):
        return ""
    return next((kind for tag, kind in _CLASSES.items() if tag in tags), "")


def _tags(told: str) -> dict[str, str]:
    """Return the tags of a text as GDAL writes them, with a backslash before quotes and backslashes."""
    return {_ESCAPED.sub(r"\1", name): _ESCAPED.sub(r"\1", value) for name, value in _TAG.findall(told)}


def _wholes(part: NDArray[np.bool_], flat: NDArray[np.object_]) -> NDArray[np.int64]:
    """Return the number of the building that each part stands in, -1 for none."""
    whole = np.full(len(flat), -1)
    parts, outlines = np.flatnonzero(part), np.flatnonzero(~part)
    if len(parts) and len(outlines):
        tree = shapely.STRtree(flat[outlines])
        inner, outer = tree.query(shapely.point_on_surface(flat[parts]), predicate="intersects")
        whole[parts[inner]] = outlines[outer]
    return whole


def _shown(whole: NDArray[np.int64], sound: NDArray[np.bool_], flat: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Return which outlines are a shape.

    That of a building is none where its parts cover it: they tell its form, it tells where it stands.
    """
    shown = np.ones(len(flat), dtype=bool)
    inner = np.flatnonzero((whole >= 0) & sound)
    inner = inner[np.argsort(whole[inner], kind="stable")]
    begins = np.flatnonzero(np.diff(whole[inner])) + 1
    for among in np.split(inner, begins) if len(inner) else ():
        at = whole[among[0]]
        covered = shapely.intersection(flat[at], shapely.union_all(flat[among]))
        shown[at] = covered.area < _COVERED * flat[at].area
    return shown
