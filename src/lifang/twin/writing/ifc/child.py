"""The process apart: builds one model of the rows in its folder, and ends.

It is started by ``writer`` with a folder that holds ``request.json`` and ``objects.arrow``, and leaves ``model.ifc``.
"""

from __future__ import annotations

import json
import os
import re
import sys
import uuid
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ifcopenshell
import ifcopenshell.guid
import numpy as np
import orjson
import pyarrow as pa

from lifang.core import bound_process, from_wgs84
from lifang.twin.chosen import finest_of
from lifang.twin.writing.ifc.classes import class_for, schema_for, set_attributes
from lifang.twin.writing.ifc.geometry import Shapes
from lifang.twin.writing.ifc.sets import Sets, stands_in_no_set

_VALID = re.compile(r"[0-3][0-9A-Za-z_$]{21}")
_ITSELF = ("ifc_class", "guid")
_ADDRESSES = ("BuildingAddress", "SiteAddress")
_LAID = ("IfcAlignment",)  # what is it the axis of is known by its layouts, which are not written


def main() -> None:
    """Write the model of the folder named last on the command line."""
    folder = Path(sys.argv[-1])
    request = json.loads((folder / "request.json").read_bytes())
    bound_process(**request["bounds"])
    with pa.ipc.open_file(folder / "objects.arrow") as source:
        rows = source.read_all()
    _Model(rows, request["prefix"], request["crs"]).write(folder / "model.ifc", request["moment"])
    os._exit(0)  # no clean-up: nothing here outlives the file


