"""Expressions over observations as parameterised DuckDB SQL.

Columns: ``datastream``, ``time``, ``end`` (of an interval), ``value``, ``quality``, ``recorded``, the virtual
``result`` (the value, or what stands in ``extra`` where that is no number) and ``extra.<key>``,
``extra.<key>/<name>/…`` (JSON).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lifang.core import BadInput
from lifang.store.expression import DAY_US, Call, Expression, Kind, Literal, Lookup
from lifang.store.expression_compiler import Compiler, Part
from lifang.store.lake.model import UNTIL


@dataclass(frozen=True)
class Bound:
    """SQL with the values of its placeholders, in order."""

    text: str
    values: tuple[Any, ...] = ()


def where(expression: Expression) -> tuple[str, list[Any]]:
    """Return the condition and the values of its placeholders; ``BadInput`` for what observations do not have."""
    found = _ObservationCompiler().condition(expression)
    return found.text, list(found.values)


def value(expression: Expression) -> tuple[str, list[Any]]:
    """Return the SQL of a value to tell apart, and the values of its placeholders."""
    found = _ObservationCompiler().value(expression).sql
    return found.text, list(found.values)


def keys(expression: Expression) -> list[tuple[Kind, Bound]]:
    """Return the values to order by, their kind and SQL: of what stands in JSON the number, the text, the truth."""
    found = _ObservationCompiler().value(expression)
    if found.kind is Kind.ANY:
        return [(kind, found.readings[kind]) for kind in _ORDERED]
    if found.kind is Kind.NUMBER and isinstance(expression, Call):
        return [(found.kind, fill("CAST({0} AS DOUBLE)", [found.sql]))]
    return [(found.kind, found.sql)]


_ORDERED = (Kind.NUMBER, Kind.TEXT, Kind.TRUTH)
_PLACE = re.compile(r"\d{1,9}", re.ASCII)  # in a list
_SLOT = re.compile(r"\{(\d)\}")


def fill(template: str, args: Sequence[Bound]) -> Bound:
    """Return ``template`` with each ``{n}`` replaced by argument n, and the values in the order they then stand."""
    values = [each for slot in _SLOT.findall(template) for each in args[int(slot)].values]
    return Bound(_SLOT.sub(lambda match: args[int(match[1])].text, template), tuple(values))


def _within(step: int, unit: int) -> str:
    """Return the template of whole ``unit`` inside ``step`` microseconds, also before 1970."""
    return f"(((({{0}} % {step}) + {step}) % {step}) // {unit})"


TEMPLATES: Mapping[str, str] = {
    "eq": "({0} = {1})",
    "ne": "({0} IS DISTINCT FROM {1})",
    "gt": "({0} > {1})",
    "ge": "({0} >= {1})",
    "lt": "({0} < {1})",
    "le": "({0} <= {1})",
    "not": "(NOT coalesce({0}, false))",
    "is_null": "({0} IS NULL)",
    "is_not_null": "({0} IS NOT NULL)",
    "never": "({0} IS NULL AND false)",
    "add": "({0} + {1})",
    "sub": "({0} - {1})",
    "mul": "({0} * {1})",
    "div": "({0} / nullif(CAST({1} AS DOUBLE), 0))",
    "mod": "({0} % nullif({1}, 0))",
    "negate": "(-{0})",
    "substringof": "contains({1}, {0})",
    "contains": "contains({0}, {1})",
    "startswith": "starts_with({0}, {1})",
    "endswith": "ends_with({0}, {1})",
    "length": "length({0})",
    "indexof": "(instr({0}, {1}) - 1)",
    "tolower": "lower({0})",
    "toupper": "upper({0})",
    "trim": "trim({0})",
    "concat": "({0} || {1})",
    "like": r"({0} LIKE {1} ESCAPE '\')",
    "unaccented": "strip_accents({0})",
    "year": "year(make_timestamp({0}))",
    "month": "month(make_timestamp({0}))",
    "day": "day(make_timestamp({0}))",
    "hour": _within(DAY_US, 3_600_000_000),
    "minute": _within(3_600_000_000, 60_000_000),
    "second": _within(60_000_000, 1_000_000),
    "fractionalseconds": "(((({0} % 1000000) + 1000000) % 1000000) / 1000000.0)",
    "date": f"CAST(floor({{0}} / {DAY_US}.0) AS BIGINT)",
    "time": _within(DAY_US, 1),
    "midnight": f"({{0}} * {DAY_US})",
    "totaloffsetminutes": "({0} * 0)",
    "round": "round({0})",
    "floor": "floor({0})",
    "ceiling": "ceil({0})",
}
_SUBSTRING = ("substr({0}, greatest(CAST({1} AS BIGINT), 0) + 1", ", greatest(CAST({2} AS BIGINT), 0))")
_TYPED = {"extra.resultTime": Kind.MOMENT, "extra.end": Kind.MOMENT, "extra.feature": Kind.NUMBER}
_TYPED_SLOTS = {Kind.TEXT: "CAST(? AS VARCHAR)", Kind.TRUTH: "CAST(? AS BOOLEAN)"}
_NULLS = {Kind.TEXT: "CAST(NULL AS VARCHAR)", Kind.TRUTH: "CAST(NULL AS BOOLEAN)", Kind.NUMBER: "CAST(NULL AS DOUBLE)"}
_NUMBER = "nullif(value, 'nan'::DOUBLE)"
_WRITTEN = (  # a number as a text, as clients that compare results with texts expect it: 6, 6.5
    f"CASE WHEN {_NUMBER} = floor(value) AND abs(value) < 1e15 THEN CAST(CAST({_NUMBER} AS BIGINT) AS VARCHAR) "
    f"ELSE CAST({_NUMBER} AS VARCHAR) END"
)
_LOOKED = (  # joined, so that it costs no more with many
    "(SELECT any_value(looked_value) FROM (SELECT unnest(CAST({1} AS BIGINT[])) AS looked_number, "
    "unnest(CAST({2} AS TYPE[])) AS looked_value) WHERE looked_number = {0})"
)
_HELD = {  # types of JSON, and as what they are compared
    Kind.NUMBER: ("'BIGINT', 'UBIGINT', 'DOUBLE'", "DOUBLE"),
    Kind.TEXT: ("'VARCHAR'", "VARCHAR"),
    Kind.TRUTH: ("'BOOLEAN'", "BOOLEAN"),
}
_HOLDS = (
    "coalesce(list_contains(list_transform(CAST({0} AS JSON[]), lambda held: CASE WHEN json_type(held) IN (TYPES) "
    "THEN CAST(json_extract_string(held, '$') AS TYPE) END), CAST({1} AS TYPE)), false)"
)
_COLUMNS: Mapping[str, Part[Bound]] = {
    # what a row is of: the feature it names, told as a negative number, else its datastream
    "sample": Part(
        Kind.NUMBER,
        Bound("coalesce(-CAST(json_extract(extra, '$.\"feature\"') AS BIGINT), CAST(datastream AS BIGINT))"),
    ),
    "datastream": Part(Kind.NUMBER, Bound("datastream")),
    "time": Part(Kind.MOMENT, Bound("time")),
    "end": Part(Kind.MOMENT, Bound(UNTIL)),
    "value": Part(Kind.NUMBER, Bound(_NUMBER)),
    "quality": Part(Kind.NUMBER, Bound("quality")),
    "recorded": Part(Kind.MOMENT, Bound("recorded")),
}


class LakeCompiler(Compiler[Bound]):
    """Writes DuckDB's SQL; who knows the columns extends it. ``templates`` says how functions are written."""

    templates: Mapping[str, str] = TEMPLATES

    def literal(self, literal: Literal) -> Part[Bound]:
        """Return the bound literal."""
        return Part(literal.kind, Bound(_TYPED_SLOTS.get(literal.kind, "?"), (literal.plain(),)))

    def nothing(self, kind: Kind) -> Bound:
        """Return null as a value of ``kind``."""
        return Bound(_NULLS.get(kind, "CAST(NULL AS BIGINT)"))

    def among(self, value: Bound, numbers: Sequence[int]) -> Bound:
        """Return whether ``value`` is one of ``numbers``."""
        return fill("({0} IN (SELECT unnest(CAST({1} AS BIGINT[]))))", [value, Bound("?", (list(numbers),))])

    def call(self, name: str, args: Sequence[Bound]) -> Bound:
        """Return the SQL of a function."""
        if name in {"and", "or"}:
            between = f" {name.upper()} "
            joined = between.join(each.text for each in args)
            return Bound(f"({joined})", tuple(value for each in args for value in each.values))
        if name == "substring":
            return fill(_SUBSTRING[0] + (_SUBSTRING[1] if len(args) > 2 else ")"), args)
        return fill(self.templates[name], args)


