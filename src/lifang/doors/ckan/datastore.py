"""The datastore: the rows of a dataset's newest release, found by filters and words, or by SQL."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, time
from typing import Any
from urllib.parse import urlencode

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from lifang.catalogue import Release, write_rows
from lifang.core import BadInput, NotFound, parse_instant
from lifang.doors.ckan.aliases import aliases_of, every_alias, named
from lifang.doors.ckan.asked import Asked
from lifang.doors.ckan.packages import Json
from lifang.doors.http import Asker
from lifang.store import Call, ColumnInfo, Expression, Field, Literal, Relation, all_of

ROWS_MAX = 32_000  # as CKAN's own default
_SIDES = frozenset({"_xmin", "_ymin", "_xmax", "_ymax"})  # bounds of the geometry
_FORMATS = ("objects", "lists", "csv", "tsv")
_TERMS_MAX, _VALUES_MAX = 20, 1000
_INTEGERS = frozenset({"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"})
_NUMBERS = _INTEGERS | {"DOUBLE", "FLOAT"}
_TYPES = {  # as PostgreSQL calls them, which CKAN's clients know
    **dict.fromkeys(_INTEGERS, "int8"),
    "INTEGER": "int4",
    "HUGEINT": "numeric",
    "DECIMAL": "numeric",
    "DOUBLE": "float8",
    "FLOAT": "float4",
    "BOOLEAN": "bool",
    "DATE": "date",
    "TIME": "time",
    "TIMESTAMP": "timestamp",
    "TIMESTAMP WITH TIME ZONE": "timestamptz",
    "VARCHAR": "text",
    "BLOB": "json",  # geometry, told as GeoJSON
}
_TRUTHS = {"true": True, "false": False, "t": True, "f": False}


def datastore_search(asker: Asker, asked: Asked) -> Json:
    """Find rows: resource_id, filters, q, fields, distinct, sort, limit (32,000 at most), offset, records_format."""
    name = asked.needed("resource_id", "id")
    _, relation = table_of(asker, name)
    form = asked.text("records_format", "objects")
    if form not in _FORMATS:
        raise BadInput("invalid records_format", where="records_format", mend=f"Use one of {', '.join(_FORMATS)}.")
    question = question_of(asked, relation)
    limit, offset = asked.whole("limit", 100, most=ROWS_MAX), asked.whole("offset", 0, most=2**40)
    told = {
        "resource_id": name,
        "fields": question.fields,
        "records": _records(question.rows(limit, offset), form),
        "records_format": form,
        "limit": limit,
        "offset": offset,
        "_links": _links(asked, limit, offset),
    }
    if asked.truth("include_total", default=True):
        told |= {"total": question.total, "total_was_estimated": False}
    return told


@dataclass(frozen=True)
class Question:
    """What is asked of a table: the columns chosen (``_id`` too), the rows that meet a condition, and their order."""

    relation: Relation
    columns: Mapping[str, ColumnInfo]
    chosen: list[str]
    matching: Expression | None
    order: list[tuple[str, bool]]
    distinct: bool = False

    @property
    def fields(self) -> list[Json]:
        """The chosen columns with their types as PostgreSQL calls them."""
        kinds = {"_id": "int4"} | {name: type_of(each.type) for name, each in self.columns.items()}
        return [{"id": each, "type": kinds[each]} for each in self.chosen]

    @property
    def total(self) -> int:
        """How many rows there are."""
        if self.distinct:
            return self.relation.count_distinct(self.chosen, matching=self.matching)
        return self.relation.count(matching=self.matching)

    def rows(self, limit: int, offset: int) -> pa.Table:
        """Return the chosen columns of rows, each combination of values once if they are to be distinct."""
        relation, matching, order = self.relation, self.matching, self.order
        if self.distinct:
            return relation.distinct_rows(self.chosen, matching=matching, order=order, limit=limit, offset=offset)
        names = [each for each in self.chosen if each != "_id"]
        return _with_id(relation.find(names, matching=matching, order=order, limit=limit, offset=offset), self.chosen)


def question_of(asked: Asked, relation: Relation) -> Question:
    """Return what fields, filters, q and sort ask of a table; ``BadInput`` for what it does not have."""
    columns = {each.name: each for each in relation.columns if each.name not in _SIDES}
    order = _order(asked.text("sort"), columns)
    chosen = _known(asked.names("fields") or ["_id", *columns], columns, "fields")
    matching = all_of(*filters_of(asked.mapping("filters"), columns), *_words(asked, columns))
    distinct = asked.truth("distinct") and "_id" not in chosen  # rows with their _id are distinct as they are
    if distinct and (beyond := [name for name, _ in order if name not in chosen]):
        mend = "Add it to fields, or order by one of them."
        raise BadInput(f"Distinct rows have no field {beyond[0]!r} to be ordered by.", where="sort", mend=mend)
    return Question(relation, columns, chosen, matching, order, distinct)


def datastore_search_sql(asker: Asker, asked: Asked) -> Json:
    """Answer one SELECT (DuckDB's dialect, close to PostgreSQL's) over the tables the asker may query: sql.

    A table is named by its dataset's id, or by an alias.
    """
    sql = asked.needed("sql")
    found = asker.query(sql, limit=ROWS_MAX, aliases=every_alias(asker))
    return {
        "sql": sql,
        "records": found.records(),
        "fields": [{"id": name, "type": type_of(kind)} for name, kind in found.columns],
        "records_truncated": found.truncated,
    }


def datastore_info(asker: Asker, asked: Asked) -> Json:
    """Say which columns a table has: id (or resource_id)."""
    name = asked.needed("id", "resource_id")
    release, relation = table_of(asker, name)
    other = aliases_of(asker, release.dataset)
    told = {str(each["name"]): each for each in release.columns}
    fields = [
        {"id": each.name, "type": type_of(each.type), "info": _info(told.get(each.name, {}))}
        for each in relation.columns
        if each.name not in _SIDES
    ]
    meta = {"id": release.dataset, "count": release.rows, "table_type": "BASE TABLE", "release": release.number}
    meta |= {"aliases": other} if other else {}
    return {"meta": meta, "fields": fields}


def table_of(asker: Asker, resource_id: str, *, export: bool = False) -> tuple[Release, Relation]:
    """Return the newest release that a resource is the table of, and its rows; ``NotFound`` for a resource without.

    ``export`` asks to take all of it away.
    """
    if "." in resource_id:
        mend = "The table of a package is the resource whose datastore_active is true."
        raise NotFound(f"Resource {resource_id[:80]!r} is a file, no table.", where="resource_id", mend=mend)
    dataset = named(asker, resource_id)
    release = dataset.release(export=export)
    return release, dataset.rows_of(release)


def type_of(kind: str) -> str:
    """Return DuckDB's type as PostgreSQL calls it."""
    return _TYPES.get(kind.partition("(")[0], "text")


