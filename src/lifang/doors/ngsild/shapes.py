"""Shapes of an answer: normalized, concise, simplified or GeoJSON (CIM 009 clauses 4.5.4, 4.5.16, 4.5.17)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from lifang.doors.ngsild.context import CORE, Context
from lifang.doors.ngsild.entities import Entity

_VALUES = {"Property": "value", "GeoProperty": "value", "Relationship": "object", "LanguageProperty": "languageMap"}
_BARE = frozenset({"id", "type", "createdAt", "modifiedAt", "scope"})


class Form(StrEnum):
    """How attributes are written."""

    NORMALIZED = "normalized"
    CONCISE = "concise"
    SIMPLIFIED = "keyValues"


@dataclass(frozen=True)
class Shape:
    """How entities are written: their form, whether as GeoJSON (placed by ``geometry``), in which language."""

    form: Form = Form.NORMALIZED
    context: Context = CORE
    is_geojson: bool = False
    geometry: str = "location"
    language: str = ""

    def entity(self, entity: Entity) -> dict[str, Any]:
        """Return one entity as it is to be written, without its context."""
        spoken = entity if not self.language else {name: _spoken(each, self.language) for name, each in entity.items()}
        written = {
            self.context.shown(name): self._written(value) if name not in _BARE else self._bare(name, value)
            for name, value in spoken.items()
        }
        return self._feature(spoken, written) if self.is_geojson else written

    def _bare(self, name: str, value: Any) -> Any:
        return self.context.shown(value) if name == "type" else value

    def _written(self, value: Any) -> Any:
        if self.form is Form.NORMALIZED:
            return value
        make = _simple if self.form is Form.SIMPLIFIED else _concise
        if not isinstance(value, list):
            return make(value)
        if self.form is Form.CONCISE:
            return [_concise(each) for each in value]
        return _datasets(value)

    def _feature(self, entity: Entity, written: dict[str, Any]) -> dict[str, Any]:
        """Return the entity as a Feature (clause 4.5.16); one without a place has the geometry null."""
        place = entity.get(self.geometry)
        geometry = place["value"] if isinstance(place, dict) and place.get("type") == "GeoProperty" else None
        properties = {name: value for name, value in written.items() if name != "id"}
        return {"id": written["id"], "type": "Feature", "geometry": geometry, "properties": properties}


def _spoken(value: Any, language: str) -> Any:
    """Return a LanguageProperty as a Property in the language asked for (clause 4.15); anything else as it is."""
    if not isinstance(value, Mapping) or value.get("type") != "LanguageProperty":
        return value
    texts = value["languageMap"]
    wanted = [part.partition(";")[0].strip().lower() for part in language.split(",")]
    found = next((each for tag in wanted for each in texts if tag.partition("-")[0] == each), next(iter(texts)))
    return {"type": "Property", "value": texts[found], "lang": found}


def _simple(value: Mapping[str, Any]) -> Any:
    if value["type"] == "LanguageProperty":
        return {"languageMap": value["languageMap"]}
    return value[_VALUES[value["type"]]]


def _datasets(values: list[Any]) -> Any:
    """Return several instances in simplified form (clause 4.5.4): by datasetId, the default one as ``@none``."""
    return {"dataset": {each.get("datasetId", "@none"): _simple(each) for each in values}}


def _concise(value: Mapping[str, Any]) -> Any:
    """Return an attribute without what its value tells anyway (clause 4.5.17)."""
    rest = {name: each if name in _VALUES.values() else _sub(each) for name, each in value.items() if name != "type"}
    is_bare = value["type"] == "GeoProperty" or not isinstance(rest.get("value"), Mapping)
    return rest["value"] if is_bare and rest.keys() == {"value"} else rest


def _sub(value: Any) -> Any:
    return _concise(value) if isinstance(value, Mapping) and value.get("type") in _VALUES else value