class _ObservationCompiler(LakeCompiler):
    def holds(self, listed: Bound, kind: Kind, value: Bound) -> Bound:
        types, sql_type = _HELD[kind]
        return fill(_HOLDS.replace("TYPES", types).replace("TYPE", sql_type), [listed, value])

    def lookup(self, key: Bound, looked: Lookup) -> Part[Bound]:
        def of(kind: type | tuple[type, ...], sql_type: str) -> Bound:
            pairs = [(n, v) for n, v in zip(looked.numbers, looked.values, strict=True) if _is(v, kind)]
            numbers, values = ([pair[at] for pair in pairs] for at in (0, 1))
            template = _LOOKED.replace("TYPE", sql_type)
            return fill(template, [key, Bound("?", (numbers,)), Bound("?", (values,))])

        readings = {
            Kind.NUMBER: of((int, float), "DOUBLE"),
            Kind.TEXT: of(str, "VARCHAR"),
            Kind.TRUTH: of(bool, "BOOLEAN"),
        }
        whole = "coalesce({1}, CAST({0} AS VARCHAR), CAST({2} AS VARCHAR))"
        return Part(Kind.ANY, fill(whole, list(readings.values())), readings)

    def column(self, name: str) -> Part[Bound]:
        if name in _COLUMNS:
            return _COLUMNS[name]
        if name == "result":
            return _result()
        if name in _TYPED:
            return Part(_TYPED[name], _json("CAST(json_extract(extra, ?) AS BIGINT)", name))
        if name.startswith("extra."):
            return Part(Kind.ANY, _json("json_extract(extra, ?)", name), _readings(name))
        known = ", ".join((*_COLUMNS, "result", "extra.<key>"))
        raise BadInput(f"Observations have no column {name[:80]!r}.", mend=f"Known: {known}.")


