"""The process apart: reads one model within its limits, leaves what it found in a folder, and ends.

It is started by ``reader`` with a folder that holds ``request.json``, and leaves ``objects-*.arrow`` and
``answer.json`` there. A model that crashes the parser leaves no answer.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from itertools import groupby, islice
from pathlib import Path
from typing import IO, Any

import ifcopenshell
import numpy as np
import orjson
import pyarrow as pa
from numpy.typing import NDArray

from lifang.core import BadInput, TooLarge, bound_process
from lifang.twin.reading.ifc.curves import Curves
from lifang.twin.reading.ifc.elements import Tree, name_of, said
from lifang.twin.reading.ifc.failing import Failing, done_without_failing
from lifang.twin.reading.ifc.first import first_models
from lifang.twin.reading.ifc.georeference import placement_of, refuse_jumps, site_reference
from lifang.twin.reading.ifc.items import is_surfaced
from lifang.twin.reading.ifc.meshes import Solid, portions, solids
from lifang.twin.reading.ifc.opening import opened
from lifang.twin.reading.ifc.placement import Placement
from lifang.twin.reading.ifc.properties import Properties
from lifang.twin.reading.ifc.rules import findings
from lifang.twin.reading.ifc.schema import breach
from lifang.twin.reading.ifc.sharing import done_by_all
from lifang.twin.reading.ifc.voting import is_cut, is_swept

_OBJECT = pa.schema(
    [
        *((name, pa.string()) for name in ("guid", "kind", "name", "parent")),
        ("level", pa.uint8()),
        ("properties", pa.binary()),
        ("bounds", pa.list_(pa.float64(), 6)),
        ("wkb", pa.binary()),
        ("form", pa.string()),  # the type of CityJSON, surfaces without one
        ("colour", pa.string()),
        ("faces", pa.binary()),  # colour, number and opacity of triangles that follow each other
        ("centre", pa.list_(pa.float64(), 3)),  # in the model
    ]
)
_BATCH = 256
_POINT_MS = 0.014  # what the rules take, by how many points a model has
_PROCESSES = 2  # on every machine, so that every one makes the same of a model
_EMPTY_M3 = 1e-9
_HANGS = "Its shape takes too long to build: it is left out."
_CRASHES = "A kernel crashes where it builds its shape: it is left out."
_UNTRIED = "Its shape was not built, since too many others take too long or crash: it is left out."
_UNMADE = "Its shape cannot be built, or nothing is left of it where it is cut."
_ZONE = "EPSG:4544"  # of the city that is shipped: to find its way in a system takes PROJ 75 ms


def main() -> None:
    """Answer the request in the folder named last on the command line."""
    folder = Path(sys.argv[-1])
    request = json.loads((folder / "request.json").read_bytes())
    bound_process(**request["bounds"])
    try:
        model, projects = opened(Path(request["path"]))
        told = request["placement"]
        try:
            answer = _Reading(model, Placement(**told) if told else placement_of(model), projects).into(folder)
        except BadInput:
            raise
        except (AttributeError, IndexError, KeyError, RuntimeError, TypeError, ValueError) as error:
            raise breach(model) or error from None
    except BadInput as error:
        problem = {"what": error.what, "where": error.where, "mend": error.mend}
        answer = {"large": isinstance(error, TooLarge), "problem": problem}
    (folder / "answer.json").write_text(json.dumps(answer), "utf-8")
    os._exit(0)  # no clean-up: nothing here outlives the answer


def prepare() -> None:
    """Load what most models need: a copy of this process then has it."""
    Placement(_ZONE, 500_000.0, 3_400_000.0).to_wgs84(np.zeros((1, 3)))
    for model in first_models():
        list(findings(model))
        properties = Properties(model)
        for part in portions(Tree(model).objects(), _PROCESSES):
            for solid in solids(model, part):
                properties.of(model.by_guid(solid.guid))


class _Reading:
    def __init__(self, model: ifcopenshell.file, placement: Placement, projects: int) -> None:
        self._model, self._placement = model, placement
        self._tree, self._properties = Tree(self._model), Properties(self._model)
        self._bounds: dict[str, NDArray[np.float64]] = {}
        self._findings: list[dict[str, str]] = []
        self._entities: dict[str, ifcopenshell.entity_instance] = {}
        for each in self._tree.objects():
            if each.GlobalId in self._entities:
                what = "Its GlobalId stands there twice."
                self._find("duplicate", each.GlobalId, what, f"#{each.id()}", "Give every object its own.")
            else:
                self._entities[each.GlobalId] = each
        (project,) = model.by_type("IfcProject")
        units = project.UnitsInContext.Units if project.UnitsInContext else ()
        if not any(said(each, "UnitType") == "LENGTHUNIT" for each in units):
            what = "The project tells no unit of length: metres are taken."
            self._find("schema", project.GlobalId, what, "IfcProject", "Give the project its units.", "warning")
        if projects > 1:
            what = f"A model has one IfcProject, this one has {projects}: the units of this one are taken."
            self._find("schema", project.GlobalId, what, "IfcProject", "Export each project by itself.", "warning")
        self._tell_left_out()

    def into(self, folder: Path) -> dict[str, Any]:
        """Write the objects into ``folder`` as Arrow streams and return the rest of the answer."""
        rules_ms = _POINT_MS * len(self._model.by_type("IfcCartesianPoint"))
        portion = portions(filter(is_surfaced, self._entities.values()), _PROCESSES, besides_ms=rules_ms)

        def work(number: int) -> None:
            if number:
                self._findings = []  # what was found before is the first one's to tell
            else:
                self._findings += findings(self._model)
            _remove_libraries(self._model)
            came = folder / f"came-{number}"

            def written(products: Sequence[ifcopenshell.entity_instance], failing: Failing) -> None:
                self._tell_failing(failing)
                with came.open("wb", buffering=0) as told:
                    self._write(folder / f"objects-{number}.arrow", _told_of(self._made(products), told))
                (folder / f"findings-{number}.json").write_bytes(orjson.dumps(self._findings))

            done_without_failing(written, self._try, portion[number], lambda: set(came.read_text("utf-8").split("\n")))

        done_by_all(work, _PROCESSES)
        self._findings = [each for number in range(_PROCESSES) for each in _parsed(folder / f"findings-{number}.json")]
        known = pa.concat_tables(_placed(folder / f"objects-{number}.arrow") for number in range(_PROCESSES))
        self._write(folder / "objects-thin.arrow", self._thin(set(known["guid"].to_pylist())))
        shaped = pa.concat_tables((known, _placed(folder / "objects-thin.arrow")))
        guids = shaped["guid"].to_pylist()
        if guids:
            refuse_jumps(guids, np.array(shaped["centre"].to_pylist()), self._placement)
        self._bounds = dict(zip(guids, np.array(shaped["bounds"].to_pylist()), strict=True))
        self._write(folder / "objects-bare.arrow", self._bare())
        reference = site_reference(self._model)
        return {
            "schema": self._model.schema_identifier,
            "findings": self._findings,
            "placement": asdict(self._placement),
            "reference": [reference.lon, reference.lat] if reference else None,
        }

    @staticmethod
    def _write(path: Path, rows: Iterable[dict[str, Any]]) -> None:
        left = iter(rows)
        with pa.ipc.new_stream(path, _OBJECT) as sink:
            while batch := list(islice(left, _BATCH)):
                sink.write_batch(pa.RecordBatch.from_pylist(batch, _OBJECT))

    def _made(self, products: Sequence[ifcopenshell.entity_instance]) -> Iterator[dict[str, Any]]:
        for solid in solids(self._model, products):
            entity = self._entities[solid.guid]
            if np.isfinite(solid.vertex).all():
                yield self._shaped(entity, solid)
            else:
                self._find("geometry", solid.guid, "Its shape is not finite.", entity.is_a(), "Model it anew.")

    def _try(self, product: ifcopenshell.entity_instance) -> None:
        for _ in solids(self._model, [product]):
            pass

    def _tell_failing(self, failing: Failing) -> None:
        for some, what in ((failing.hangs, _HANGS), (failing.crashes, _CRASHES), (failing.untried, _UNTRIED)):
            for each in some:
                self._find("geometry", each.GlobalId, what, each.is_a(), "Model it anew, more simply.")

    def _shaped(self, entity: ifcopenshell.entity_instance, solid: Solid) -> dict[str, Any]:
        if not solid.is_closed() and (whole := solid.looking_out()) is not None:
            if not is_swept(entity):  # there the kernel turned some, not the model
                what = "Some of its faces look the other way than those beside them; they were turned."
                self._find("orientation", solid.guid, what, entity.is_a(), "Model it anew.", "warning")
            solid = whole
        if solid.is_closed():
            volume = solid.volume_m3()
            if volume < -_EMPTY_M3:
                solid = solid.turned()
                what = f"Its faces look inwards ({volume:.3f} m³); they were turned."
                self._find("orientation", solid.guid, what, entity.is_a(), "Model it anew.", "warning")
        else:
            what = "Its surface is not closed."
            self._find("closedness", solid.guid, what, entity.is_a(), "Close it to a solid.", "warning")
        if not solid.sure:
            what = "Its cuts come out differently in two ways of making them; the one that cuts more is taken."
            self._find("geometry", solid.guid, what, entity.is_a(), "Look at it; model it with fewer cuts.", "warning")
        position = self._placement.to_wgs84(solid.vertex)
        low, high = position.min(axis=0), position.max(axis=0)
        middle = (solid.vertex.min(axis=0) + solid.vertex.max(axis=0)) / 2
        bounds = [low[0], low[1], high[0], high[1], low[2], high[2]]
        faces = orjson.dumps(solid.faces())
        shape = {"wkb": solid.wkb(position), "colour": solid.colour, "faces": faces, "centre": middle.tolist()}
        return self._row(entity, bounds) | shape

    def _thin(self, known: set[str]) -> Iterator[dict[str, Any]]:
        """Yield the objects of curves or points alone, other than those ``known``."""
        curves = Curves(self._model)
        for guid, entity in self._entities.items():
            found = None if guid in known else curves.of(entity)
            if found is None and guid not in known and entity.is_a("IfcAlignment"):
                found = curves.of_layout(entity)
                if found is not None:
                    what = "It has no curve that can be followed: it is laid by its segments."
                    self._find("geometry", guid, what, entity.is_a(), "Give it a curve (Axis).", "warning")
            if found is None:
                continue
            position = self._placement.to_wgs84(found.vertex)
            low, high = position.min(axis=0), position.max(axis=0)
            away = np.hypot(*(found.vertex - self._placement.origin)[:, :2].T)
            shape = {"wkb": found.wkb(position), "form": found.kind, "centre": found.vertex[away.argmin()].tolist()}
            yield self._row(entity, [low[0], low[1], high[0], high[1], low[2], high[2]]) | shape

    def _row(self, entity: ifcopenshell.entity_instance, bounds: Sequence[float]) -> dict[str, Any]:
        kind, level = self._tree.kind(entity)
        whole = next((each for each in self._tree.line(entity) if each.GlobalId in self._entities), None)
        return {
            "guid": entity.GlobalId,
            "kind": kind,
            "name": name_of(entity),
            "parent": whole.GlobalId if whole is not None else "",
            "level": level,
            "properties": orjson.dumps(self._told(entity), default=str),
            "bounds": [float(each) for each in bounds],
        }

    def _told(self, entity: ifcopenshell.entity_instance) -> dict[str, Any]:
        """Return the properties of an object; of one whose sets or relations are broken only what it is."""
        try:
            return self._properties.of(entity)
        except (AttributeError, IndexError, KeyError, RuntimeError, TypeError, ValueError) as error:
            what = f"What it says of itself cannot be read: {error}"
            self._find("properties", entity.GlobalId, what, entity.is_a(), "Correct its property sets.", "warning")
            return {"ifc_class": entity.is_a(), "guid": entity.GlobalId}

    def _bare(self) -> list[dict[str, Any]]:
        """Return the objects without a shape: they lie where their parts and members do, or are left out."""
        bare = [guid for guid in self._entities if guid not in self._bounds]
        failing = {each["object"] for each in self._findings if each["what"] in (_HANGS, _CRASHES, _UNTRIED)}
        around: dict[str, list[NDArray[np.float64]]] = {guid: [] for guid in bare}
        for guid, bounds in self._bounds.items():
            for whole in self._wholes(self._entities[guid]):
                if whole.GlobalId in around:
                    around[whole.GlobalId].append(bounds)
        rows = []
        for guid in bare:
            entity = self._entities[guid]
            if around[guid]:
                parts = np.array(around[guid])
                low, high = parts.min(axis=0), parts.max(axis=0)
                rows.append(self._row(entity, [low[0], low[1], high[2], high[3], low[4], high[5]]))
            elif guid in failing:
                continue
            elif getattr(entity, "Representation", None):
                cut = is_cut(entity) or said(entity, "HasOpenings")
                what = _UNMADE if cut else "Its shape cannot be built."
                self._find("geometry", guid, what, entity.is_a(), "Model it anew.")
            else:
                what = "It has no shape, nor has a part of it: it is left out."
                self._find("geometry", guid, what, entity.is_a(), "Give it or its parts a shape.", "warning")
        return rows

    def _tell_left_out(self) -> None:
        """Tell of each class of products whose shapes are not kept, by the first of them."""
        for kind, some in groupby(sorted(self._tree.left_out(), key=_kind_of), key=_kind_of):
            found = list(some)
            count = len(found)
            what = f"{kind} is no city object: the shapes of {count} are left out."
            mend = "Nothing needs mending; to keep one, model it as an element."
            self._find("left out", found[0].GlobalId, what, kind, mend, "warning")
        if types := list(self._tree.unused()):
            count = len(types)
            what = f"It is a type that no object is of: the shapes of {count} such types are left out."
            mend = "Place an object of it in the model."
            self._find("left out", types[0].GlobalId, what, types[0].is_a(), mend, "warning")

    def _wholes(self, entity: ifcopenshell.entity_instance) -> list[ifcopenshell.entity_instance]:
        line = list(self._tree.line(entity))
        return [*line, *(group for each in (entity, *line) for group in self._properties.groups(each))]

    def _find(self, rule: str, guid: str, what: str, where: str, mend: str, severity: str = "error") -> None:
        self._findings.append(
            {"object": guid, "rule": rule, "what": what, "where": where, "mend": mend, "severity": severity}
        )


def _remove_libraries(model: ifcopenshell.file) -> None:
    """Remove the libraries of types: beside one the kernel takes the project's unit of length for a metre."""
    for each in () if model.schema == "IFC2X3" else model.by_type("IfcProjectLibrary"):
        model.remove(each)


def _told_of(rows: Iterable[dict[str, Any]], told: IO[bytes]) -> Iterator[dict[str, Any]]:
    """Yield the rows, and tell of each at once that it came."""
    for each in rows:
        told.write(f"{each['guid']}\n".encode())
        yield each


def _kind_of(entity: ifcopenshell.entity_instance) -> str:
    return str(entity.is_a())


def _parsed(path: Path) -> list[dict[str, str]]:
    found: list[dict[str, str]] = orjson.loads(path.read_bytes())
    return found


def _placed(path: Path) -> pa.Table:
    """Return which objects a stream holds and where they are."""
    with pa.memory_map(str(path)) as mapped, pa.ipc.open_stream(mapped) as stream:
        return stream.read_all().select(("guid", "bounds", "centre"))
