"""The words of the twin: city objects, their classes, categories, levels and stages.

Classes are the names of CityJSON 2.0 (OGC 20-072r5, chapter 3). Categories are those of CJJ/T 315-2022 §4.3; the seven
CIM levels are from memory of that standard and were not verified against its text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from lifang.core import BadInput, Box, from_micros
from lifang.guard import Classification
from lifang.store import FOREVER

# English and Chinese, by what is stored.
CATEGORIES: Mapping[str, tuple[str, str]] = {
    "models": ("CIM成果", "CIM results"),
    "base": ("时空基础", "space-time base"),
    "resources": ("资源调查", "resource surveys"),
    "planning": ("规划管控", "planning control"),
    "projects": ("工程建设项目", "construction projects"),
    "public": ("公共专题", "public themes"),
    "sensed": ("物联感知", "sensed"),
}
STAGES: Mapping[str, tuple[str, str]] = {
    "planned": ("规划", "planned"),
    "designed": ("设计", "designed"),
    "construction": ("施工", "under construction"),
    "completed": ("竣工", "completed"),
    "operation": ("运营", "in operation"),
}
_BASE, _RESOURCES, _PROJECTS = "base", "resources", "projects"
CLASSES: Mapping[str, tuple[str, str, str]] = {
    "Bridge": ("桥梁", "bridge", _BASE),
    "BridgeConstructiveElement": ("桥梁构件", "part of a bridge", _PROJECTS),
    "BridgeFurniture": ("桥梁设施", "furniture of a bridge", _PROJECTS),
    "BridgeInstallation": ("桥梁附属设施", "installation of a bridge", _PROJECTS),
    "BridgePart": ("桥梁部分", "bridge part", _BASE),
    "BridgeRoom": ("桥内空间", "room in a bridge", _PROJECTS),
    "Building": ("建筑", "building", _BASE),
    "BuildingConstructiveElement": ("建筑构件", "part of a building", _PROJECTS),
    "BuildingFurniture": ("家具", "furniture", _PROJECTS),
    "BuildingInstallation": ("建筑设备", "installation", _PROJECTS),
    "BuildingRoom": ("房间", "room", _PROJECTS),
    "BuildingStorey": ("楼层", "storey", _PROJECTS),
    "BuildingUnit": ("建筑单元", "building unit", _PROJECTS),
    "BuildingPart": ("建筑部分", "building part", _BASE),
    "CityFurniture": ("城市设施", "city furniture", _BASE),
    "CityObjectGroup": ("对象组", "group of objects", _BASE),
    "GenericCityObject": ("其他对象", "other object", _BASE),
    "LandUse": ("土地利用", "land use", _RESOURCES),
    "OtherConstruction": ("构筑物", "other construction", _BASE),
    "PlantCover": ("植被", "plant cover", _RESOURCES),
    "Railway": ("铁路", "railway", _BASE),
    "Road": ("道路", "road", _BASE),
    "SolitaryVegetationObject": ("单株植物", "solitary plant", _RESOURCES),
    "TINRelief": ("地形", "terrain", _BASE),
    "TransportSquare": ("广场", "square", _BASE),
    "Tunnel": ("隧道", "tunnel", _BASE),
    "TunnelConstructiveElement": ("隧道构件", "part of a tunnel", _PROJECTS),
    "TunnelFurniture": ("隧道设施", "furniture of a tunnel", _PROJECTS),
    "TunnelHollowSpace": ("隧道内空间", "space in a tunnel", _PROJECTS),
    "TunnelInstallation": ("隧道附属设施", "installation of a tunnel", _PROJECTS),
    "TunnelPart": ("隧道部分", "tunnel part", _BASE),
    "WaterBody": ("水体", "water body", _RESOURCES),
    "Waterway": ("水道", "waterway", _BASE),
}
TERRAIN = "TINRelief"
SPACES = ("BuildingRoom", "BuildingStorey", "BuildingUnit", "BridgeRoom", "TunnelHollowSpace")  # things stand in them
THIN = ("MultiPoint", "MultiLineString")  # kinds of shapes that have no surface
_OTHER = ("对象", "object", _BASE)
_LEVEL_OF_LOD = {"0": 1, "1": 2, "2": 3, "3": 4}  # terrain, frame, standard, fine


def check_stage(name: str) -> str:
    """Return ``name`` if it is that of a stage; else ``BadInput``."""
    if name not in STAGES:
        raise BadInput(f"{name[:40]!r} is no stage.", where="stage", mend=f"Use {', '.join(STAGES)}.")
    return name


def class_of(name: str) -> tuple[str, str, str]:
    """Return (zh, en, category) of a class, of an object in general for one that the table does not hold."""
    return CLASSES.get(name, _OTHER)


def level_of(lods: list[str]) -> int:
    """Return the CIM level of an object whose geometry has these levels of detail, the finest counting."""
    return max((_LEVEL_OF_LOD.get(lod[:1], 1) for lod in lods), default=1)


@dataclass(frozen=True)
class ModelCard:
    """What is told of a model: its titles, where it is from, and whether its objects are generated, not surveyed."""

    zh: str
    en: str
    source: str = ""
    licence: str = ""
    generated: bool = False


@dataclass(frozen=True)
class Shape:
    """The geometry of an object at one level of detail.

    ``kind`` is ``footprint`` (``wkb`` a polygon, upright between ``base_m`` and ``top_m``) or a CityJSON type (``wkb``
    its surfaces as MultiPolygon Z; of :data:`THIN` ones MultiPoint Z or MultiLineString Z); degrees on WGS 84, metres
    above the model's height datum. ``detail`` holds what a geometry cannot: which surfaces make a shell, what they are,
    the axis of a tube.
    """

    lod: str
    kind: str
    wkb: bytes
    base_m: float
    top_m: float
    detail: Mapping[str, Any]


@dataclass(frozen=True)
class CityObject:
    """One version of an object: what it is, where, in which valid time, recorded when.

    ``valid_to`` and ``recorded_to`` are ``None`` while there is no end.
    """

    id: str
    model: str
    kind: str
    category: str
    level: int
    stage: str
    parent: str
    name: str
    box: Box
    bottom_m: float
    top_m: float
    shapes: tuple[Shape, ...]
    properties: Mapping[str, Any]
    classification: Classification
    valid_from: datetime
    valid_to: datetime | None
    recorded: datetime
    recorded_to: datetime | None = None

    def holds(self, at: datetime, recorded: datetime | None) -> bool:
        """Return whether this version held ``at`` a moment, as known by ``recorded``; as known now without one."""
        if recorded is None:
            known = self.recorded_to is None
        else:
            known = self.recorded <= recorded and (self.recorded_to is None or self.recorded_to > recorded)
        return known and self.valid_from <= at and (self.valid_to is None or self.valid_to > at)

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> CityObject:
        """Return the object of a row of the store."""
        return cls(
            id=row["id"],
            model=row["model"],
            kind=row["class"],
            category=row["category"],
            level=row["level"],
            stage=row["stage"],
            parent=row["parent"],
            name=row["name"],
            box=Box(row["west"], row["south"], row["east"], row["north"]),
            bottom_m=row["bottom_m"],
            top_m=row["top_m"],
            shapes=tuple(_shape(each) for each in row["geometry"]),
            properties=orjson.loads(row["properties"]),
            classification=Classification(row["classification"]),
            valid_from=from_micros(row["valid_from"]),
            valid_to=_end(row["valid_to"]),
            recorded=from_micros(row["recorded_from"]),
            recorded_to=_end(row.get("recorded_to", FOREVER)),
        )


def _shape(row: Mapping[str, Any]) -> Shape:
    return Shape(**{**row, "detail": orjson.loads(row["detail"] or "{}")})


def _end(micros: int) -> datetime | None:
    return None if micros == FOREVER else from_micros(micros)