def _info(column: Mapping[str, Any]) -> Json:
    label = str(column.get("zh") or column.get("en") or "")
    return {"label": label, "notes": str(column.get("en") or ""), "unit": str(column.get("unit") or "")}


def _known(names: list[str], columns: Mapping[str, ColumnInfo], where: str) -> list[str]:
    for name in names:
        if name not in columns and name != "_id":
            known = ", ".join(columns)
            raise BadInput(f"field {name[:60]!r} not in table", where=where, mend=f"Known: {known}.")
    return list(dict.fromkeys(names))


def filters_of(filters: Mapping[str, Any], columns: Mapping[str, ColumnInfo]) -> list[Expression]:
    """Return the conditions of ``filters``: a column and its value, or the values of which it may have any."""
    _known(list(filters), columns, "filters")
    found: list[Expression] = []
    for name, value in filters.items():
        values = value if isinstance(value, list) else [value]
        if name == "_id" or not values or len(values) > _VALUES_MAX:
            raise BadInput("This cannot be filtered by.", where="filters", mend=f"Give 1 to {_VALUES_MAX} values.")
        same = tuple(Call("eq", (Field(name), _literal(each, columns[name]))) for each in values)
        found.append(same[0] if len(same) == 1 else Call("or", same))
    return found


def _literal(value: Any, column: ColumnInfo) -> Literal:
    """Return a value as its column's type; ``BadInput`` names both."""
    if value is None:
        return Literal(None)
    read = _READERS.get(column.type.partition("(")[0])
    if read is None or isinstance(value, dict | list):
        raise BadInput(f"Column {column.name!r} cannot be filtered by.", where="filters", mend="Use another column.")
    try:
        return Literal(read(value))
    except (ValueError, KeyError, OverflowError) as error:
        what = f"{str(value)[:80]!r} is not a value of column {column.name!r} ({type_of(column.type)})."
        raise BadInput(what, where="filters", mend="Correct it.") from error


