"""The names of an observation's properties as columns of the lake, in filters, orders and pages."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from lifang.core import BadInput, from_micros
from lifang.sensing.codec import QUALITY_OF
from lifang.sensing.entities.observation import parse_id
from lifang.sensing.entities.rewriting import NUMBER
from lifang.store import Among, Call, Expression, Field, Literal

_COLUMNS: Mapping[str, str] = {
    "phenomenonTime": "time",
    "result": "result",
    "resultTime": "extra.resultTime",
    "resultQuality": "extra.resultQuality",
    "validTime": "extra.validTime/start",
}
_ORDERS: Mapping[str, tuple[str, ...]] = {
    NUMBER: ("datastream", "time"),
    "phenomenonTime": ("time",),
    "result": ("value", "extra.result"),
    "resultTime": ("extra.resultTime",),
    "resultQuality": ("quality",),
    "validTime": ("extra.validTime/start",),
    "Datastream/@id": ("datastream",),
    "MultiDatastream/@id": ("datastream",),
}
NATURAL = (("datastream", False), ("time", False))
_NEVER = Call("eq", (Field("datastream"), Literal(-1)))
Order = tuple[tuple[str, bool], ...]


def own_columns(expression: Expression) -> Expression:
    """Return ``expression`` with the properties of an observation as columns; ``BadInput`` for what it has not."""
    if isinstance(expression, Field):
        return Field(_column(expression.name))
    if not isinstance(expression, Call):
        return expression
    if expression.name in {"eq", "ne", "in"}:
        found = _named(expression) or _graded(expression)
        if found is not None:
            return found
    return Call(expression.name, tuple(own_columns(each) for each in expression.args))


def _column(name: str) -> str:
    if name in _COLUMNS:
        return _COLUMNS[name]
    first, _, rest = name.partition("/")
    if first in {"datastream", "time"} or name.startswith("extra."):
        return name
    if first == "parameters":
        return f"extra.{name}"
    if first in {"result", "resultQuality"} and rest:
        return f"extra.{name}"
    known = ", ".join(("id", *_COLUMNS, "parameters"))
    raise BadInput(f"An Observation has no {first[:40]!r} to compare.", where=name[:80], mend=f"Known: {known}.")


def _named(call: Call) -> Expression | None:
    """Return a comparison of ids as one of datastreams and times."""
    fields = [each for each in call.args if isinstance(each, Field) and each.name == NUMBER]
    if not fields:
        return None
    names = [each.value for each in call.args if isinstance(each, Literal)]
    keys = [parse_id(each) if isinstance(each, int | str) else None for each in names]
    found = tuple(
        Call("and", (_is("datastream", key[0]), _is("time", from_micros(key[1])))) for key in keys if key is not None
    )
    either: Expression = Call("or", found) if found else _NEVER
    return Call("not", (either,)) if call.name == "ne" else either


def _is(name: str, value: Any) -> Expression:
    return Call("eq", (Field(name), Literal(value)))


def _graded(call: Call) -> Expression | None:
    """Return a comparison of qualities by lifang's words as one of their codes."""
    fields = [each for each in call.args if isinstance(each, Field) and each.name == "resultQuality"]
    words = [each.value for each in call.args if isinstance(each, Literal)]
    if not fields or not all(isinstance(word, str) and word in QUALITY_OF for word in words):
        return None
    codes = tuple(Literal(QUALITY_OF[word]) for word in words)
    return Call(call.name, (Field("quality"), *codes))


def order_of(order: Sequence[tuple[Expression, bool]]) -> Order:
    """Return the columns to order by, always ending in datastream and time; ``BadInput`` for anything else."""
    found: list[tuple[str, bool]] = []
    for expression, descending in order:
        name = expression.name if isinstance(expression, Field) else ""
        columns = _ORDERS.get(name) or ((f"extra.{name}",) if name.startswith("parameters/") else None)
        if columns is None:
            raise BadInput(
                f"Observations are not ordered by {name[:60] or 'a computed value'!r}.",
                where="$orderby",
                mend=f"Order by {', '.join(key for key in _ORDERS if '/' not in key)} or parameters/….",
            )
        found += [(column, descending) for column in columns if column not in {name for name, _ in found}]
    return (*found, *(each for each in NATURAL if each[0] not in {name for name, _ in found}))


def key_of(order: Order, row: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return the values of ``order`` in a row: where a page ends."""
    return tuple(_value(row, name) for name, _ in order)


def _value(row: Mapping[str, Any], name: str) -> Any:
    if not name.startswith("extra."):
        value = row[name]
        return None if isinstance(value, float) and math.isnan(value) else value
    found: Any = orjson.loads(row["extra"]) if row["extra"] else None
    for step in name.removeprefix("extra.").split("/"):
        found = found.get(step) if isinstance(found, dict) else None
    return found if isinstance(found, str | int | float | None) else orjson.dumps(found).decode()


def past(order: Order, after: Sequence[Any]) -> Expression:
    """Return what comes after the row whose keys are ``after``; no value comes before any (clause 9.3.3.1)."""
    if len(after) != len(order):
        raise BadInput("The link to the next page does not fit the order.", mend="Start again from the first page.")
    found: Expression | None = None
    for (name, descending), value in reversed(list(zip(order, after, strict=True))):
        key, literal = Field(name), _literal(name, value)
        beyond = _beyond(key, literal, descending)
        found = beyond if found is None else Call("or", (beyond, Call("and", (Call("eq", (key, literal)), found))))
    return found or _NEVER


def _literal(name: str, value: Any) -> Literal:
    moment = name in {"time", "extra.resultTime"} and isinstance(value, int)
    return Literal(from_micros(value) if moment else value)


def _beyond(key: Field, literal: Literal, descending: bool) -> Expression:
    empty = Call("eq", (key, Literal(None)))
    if literal.value is None:
        return _NEVER if descending else Call("not", (empty,))
    return Call("or", (Call("lt", (key, literal)), empty)) if descending else Call("gt", (key, literal))


def numbers_in(expression: Expression) -> tuple[int, ...] | None:
    """Return the datastreams that ``expression`` narrows to by itself, ``None`` if it does not."""
    if isinstance(expression, Among) and expression.value.name == "datastream":
        return expression.numbers
    if isinstance(expression, Call) and expression.name == "eq":
        left, right = expression.args
        if isinstance(left, Field) and left.name == "datastream" and isinstance(right, Literal):
            return (right.value,) if isinstance(right.value, int) else None
    return None
