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
from lifang.twin.writing.ifc.geometry import Shapes
from lifang.twin.writing.ifc.sets import Sets

_GUID = re.compile(r"[0-9A-Za-z_$]{22}")
_OTHER = "IfcBuildingElementProxy"
_CLASSES = {  # of objects that did not come from an IFC; the first whose name begins so
    "BuildingPart": "IfcBuilding",
    "BuildingStorey": "IfcBuildingStorey",
    "BuildingRoom": "IfcSpace",
    "BuildingUnit": "IfcSpatialZone",
    "BuildingFurniture": "IfcFurnishingElement",
    "BuildingConstructiveElement": _OTHER,
    "BuildingInstallation": _OTHER,
    "Building": "IfcBuilding",
    "SolitaryVegetationObject": "IfcGeographicElement",
    "PlantCover": "IfcGeographicElement",
    "WaterBody": "IfcGeographicElement",
    "LandUse": "IfcGeographicElement",
    "TINRelief": "IfcGeographicElement",
    "Bridge": "IfcCivilElement",
    "Tunnel": "IfcCivilElement",
    "Road": "IfcCivilElement",
    "Railway": "IfcCivilElement",
    "CityObjectGroup": "IfcGroup",
}
_TOLD = ("Tag", "Description", "ObjectType", "LongName", "PredefinedType", "Elevation")


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
        self._file: Any = ifcopenshell.file(schema="IFC4")
        self._prefix = prefix
        self._sets = Sets(self._file, self._new_id)
        self._taken: set[str] = set()
        self._rows = {each["id"]: each for each in rows.to_pylist()}
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
            self._sets.take(entity, orjson.loads(row["properties"]))
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
        row = next((each for each in self._rows.values() if _said(each).get("ifc_class") == "IfcProject"), None)
        self._own_project = row["id"] if row else "project"
        words = {"GlobalId": self._global_id(self._own_project), "Name": self._prefix or None}
        project = make("IfcProject", **words)
        project.RepresentationContexts, project.UnitsInContext = [context], make("IfcUnitAssignment", units)
        return project, contexts

    def _entity(self, own: str, row: dict[str, Any]) -> Any:
        told = _said(row)
        wanted = told.get("ifc_class")
        if wanted == "IfcProject" and own != self._own_project:
            return self._project
        found = self._project if own == self._own_project else self._made(own, row, wanted)
        long = told.get("LongName") or ""
        found.Name = row["name"].removesuffix(f" {long}" if long else "") or found.Name
        for name in _TOLD:
            if told.get(name) is not None and hasattr(found, name) and getattr(found, name) is None:
                _set(found, name, told[name])
        if row["class"].endswith("Part") and hasattr(found, "CompositionType"):
            found.CompositionType = "PARTIAL"
        if hasattr(found, "ObjectPlacement"):
            self._place(found, row)
        return found

    def _made(self, own: str, row: dict[str, Any], wanted: str | None) -> Any:
        kind = wanted or next((ifc for name, ifc in _CLASSES.items() if row["class"].startswith(name)), _OTHER)
        global_id = self._global_id(own)
        try:
            return self._file.create_entity(kind, GlobalId=global_id)
        except RuntimeError:  # a class of another version of IFC, or an abstract one
            return self._file.create_entity(_OTHER, GlobalId=global_id, ObjectType=kind)

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

    def _global_id(self, own: str) -> str:
        name = own.removeprefix(f"{self._prefix}:")
        if _GUID.fullmatch(name) and name not in self._taken:
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


def _said(row: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(row["properties"])
    return found


def _set(entity: Any, name: str, value: Any) -> None:
    try:
        setattr(entity, name, value)
    except (RuntimeError, TypeError, ValueError):
        return  # another version of IFC knows this name, or this word of a list, which stays among the properties
