"""The attributes of an entity that are plain values: texts, numbers, words of a list, yes or no, and lists of those."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import ifcopenshell

_ELSEWHERE = ("GlobalId", "Name", "RefLatitude", "RefLongitude")  # are the id, the name, and where the model stands
_USUAL = ("", None, (), "ELEMENT")  # of CompositionType, which is ELEMENT unless something else is meant
_PLAIN = ("type_declaration", "enumeration_type")


@lru_cache(maxsize=4096)
def _plain(name: str) -> tuple[tuple[int, str, str], ...]:
    schema, _, kind = name.partition(".")
    declared = ifcopenshell.schema_by_name(schema).declaration_by_name(kind).as_entity()
    found = enumerate(declared.all_attributes() if declared is not None else ())
    told = ((at, each.name(), _measure(each.type_of_attribute())) for at, each in found)
    return tuple((at, own, measure) for at, own, measure in told if measure is not None and own not in _ELSEWHERE)


def _measure(kind: Any) -> str | None:
    """Return the name of the measure that an attribute is, an empty text if it is another plain value, else nothing."""
    while (inner := kind.as_aggregation_type()) is not None:
        kind = inner.type_of_element()
    named = kind.as_named_type()
    if named is None:
        return ""
    declared = named.declared_type()
    return str(declared.name()) if type(declared).__name__ in _PLAIN else None


def plain_attributes(entity: ifcopenshell.entity_instance) -> Iterator[tuple[str, Any, str]]:
    """Yield name, value and measure of the plain attributes that an entity gives a value, but for its id and name."""
    for at, name, measure in _plain(entity.is_a(True)):
        value = entity[at]
        if value not in _USUAL:
            yield name, value, measure
