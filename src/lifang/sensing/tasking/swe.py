"""Tasking parameters: a SWE Common DataRecord read, and values checked against it.

Source: OGC 08-094r1 (SWE Common 2.0) in its JSON encoding, as 17-079r1 clause 8.2.1 uses it: ``Quantity``, ``Count``,
``Boolean``, ``Category``, ``Text``, with ``AllowedValues`` (``value``, ``interval``) or ``AllowedTokens`` (``value``,
``pattern``).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lifang.core import BadInput

_MOST_FIELDS = 50
_TEXT_MAX = 2000
_PATTERN_MAX = 200


@dataclass(frozen=True)
class Field:
    """One parameter: its kind, the values it may take, whether it may be left out; ``unit`` is a UCUM code."""

    name: str
    kind: str
    values: tuple[Any, ...] = ()
    intervals: tuple[tuple[float, float], ...] = ()
    pattern: str = ""
    unit: str = ""
    optional: bool = False


def check_record(record: Mapping[str, Any]) -> dict[str, Field]:
    """Return the fields of a DataRecord by name; ``BadInput`` says what of it is none."""
    fields = record.get("field") if isinstance(record, Mapping) else None
    if not isinstance(fields, list) or record.get("type") != "DataRecord" or not 1 <= len(fields) <= _MOST_FIELDS:
        raise BadInput(
            "taskingParameters is not a DataRecord.",
            where="taskingParameters",
            mend='Give {"type": "DataRecord", "field": […]}.',
        )
    found = [_field(each) for each in fields]
    if len({each.name for each in found}) != len(found):
        raise BadInput("A parameter is named twice.", where="taskingParameters", mend="Name each once.")
    return {each.name: each for each in found}


def _field(told: Any) -> Field:
    if not isinstance(told, Mapping) or not isinstance(told.get("name"), str) or not told["name"]:
        raise BadInput("A field has no name.", where="taskingParameters", mend="Name it.")
    name, kind = told["name"], told.get("type")
    if kind not in _READERS:
        raise _bad(name, f"{kind!r} is no kind of parameter", f"Known: {', '.join(_READERS)}.")
    constraint = told.get("constraint") or {}
    if not isinstance(constraint, Mapping):
        raise _bad(name, "the constraint is no object", "Give AllowedValues or AllowedTokens.")
    pattern = constraint.get("pattern", "")
    try:
        if not isinstance(pattern, str) or len(pattern) > _PATTERN_MAX:
            raise _bad(name, "the pattern is too long", f"{_PATTERN_MAX} characters at most.")
        re.compile(pattern)
        intervals = tuple((_bound(low), _bound(high)) for low, high in constraint.get("interval", ()))
        values = tuple(constraint.get("value", ()))
    except (TypeError, ValueError, re.error) as error:
        raise _bad(name, f"the constraint cannot be read: {error}", "Correct it.") from error
    if any(not low <= high for low, high in intervals):
        raise _bad(name, "an interval ends before it begins", "Swap its ends.")
    uom = told.get("uom")
    unit = str(uom.get("code", "")) if isinstance(uom, Mapping) else ""
    return Field(name, str(kind), values, intervals, pattern, unit, bool(told.get("optional", False)))


def _bound(value: Any) -> float:
    return {"-INF": -math.inf, "INF": math.inf, "+INF": math.inf}.get(value) or float(value)


def check_parameters(fields: Mapping[str, Field], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values if each fits its field and none is missing or unknown; else ``BadInput``."""
    if not isinstance(given, Mapping):
        raise BadInput("The parameters are no object.", where="parameters", mend="Give {name: value}.")
    for name in given:
        if name not in fields:
            raise BadInput(
                f"There is no parameter {str(name)[:80]!r}.", where="parameters", mend=f"Known: {', '.join(fields)}."
            )
    for each in fields.values():
        if each.name not in given and not each.optional:
            raise _bad(each.name, "it is missing", "Give it a value.", where="parameters")
    return {name: _value(fields[name], value) for name, value in given.items()}


def outside(field: Field, value: Any) -> bool:
    """Return whether a value of the right kind lies outside what the field allows."""
    if field.values or field.intervals:
        within = isinstance(value, int | float) and any(low <= value <= high for low, high in field.intervals)
        return value not in field.values and not within
    return bool(field.pattern) and re.fullmatch(field.pattern, str(value)) is None


def _value(field: Field, value: Any) -> Any:
    if not _READERS[field.kind](value):
        raise _bad(field.name, f"{str(value)[:80]!r} is no {field.kind}", "Correct it.", where="parameters")
    return value


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**53


def _text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= _TEXT_MAX


_READERS: Mapping[str, Callable[[Any], bool]] = {
    "Quantity": _number,
    "Count": _whole,
    "Boolean": lambda value: isinstance(value, bool),
    "Category": _text,
    "Text": _text,
}


def _bad(name: str, what: str, mend: str, *, where: str = "taskingParameters") -> BadInput:
    return BadInput(f"Parameter {name[:80]!r}: {what}.", where=f"{where}.{name[:80]}", mend=mend)
