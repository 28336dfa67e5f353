"""The names of an observation's properties as columns of the lake, in filters, orders and pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from lifang.core import BadInput, from_micros
from lifang.sensing.codec import QUALITY_OF
from lifang.sensing.entities.observation import parse_id
from lifang.sensing.entities.rewriting import NUMBER
from lifang.store import Among, Call, Expression, Field, Literal, all_of

_COLUMNS: Mapping[str, str] = {
    "phenomenonTime": "time",
    "phenomenonTime/start": "time",
    "phenomenonTime/end": "extra.end",
    "result": "result",
    "resultTime": "extra.resultTime",
    "resultQuality": "extra.resultQuality",
    "validTime": "extra.validTime/start",
    "validTime/start": "extra.validTime/start",
    "validTime/end": "extra.validTime/end",
}
_ABSENT = frozenset({"extra.resultTime", "extra.end", "extra.validTime/start", "extra.validTime/end"})
_ORDERS: Mapping[str, tuple[str, ...]] = {
    NUMBER: ("datastream", "time", "end"),
    "phenomenonTime": ("time", "end"),
    "phenomenonTime/start": ("time",),
    "phenomenonTime/end": ("end",),
    "result": ("value", "extra.result"),
    "resultTime": ("extra.resultTime",),
    "resultQuality": ("quality",),
    "validTime": ("extra.validTime/start",),
    "validTime/start": ("extra.validTime/start",),
    "validTime/end": ("extra.validTime/end",),
    "Datastream/@id": ("datastream",),
    "MultiDatastream/@id": ("datastream",),
}
NATURAL = (("datastream", False), ("time", False), ("end", False))
_NEVER = Call("eq", (Field("datastream"), Literal(-1)))
Order = tuple[tuple[str | Expression, bool], ...]


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
    call = Call(expression.name, tuple(own_columns(each) for each in expression.args))
    return _at_another_time(call) if expression.name == "ne" else call


def _at_another_time(call: Call) -> Expression:
    """Return ``call`` (``ne``) so that an observation without the time it compares with a moment is not meant.

    The OGC's suite reads that time in every answer; OData's ``ne`` alone would count null as another time.
    """
    fields = [each for each in call.args if isinstance(each, Field) and each.name in _ABSENT]
    moments = [each for each in call.args if isinstance(each, Literal) and isinstance(each.value, datetime)]
    return all_of(call, Call("ne", (fields[0], Literal(None)))) or call if fields and moments else call


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
        Call("and", (_is("datastream", number), _is("time", from_micros(time)), _is("extra.end", _moment(end))))
        for number, (time, end) in (key for key in keys if key is not None)
    )
    either: Expression = Call("or", found) if found else _NEVER
    return Call("not", (either,)) if call.name == "ne" else either


def _moment(micros: int | None) -> datetime | None:
    return None if micros is None else from_micros(micros)


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
    """Return the columns and values to order by, always ending in datastream, time and end."""
    found: dict[str | Expression, bool] = {}
    for expression, descending in order:
        for key in _keys(expression):
            found.setdefault(key, descending)
    return (*found.items(), *(each for each in NATURAL if each[0] not in found))


def _keys(expression: Expression) -> Sequence[str | Expression]:
    """Return what to order by; ``BadInput`` for what an Observation has not (18-088, clause 9.3.3.1)."""
    if not isinstance(expression, Field):
        return (own_columns(expression),)
    name = expression.name
    columns = _ORDERS.get(name) or ((f"extra.{name}",) if name.startswith("parameters/") else None)
    if columns is None:
        raise BadInput(
            f"Observations are not ordered by {name[:60]!r}.",
            where="$orderby",
            mend=f"Known: {', '.join(key for key in _ORDERS if '/' not in key)}, parameters/…, what is made of them.",
        )
    return columns


def key_of(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return what a row read from the lake is ordered by: where a page ends."""
    return tuple(value for name, value in row.items() if name.startswith("key_"))


def numbers_in(expression: Expression) -> tuple[int, ...] | None:
    """Return the datastreams that ``expression`` narrows to by itself, ``None`` if it does not."""
    if isinstance(expression, Among) and expression.value.name == "datastream":
        return expression.numbers
    if isinstance(expression, Call) and expression.name == "eq":
        left, right = expression.args
        if isinstance(left, Field) and left.name == "datastream" and isinstance(right, Literal):
            return (right.value,) if isinstance(right.value, int) else None
    return None