def _is(value: Any, kind: type | tuple[type, ...]) -> bool:
    return isinstance(value, kind) and (kind is bool or not isinstance(value, bool))


def _path(name: str) -> str:
    steps = name.removeprefix("extra.").split("/")
    if not all(step and step.isprintable() and '"' not in step and "\\" not in step for step in steps):
        raise BadInput(f"{name[:80]!r} is no path into JSON.", mend="Write extra.<key>/<name>.")
    return "$" + "".join(f"[{step}]" if _PLACE.fullmatch(step) else f'."{step}"' for step in steps)


def _json(template: str, name: str) -> Bound:
    return Bound(template, (_path(name),) * template.count("?"))


def _readings(name: str) -> Mapping[Kind, Bound]:
    templates = {
        Kind.NUMBER: "CASE WHEN json_type(extra, ?) IN ('BIGINT', 'UBIGINT', 'DOUBLE') "
        "THEN CAST(json_extract(extra, ?) AS DOUBLE) END",
        Kind.TEXT: "CASE WHEN json_type(extra, ?) = 'VARCHAR' THEN json_extract_string(extra, ?) END",
        Kind.TRUTH: "CASE WHEN json_type(extra, ?) = 'BOOLEAN' THEN CAST(json_extract(extra, ?) AS BOOLEAN) END",
        Kind.MOMENT: "epoch_us(TRY_CAST(json_extract_string(extra, ?) AS TIMESTAMPTZ))",
        Kind.LIST: "CASE WHEN json_type(extra, ?) = 'ARRAY' THEN json_extract(extra, ?) END",
    }
    return {kind: _json(template, name) for kind, template in templates.items()}


def _result() -> Part[Bound]:
    """Return the result of an observation: a finite number from its column, anything else from ``extra``."""
    name = "extra.result"
    whole = _json(f"coalesce({_WRITTEN}, json_extract_string(extra, ?))", name)
    readings = _readings(name)
    text = fill(f"coalesce({_WRITTEN}, {{0}})", [readings[Kind.TEXT]])
    return Part(Kind.ANY, whole, {**readings, Kind.NUMBER: Bound(_NUMBER), Kind.TEXT: text})