def _words(asked: Asked, columns: Mapping[str, ColumnInfo]) -> list[Expression]:
    """Return the conditions of ``q``: every word stands somewhere in the row, or in the column it is asked for in."""
    q = asked.values.get("q")
    if isinstance(q, dict) or (isinstance(q, str) and q.lstrip().startswith("{")):
        asked_for = asked.mapping("q")
        _known(list(asked_for), columns, "q")
        pairs = [(word, [columns[name]]) for name, text in asked_for.items() for word in str(text).split()]
    else:
        pairs = [(word, list(columns.values())) for word in asked.text("q").split()]
    if len(pairs) > _TERMS_MAX:
        raise BadInput(f"There are more than {_TERMS_MAX} words.", where="q", mend="Ask for fewer.")
    return [_anywhere(word.removesuffix(":*"), among) for word, among in pairs]


def _anywhere(word: str, columns: list[ColumnInfo]) -> Expression:
    texts = [each for each in columns if each.type == "VARCHAR"]
    meets: list[Expression] = [
        Call("contains", (Call("tolower", (Field(each.name),)), Literal(word.lower()))) for each in texts
    ]
    try:
        number = Literal(_number(word))
    except (ValueError, BadInput):
        number = None
    if number is not None:
        meets += [Call("eq", (Field(each.name), number)) for each in columns if each.type in _NUMBERS]
    return Call("or", tuple(meets)) if meets else Call("eq", (Literal(1), Literal(0)))


def _order(sort: str, columns: Mapping[str, ColumnInfo]) -> list[tuple[str, bool]]:
    """Return the columns to order by, and whether descending: ``a asc, b desc``."""
    found = []
    for part in filter(None, (each.strip() for each in sort.split(","))):
        name, _, way = part.rpartition(" ") if part.lower().endswith((" asc", " desc")) else (part, "", "asc")
        name = name.strip().strip('"')
        if name not in columns:
            mend = f"Write `column asc` or `column desc`; known: {', '.join(columns)}."
            raise BadInput(f"{part[:60]!r} is no order.", where="sort", mend=mend)
        found.append((name, way.lower() == "desc"))
    return found


def _with_id(table: pa.Table, chosen: list[str]) -> pa.Table:
    """Return the chosen columns in their order; ``_id`` is the place of the row in its release, from 1."""
    return table.append_column("_id", pc.add(table["_row"], 1)).select(chosen)


def _records(table: pa.Table, form: str) -> Any:
    if form in {"csv", "tsv"}:
        return b"".join(write_rows(table, form)).decode()
    objects = b"".join(write_rows(table, "json"))
    return orjson.Fragment(objects) if form == "objects" else [list(each.values()) for each in orjson.loads(objects)]


def _links(asked: Asked, limit: int, offset: int) -> dict[str, str]:
    def link(at: int) -> str:
        told = {name: value for name, value in asked.values.items() if name not in {"limit", "offset", ""}}
        told |= {"limit": limit, **({"offset": at} if at else {})}
        plain = {name: each if isinstance(each, str) else orjson.dumps(each).decode() for name, each in told.items()}
        return f"/api/3/action/datastore_search?{urlencode(plain)}"

    before = {"prev": link(max(0, offset - limit))} if offset else {}
    return {"start": link(0), "next": link(offset + limit), **before}


def _number(value: Any) -> int | float:
    text = str(value)
    return int(text) if text.removeprefix("-").isascii() and text.removeprefix("-").isdigit() else float(text)


_READERS: Mapping[str, Callable[[Any], Any]] = {
    **dict.fromkeys(_NUMBERS | {"DECIMAL", "HUGEINT"}, _number),
    "VARCHAR": str,
    "BOOLEAN": lambda value: _TRUTHS[str(value).lower()],
    "DATE": lambda value: date.fromisoformat(str(value)),
    "TIME": lambda value: time.fromisoformat(str(value)),
    "TIMESTAMP": lambda value: parse_instant(str(value), default_zone=UTC),
    "TIMESTAMP WITH TIME ZONE": lambda value: parse_instant(str(value), default_zone=UTC),
}