class _Model:
    def __init__(self, rows: pa.Table, prefix: str, crs: str) -> None:
        self._rows = {each["id"]: each for each in rows.to_pylist()}
        self._said = {own: orjson.loads(row["properties"]) for own, row in self._rows.items()}
        self._schema = schema_for(told.get("ifc_class") for told in self._said.values())
        self._file: Any = ifcopenshell.file(schema=self._schema)
        self._prefix = prefix
        self._sets = Sets(self._file, self._new_id)
        self._taken: set[str] = set()
        self._set: dict[str, set[str]] = {}  # what of an object is told by attributes
        lon, lat = (np.array([(rows[one].to_numpy() + rows[two].to_numpy()).mean() / 2])
                    for one, two in (("west", "east"), ("south", "north")))  # fmt: skip
        origin = np.floor(np.ravel(from_wgs84(lon, lat, crs=crs)))
        self._project, contexts = self._head(crs, origin)
        self._shapes = Shapes(self._file, contexts, crs, origin)
        self._entities = {own: self._entity(own, row) for own, row in self._rows.items()}

    def write(self, path: Path, moment: str) -> None:
        """Write the model with its tree and its properties."""
        self._tree()
        for own, row in self._rows.items():
            entity = self._entities[own]
            if entity.is_a("IfcGroup"):
                self._sets.groups.setdefault(entity.Name or entity.GlobalId, entity)
            self._sets.take(entity, self._left(own, row))
        self._sets.write()
        self._file.header.file_name.time_stamp = moment
        self._file.write(str(path))

    def _head(self, crs: str, origin: np.ndarray[Any, np.dtype[np.float64]]) -> tuple[Any, dict[str, Any]]:
        make = self._file.create_entity
        units = [make("IfcSIUnit", UnitType=kind, Name=name) for kind, name in (
            ("LENGTHUNIT", "METRE"), ("AREAUNIT", "SQUARE_METRE"), ("VOLUMEUNIT", "CUBIC_METRE"),
            ("PLANEANGLEUNIT", "RADIAN"), ("TIMEUNIT", "SECOND"))]  # fmt: skip
        axes = make("IfcAxis2Placement3D", make("IfcCartesianPoint", [0.0, 0.0, 0.0]))
        context = make("IfcGeometricRepresentationContext", None, "Model", 3, 1e-6, axes)
        words = {"ContextType": "Model", "ParentContext": context}
        contexts = {
            each: make("IfcGeometricRepresentationSubContext", each, **words, TargetView=view)
            for each, view in (("Body", "MODEL_VIEW"), ("Axis", "GRAPH_VIEW"), ("SurveyPoints", "GRAPH_VIEW"))
        }
        target = make("IfcProjectedCRS", Name=crs)
        make("IfcMapConversion", context, target, *(float(each) for each in origin), 0.0)
        projects = (own for own, told in self._said.items() if told.get("ifc_class") == "IfcProject")
        self._own_project = next(projects, "project")
        words = {"GlobalId": self._global_id(self._own_project), "Name": self._prefix or None}
        project = make("IfcProject", **words)
        project.RepresentationContexts, project.UnitsInContext = [context], make("IfcUnitAssignment", units)
        return project, contexts

    def _entity(self, own: str, row: dict[str, Any]) -> Any:
        told = self._said[own]
        if told.get("ifc_class") == "IfcProject" and own != self._own_project:
            return self._project
        found = self._project if own == self._own_project else self._made(own, row, told.get("ifc_class"))
        long = told.get("LongName")
        found.Name = row["name"].removesuffix(f" {long}" if long else "") or (None if found != self._project else "")
        self._set[own] = set_attributes(found, told) | self._addressed(found, told.get("address"))
        if row["class"].endswith("Part") and hasattr(found, "CompositionType"):
            found.CompositionType = "PARTIAL"
        if hasattr(found, "ObjectPlacement"):
            self._place(found, row)
        return found

    def _made(self, own: str, row: dict[str, Any], told: Any) -> Any:
        kind = class_for(self._schema, told, row["class"])
        words = {"GlobalId": self._global_id(own)}
        if isinstance(told, str) and kind != told:  # a class of another version of IFC, or none
            words["ObjectType"] = told
        return self._file.create_entity(kind, **words)

    def _addressed(self, entity: Any, told: Any) -> set[str]:
        """Give a building or a site its postal address, if it has one and IFC has a name for each of its parts."""
        name = next((each for each in _ADDRESSES if hasattr(entity, each)), None)
        if name is None or not isinstance(told, list) or len(told) != 1 or not isinstance(told[0], dict):
            return set()
        made = self._file.create_entity("IfcPostalAddress")
        if set_attributes(made, told[0]) != set(told[0]):
            self._file.remove(made)
            return set()
        setattr(entity, name, made)
        return {"address"}

    def _left(self, own: str, row: dict[str, Any]) -> dict[str, Any]:
        """Return what is told of an object by no attribute, and its id and class where IFC has no place for them."""
        left = {name: value for name, value in self._said[own].items() if name not in self._set.get(own, ())}
        told = left.get("ifc_class")
        if not isinstance(told, str):
            return {**left, "CityObject": {"id": self._named(own), "class": row["class"]}}
        left = {name: value for name, value in left.items() if name not in _ITSELF}
        entity = self._entities[own]
        itself = {} if entity == self._project and own != self._own_project else self._named_otherwise(own, entity)
        if not itself and entity.is_a() in (told, "IfcProject") and told not in _LAID and not stands_in_no_set(left):
            return left
        return {**left, "CityObject": {**itself, "class": row["class"], "ifc_class": told}}

    def _named_otherwise(self, own: str, entity: Any) -> dict[str, Any]:
        """Return id and GUID of an object as far as its GlobalId is another: they are of no valid form, or taken."""
        told = {"id": self._named(own), "guid": self._said[own].get("guid")}
        return {name: value for name, value in told.items() if value not in (None, entity.GlobalId)}

    def _place(self, entity: Any, row: dict[str, Any]) -> None:
        corner = np.zeros(3)
        if row["geometry"]:
            corner, entity.Representation = self._shapes.placed(_finest(row["geometry"]))
        entity.ObjectPlacement = self._shapes.placement(corner)

    def _tree(self) -> None:
        """Relate every object to what it is part of, and what is part of nothing to the project or its site."""
        parts: dict[str, list[Any]] = defaultdict(list)
        held: dict[str, list[Any]] = defaultdict(list)
        wholes = {"": self._project, **self._entities}
        for own, row in self._rows.items():
            entity = self._entities[own]
            above = row["parent"] if row["parent"] in self._entities else ""
            if entity.is_a("IfcGroup") or entity == self._project:
                continue
            if above == "" and entity.is_a("IfcElement"):
                above = "site"
                wholes.setdefault(above, self._site())
            inside = entity.is_a("IfcElement") and wholes[above].is_a("IfcSpatialElement")
            (held if inside else parts)[above].append(entity)
        if "site" in wholes:
            parts[""].append(wholes["site"])
        for kind, owner, members, found in (
            ("IfcRelAggregates", "RelatingObject", "RelatedObjects", parts),
            ("IfcRelContainedInSpatialStructure", "RelatingStructure", "RelatedElements", held),
        ):
            for above, entities in found.items():
                words = {"GlobalId": self._new_id(f"{kind} {above}"), owner: wholes[above], members: entities}
                self._file.create_entity(kind, **words)

    def _site(self) -> Any:
        placed = self._shapes.placement(np.zeros(3))
        return self._file.create_entity("IfcSite", GlobalId=self._new_id("site"), ObjectPlacement=placed)

    def _named(self, own: str) -> str:
        return own.removeprefix(f"{self._prefix}:")

    def _global_id(self, own: str) -> str:
        told = self._said.get(own, {})
        of_ifc = isinstance(told.get("ifc_class"), str)
        for name in (self._named(own), str(told.get("guid")) if of_ifc else ""):  # of several models the ids are longer
            if _VALID.fullmatch(name) and name not in self._taken:
                self._taken.add(name)
                return name
        return self._new_id(own)

    def _new_id(self, own: str) -> str:
        """Return the GlobalId of what has none: the same for the same."""
        while True:
            made = str(ifcopenshell.guid.compress(uuid.uuid5(uuid.NAMESPACE_URL, f"{self._prefix} {own}").hex))
            if made not in self._taken:
                self._taken.add(made)
                return made
            own += "'"


def _finest(shapes: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return shapes[finest_of([each["lod"] for each in shapes], [each["kind"] for each in shapes])]
