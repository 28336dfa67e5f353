"""What queries ask for as conditions of SQL, with the values of their placeholders."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from lifang.store.lake.engine import OBJECTS
from lifang.store.lake.names import name, sql
from lifang.store.lake.objects.filtering import filtered
from lifang.store.lake.objects.model import FOREVER, LinkQuery, ObjectQuery
from lifang.store.lake.spatial_where import is_spatial

Query = TypeVar("Query", LinkQuery, ObjectQuery)
VERSION = f"{OBJECTS}.version"
SOUGHT_MAX = 500
RANK = "list_position(?::VARCHAR[], name)"  # of a name among those asked for
ACROSS = "greatest(east - west, north - south)"


def known_then(query: ObjectQuery) -> tuple[str, list[Any]]:
    """Return the condition on ``version`` that it was known at the moment of ``query``, and its values."""
    if query.recorded is None:
        return f"recorded_to = {FOREVER}", []
    return "recorded_from <= ? AND recorded_to > ?", [query.recorded, query.recorded]


def _found_by(table: str, column: str, among: Sequence[str]) -> str:
    """Return what to read instead of ``table`` for the rows whose indexed ``column`` is among a few values.

    DuckDB 1.5 looks into an index only where the scan has no other condition: an expression that is made first keeps
    the others from it.
    """
    found = sql("SELECT * FROM", table, "WHERE", name(column), f"IN ({', '.join('?' * len(among))})")
    return sql("(WITH hit AS MATERIALIZED (", found, ") SELECT * FROM hit)")


def sought(
    table: str, query: Query, where: Callable[[Query], tuple[str, list[Any]]], indexed: Mapping[str, str]
) -> tuple[str, list[Any]]:
    """Return the rows of ``table`` that meet ``query``, with the values of the placeholders.

    The first field in ``indexed`` (to its column) with so few values that an index is worth asking is looked up by it.
    """
    for field, column in indexed.items():
        among: list[str] = list(getattr(query, field) or ())
        if among and len(among) <= SOUGHT_MAX and "" not in among:
            others: dict[str, Any] = {field: None}
            rest: tuple[str, list[Any]] = where(replace(query, **others))
            return sql(_found_by(table, column, among), rest[0]), [*among, *rest[1]]
    condition, given = where(query)
    return sql(table, condition), given


def sought_objects(query: ObjectQuery) -> tuple[str, list[Any]]:
    """Return the versions that meet ``query``, with the values of the placeholders."""
    # of single points the first in a square is sought among all that are asked for, which an index would not tell
    indexed = {} if query.apart_deg else {"ids": "id", "parents": "parent"}
    return sought(VERSION, query, where_of, indexed)


def where_of(query: ObjectQuery) -> tuple[str, list[Any]]:
    """Return the condition on ``version`` and the values of its placeholders."""
    known, moments = known_then(query)
    parts = ["valid_from <= ? AND valid_to > ?", known]
    values: list[Any] = [query.valid if query.until is None else query.until, query.valid, *moments]
    for column, among, *left_out in (
        ("id", query.without, "NOT"),
        ("model", query.without_models, "NOT"),
        ("id", query.ids),
        ("parent", query.parents),
        ("model", query.models),
        ("class", query.classes),
        ("classification", query.classifications),
        ("cell", query.cells),
        ("level", query.levels),
        ("stage", query.stages),
        ("name", query.named),
    ):
        if among is not None:
            condition, more = _among(column, among, *left_out)
            parts.append(condition)
            values += more
    if query.box is not None:
        parts.append("west <= ? AND east >= ? AND south <= ? AND north >= ?")
        values += [query.box.east, query.box.west, query.box.north, query.box.south]
    for condition, more in _worded(query):
        if is_spatial(condition):  # outlines are made of the versions alone that meet the rest
            parts, values = [*parts, f"CASE WHEN {' AND '.join(parts)} THEN {condition} END"], [*values, *values, *more]
        else:
            parts, values = [*parts, condition], [*values, *more]
    if query.linked is not None:
        condition, more = links_where(query.linked)
        parts.append(sql("id IN (SELECT object FROM", f"{OBJECTS}.link", condition, ")"))
        values += more
    if query.shaped:
        parts.append("len(geometry) > 0")
    if query.across_deg:  # a point has no size to be too small by
        condition, more = _points(query)
        parts.append(f"({ACROSS} >= ? OR {ACROSS} = 0{condition})")
        values += [query.across_deg, *more]
    if query.after is not None:
        condition, more = _past(query, query.after)
        parts.append(condition)
        values += more
    return "WHERE " + " AND ".join(parts), values


def _points(query: ObjectQuery) -> tuple[str, list[Any]]:
    """Return the condition on those versions that are single points, and its values."""
    if not query.apart_deg:
        return "", []
    where, values = where_of(replace(query, across_deg=0.0, after=None))
    squares = f"AND {ACROSS} = 0 GROUP BY floor(west / ?), floor(south / ?)"
    first = sql("SELECT min(id) FROM", VERSION, where, squares)
    return sql(" AND id IN (", first, ")"), [*values, query.apart_deg, query.apart_deg]


def _past(query: ObjectQuery, after: str) -> tuple[str, list[Any]]:
    """Return the condition that a version is read after that of another object, and its values."""
    if query.named is None:
        return "id > ?", [after]
    there, own = where_of(
        ObjectQuery(query.valid, query.recorded, until=query.until, ids=[after], classifications=query.classifications)
    )  # what may not be seen has no name to go on from
    names = list(query.named)
    last = sql("(SELECT (min(", RANK, "), ?::VARCHAR) FROM", VERSION, there, ")")
    return sql("(", RANK, ", id) >", last), [names, names, after, *own]


def _worded(query: ObjectQuery) -> Iterator[tuple[str, list[Any]]]:
    """Yield the conditions that somebody wrote: parts of names, expressions."""
    if query.text:
        yield "(contains(lower(name), lower(?)) OR contains(lower(id), lower(?)))", [query.text, query.text]
    if query.where is not None:
        yield filtered(query.where)


def _among(column: str, values: Sequence[Any], left_out: str = "") -> tuple[str, list[Any]]:
    """Return the condition that a column has one of some values (``NOT``: none), with what it is bound to."""
    if len(values) > SOUGHT_MAX:
        return f"{name(column)} {left_out} IN (SELECT unnest(?))", [list(values)]
    return f"{name(column)} {left_out} IN ({', '.join('?' * len(values)) or 'NULL'})", list(values)


def links_where(query: LinkQuery) -> tuple[str, list[Any]]:
    """Return the condition on ``link`` and the values of its placeholders."""
    known = f"recorded_to = {FOREVER}" if query.recorded is None else "recorded_from <= ? AND recorded_to > ?"
    parts, values = ["valid_from <= ? AND valid_to > ?", known], [query.valid, query.valid]
    bound: list[Any] = values + ([] if query.recorded is None else [query.recorded, query.recorded])
    among: tuple[tuple[str, Sequence[str] | None], ...] = (
        ("object", query.objects),
        ("target", query.targets),
        ("kind", query.kinds),
        ("source", query.sources),
        ("classification", query.classifications),
    )
    for column, wanted in among:
        if wanted is not None:
            condition, more = _among(column, wanted)
            parts.append(condition)
            bound += more
    if query.of is not None:
        condition, more = where_of(query.of)
        parts.append(sql("object IN (SELECT id FROM", f"{OBJECTS}.version", condition, ")"))
        bound += more
    if query.after is not None:
        parts.append("(object, kind, target) > (?, ?, ?)")
        bound += query.after
    return "WHERE " + " AND ".join(parts), bound
