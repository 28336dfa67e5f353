"""How a parsed ``dataset.toml`` becomes the values of a card; ``BadInput`` names the field that is wrong."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import fields
from difflib import get_close_matches
from functools import partial
from typing import Any

from lifang.catalogue.card.parts import Bilingual, Column, Contact, Coverage, Geometry
from lifang.core import BadInput
from lifang.guard import Classification

_WRITTEN = {"str": (str, "Write a text in quotes."), "bool": (bool, "Write true or false."),
            "int": (int, "Write a whole number.")}  # fmt: skip


def values_of(kind: type[Any], table: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of the card ``kind`` written in ``table``, each of its field's type."""
    values: dict[str, Any] = dict(known(kind, table, "the card"))
    if not isinstance(values.get("id"), str):
        raise BadInput("The card has no id.", where="id", mend='Write id = "some_name".')
    for name in [each for each in values if each in _READERS]:
        values[name] = _READERS[name](values[name], name)
    values.setdefault("name", Bilingual(values["id"], values["id"]))
    check_types(kind, values)
    return values


def _part(kind: type[Any], table: Any, where: str) -> Any:
    plain = dict(known(kind, table, where))
    for name in ("start", "end"):
        if name in plain:
            plain[name] = _date(plain[name], name)
    if "bbox" in plain:
        plain["bbox"] = _numbers(plain["bbox"], f"{where}.bbox")
    check_types(kind, plain, f"{where}.")
    return kind(**plain)


def _date(value: Any, _: str) -> Any:
    return value.isoformat() if isinstance(value, dt.date) else value


def _numbers(value: Any, where: str) -> tuple[float, ...]:
    if not isinstance(value, list | tuple) or not all(type(each) in (int, float) for each in value):
        raise BadInput(
            f"{where} must be a list of numbers.", where=where, mend="Write it as [103.0, 30.0, 105.0, 32.0]."
        )
    return tuple(float(each) for each in value)


def known(kind: type[Any], table: Any, where: str) -> Mapping[str, Any]:
    """Return ``table`` if it has the fields of ``kind`` only; else ``BadInput`` with the nearest name."""
    if not isinstance(table, Mapping):
        raise BadInput(f"{where} must be a table.", where=where, mend=f"Write it as a table [{where}].")
    names = [each.name for each in fields(kind)]
    if unknown := [str(key) for key in table if key not in names]:
        near = get_close_matches(unknown[0], names, 1)
        mend = f"Did you mean {near[0]!r}? " if near else ""
        place = unknown[0][:80] if where == "the card" else f"{where}.{unknown[0][:80]}"
        raise BadInput(
            f"{where} has an unknown field {unknown[0][:80]!r}.",
            where=place,
            mend=f"{mend}Known: {', '.join(names)}.",
        )
    return table


def bilingual(value: Any, where: str) -> Bilingual:
    """Return a text in two languages; one plain text stands for both."""
    if isinstance(value, str):
        return Bilingual(value, value)
    both = known(Bilingual, value, where)
    check_types(Bilingual, both, f"{where}.")
    return Bilingual(**both)


def texts(value: Any, where: str) -> tuple[str, ...]:
    """Return a list of texts as a tuple."""
    if not isinstance(value, list | tuple) or not all(isinstance(each, str) for each in value):
        raise BadInput(f"{where} must be a list of texts.", where=where, mend=f'Write {where} = ["a", "b"].')
    return tuple(value)


def classification(value: Any, where: str) -> Classification:
    """Return the classification written as ``value``."""
    try:
        return Classification(value)
    except ValueError as error:
        listed = ", ".join(Classification)
        raise BadInput(f"{value!r} is not a classification.", where=where, mend=f"Use {listed}.") from error


def columns(table: Any, _: str) -> tuple[Column, ...]:
    """Return the columns written as ``[columns.<name>]``."""
    if not isinstance(table, Mapping):
        raise BadInput("columns must be tables.", where="columns", mend="Write [columns.<name>].")
    result = []
    for name, value in table.items():
        given = dict(known(Column, value, f"columns.{name}"))
        if "name" in given:
            mend = f"Leave it out of [columns.{name}]."
            raise BadInput("A column's name is that of its table.", where=f"columns.{name}.name", mend=mend)
        given["missing"] = texts(given.get("missing", ()), f"columns.{name}.missing")
        for bound in ("minimum", "maximum"):
            if isinstance(given.get(bound), dt.date):
                given[bound] = given[bound].isoformat()
        check_types(Column, given, f"columns.{name}.")
        result.append(Column(name=name, **given))
    return tuple(result)


def check_types(kind: type[Any], values: Mapping[str, Any], prefix: str = "") -> None:
    """Raise ``BadInput`` where a value is not of the plain type that its field has."""
    for each in fields(kind):
        if each.name not in values or str(each.type) not in _WRITTEN:
            continue
        wanted, mend = _WRITTEN[str(each.type)]
        value = values[each.name]
        if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
            raise BadInput(f"{each.name} must be {each.type}.", where=f"{prefix}{each.name}", mend=mend)


_READERS: dict[str, Callable[[Any, str], Any]] = {
    **dict.fromkeys(
        ("name", "provider", "summary", "attribution", "sharing_condition", "opening_condition"), bilingual
    ),
    **dict.fromkeys(("header", "missing", "key", "keywords", "related"), texts),
    "classification": classification,
    "columns": columns,
    "published": _date,
    "geometry": partial(_part, Geometry),
    "contact": partial(_part, Contact),
    "coverage": partial(_part, Coverage),
}
