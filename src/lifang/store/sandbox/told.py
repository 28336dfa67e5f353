"""How a value of each of DuckDB's types is told in JSON: exactly, or as text; never rounded and never another value.

Runs in the child only. Whole numbers beyond 64 bits and decimals are text, binary is Base64, a map is a list of pairs.
What Python's own moments cannot hold (infinity, years before 1 or after 9999, 24:00) is why moments travel as text.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

Convert = Callable[[Any], Any]

_AS_IT_IS = frozenset(
    {"bigint", "bit", "blob", "boolean", "decimal", "double", "float", "integer", "null", "smallint", "tinyint"}
    | {"ubigint", "uinteger", "usmallint", "utinyint", "uuid", "varchar"}
)
_NESTED = frozenset({"array", "list", "map", "struct"})


@dataclass(frozen=True)
class Told:
    """What becomes of one type: the SQL type to cast to first, and what to do with each value after."""

    cast: str | None = None
    convert: Convert | None = None


def of_types(kinds: Sequence[Any]) -> list[Told]:
    """Return how the columns of these DuckDB types are told."""
    return [_of(kind) for kind in kinds]


def text_of(value: Any) -> bytes:
    """Return the value as JSON text; NaN and infinities are null. ``TypeError`` if it is nested too deeply."""
    return orjson.dumps(value, default=_plain)


def _of(kind: Any) -> Told:
    name = str(kind.id)
    if name in _AS_IT_IS:
        return Told()
    if name in _NESTED:
        return _OF_NESTED[name](kind)
    return _BY_NAME.get(name, Told("VARCHAR"))


def _whole(value: int | None) -> int | str | None:
    return value if value is None or -(1 << 63) <= value < 1 << 63 else str(value)


def _moment(text: str | None) -> str | None:
    """Return DuckDB's ``2019-01-01 08:00:00+08`` as ISO 8601; what has no such form stays."""
    if text is None:
        return None
    if text[10:11] == " ":
        text = f"{text[:10]}T{text[11:]}"
    return _zoned(text)


def _zoned(text: str | None) -> str | None:
    if text is None or text[-3:-2] not in {"+", "-"}:
        return text
    return f"{text[:-3]}Z" if text.endswith("+00") else f"{text}:00"


def _stamp(text: str | None) -> str | None:
    return f"{text[:10]}T{text[11:]}" if text is not None and text[10:11] == " " else text


def _list(kind: Any) -> Told:
    (_, child), *rest = kind.children
    inner = _of(child)
    length = f"[{rest[0][1]}]" if rest else "[]"
    convert = inner.convert
    return Told(
        None if inner.cast is None else f"{inner.cast}{length}",
        None if convert is None else lambda value: None if value is None else [convert(each) for each in value],
    )


def _struct(kind: Any) -> Told:
    names = [name for name, _ in kind.children]
    inner = [_of(child) for _, child in kind.children]
    if not all(names):
        return Told("VARCHAR") if any(each != Told() for each in inner) else Told()
    cast = None
    if any(each.cast for each in inner):
        parts = (
            f"{_quoted(name)} {each.cast or child}" for (name, child), each in zip(kind.children, inner, strict=True)
        )
        cast = f"STRUCT({', '.join(parts)})"
    converts = {name: each.convert for name, each in zip(names, inner, strict=True) if each.convert}

    def convert(value: dict[str, Any] | None) -> dict[str, Any] | None:
        return None if value is None else value | {name: change(value[name]) for name, change in converts.items()}

    return Told(cast, convert if converts else None)


def _map(kind: Any) -> Told:
    (_, key_kind), (_, value_kind) = kind.children
    key, item = _of(key_kind), _of(value_kind)
    cast = f"MAP({key.cast or key_kind}, {item.cast or value_kind})" if key.cast or item.cast else None
    hashable = str(key_kind.id) not in _NESTED

    def convert(value: dict[Any, Any] | None) -> list[list[Any]] | None:
        if value is None:
            return None
        pairs = value.items() if hashable else zip(value["key"], value["value"], strict=True)
        return [[_through(key.convert, left), _through(item.convert, right)] for left, right in pairs]

    return Told(cast, convert)


def _through(convert: Convert | None, value: Any) -> Any:
    return convert(value) if convert else value


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _plain(value: Any) -> str:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else str(value)


_BY_NAME = {
    "hugeint": Told(None, _whole),
    "uhugeint": Told(None, _whole),
    "timestamp": Told("VARCHAR", _stamp),
    "timestamp_s": Told("VARCHAR", _stamp),
    "timestamp_ms": Told("VARCHAR", _stamp),
    "timestamp_ns": Told("VARCHAR", _stamp),
    "timestamp with time zone": Told("VARCHAR", _moment),
    "time with time zone": Told("VARCHAR", _zoned),
}
_OF_NESTED: dict[str, Callable[[Any], Told]] = {"array": _list, "list": _list, "map": _map, "struct": _struct}
