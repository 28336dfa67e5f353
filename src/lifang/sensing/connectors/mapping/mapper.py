"""The mapper: applies the rules of a connector's file to its records, and says of each bad cell what is wrong."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from lifang.core import BadInput, Problem, convert, gcj02_to_wgs84
from lifang.guard import Classification
from lifang.sensing.connectors.mapping.moments import moment_reader
from lifang.sensing.connectors.mapping.parts import ThingRule, TimeRule, ValueRule
from lifang.sensing.connectors.mapping.paths import Reader, path_reader
from lifang.sensing.model import Datastream, Quality, Thing

_FIELD = re.compile(r"\{([^{}]+)\}")
_SHOWN = 200
_MARKS = {quality.word: quality for quality in Quality}


class Record(NamedTuple):
    """One record of a source: its row (from 1), its fields, and when it came in (microseconds UTC)."""

    row: int
    data: Any
    received: int


@dataclass(frozen=True)
class Issue:
    """What is wrong with one cell: where it came from, its row and column, what stood there, the rule, the remedy."""

    where: str
    row: int
    column: str
    value: str
    rule: str
    mend: str


@dataclass
class Mapped:
    """What came of some records: values by (datastream, microseconds), later ones in place of earlier; who needs them.

    ``values`` hold (value, quality); ``units`` tells the unit of each datastream's values; ``things`` and ``streams``
    are what would have to be registered, by id.
    """

    values: dict[tuple[str, int], tuple[float, int]] = field(default_factory=dict)
    things: dict[str, Thing] = field(default_factory=dict)
    streams: dict[str, Datastream] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    issues: list[Issue] = field(default_factory=list)


@dataclass(frozen=True)
class Rules:
    """The rules of one connector: ``marks`` turns the source's quality marks into ours, ``*`` is any other mark."""

    time: TimeRule | None
    thing: ThingRule | None
    values: Sequence[ValueRule]
    marks: Mapping[str, str]
    zone: tzinfo
    classification: Classification
    centre: tuple[float, float]
    properties: Mapping[str, Any]


class _Bad(Exception):
    """A cell that breaks a rule."""

    def __init__(self, column: str, value: Any, rule: str, mend: str) -> None:
        super().__init__(rule)
        self.column, self.value, self.rule, self.mend = column, value, rule, mend


@dataclass(frozen=True)
class _Value:
    """A value rule, ready to be applied."""

    rule: ValueRule
    read: Reader
    mark: Reader | None
    when: Sequence[tuple[Reader, str]]
    datastream: Callable[[Any], str]
    missing_texts: frozenset[str]
    missing_numbers: frozenset[float]
    factor: float
    shift: float


class Mapper:
    """Applies ``rules``; with ``paths`` a field is a path into JSON, else the plain name of a column."""

    def __init__(self, rules: Rules, *, paths: bool) -> None:
        self._rules, self._paths = rules, paths
        self._moment = moment_reader(rules.time.format, rules.zone) if rules.time else None
        self._time = self._reader(rules.time.field) if rules.time else None
        self._thing_id = self._text(rules.thing.id) if rules.thing else None
        self._values = [self._prepared(rule) for rule in rules.values]
        self._made: dict[str, Thing] = {}

    def apply(self, records: Iterable[Record], *, where: str) -> Mapped:
        """Return what the records say; a bad cell is an issue and costs only its own value, or its row."""
        found = Mapped()
        for record in records:
            try:
                self._one(record, found, where)
            except _Bad as bad:
                found.issues.append(_issue(bad, where, record.row))
        return found

    def _one(self, record: Record, found: Mapped, where: str) -> None:
        moment = self._moment_of(record)
        thing = self._thing_of(record, found)
        for value in self._values:
            try:
                self._take(value, record, moment, thing, found)
            except _Bad as bad:
                found.issues.append(_issue(bad, where, record.row))

    def _moment_of(self, record: Record) -> int:
        if self._moment is None or self._time is None or self._rules.time is None:
            return record.received
        written = self._time(record.data)
        if written is None or written == "":
            raise _Bad(self._rules.time.field, written, "time", "Every record needs its moment here.")
        try:
            return self._moment(written)
        except Problem as problem:
            raise _Bad(self._rules.time.field, written, "time", f"{problem.what} {problem.mend}") from problem

    def _thing_of(self, record: Record, found: Mapped) -> str:
        if self._thing_id is None or self._rules.thing is None:
            return ""
        thing_id = self._thing_id(record.data)
        if thing_id not in found.things:
            thing = self._made.get(thing_id) or self._make_thing(thing_id, record.data, self._rules.thing)
            self._made[thing_id] = found.things[thing_id] = thing
        return thing_id

    def _make_thing(self, thing_id: str, data: Any, rule: ThingRule) -> Thing:
        lon, lat = self._degrees(rule.lon, data, "lon"), self._degrees(rule.lat, data, "lat")
        properties = dict(self._rules.properties)
        properties |= {name: self._text(text)(data) for name, text in rule.properties.items()}
        if lon is None or lat is None:
            lon, lat = self._rules.centre
            properties["place"] = "unknown: the centre of the city"
        elif rule.datum == "gcj02":
            lon, lat = (float(each[0]) for each in gcj02_to_wgs84(np.array([lon]), np.array([lat])))
        names = [self._text(text)(data) if text else thing_id for text in (rule.zh, rule.en)]
        try:
            return Thing(thing_id, names[0], names[1], rule.kind, lon, lat, self._rules.classification, properties)
        except Problem as problem:
            raise _Bad("thing", thing_id, "thing", f"{problem.what} {problem.mend}") from problem

    def _degrees(self, given: str | float | None, data: Any, name: str) -> float | None:
        if given is None or isinstance(given, float | int):
            return given
        written = self._reader(given)(data)
        if written is None or written == "":
            return None
        try:
            return float(written)
        except (TypeError, ValueError) as error:
            raise _Bad(given, written, name, "Give degrees as a number.") from error

    def _take(self, value: _Value, record: Record, moment: int, thing: str, found: Mapped) -> None:
        data = record.data
        if any(str(read(data)) != wanted for read, wanted in value.when):
            return
        written = value.read(data)
        quality = self._quality(value, data)
        if value.missing_texts and (written is not None or "" in value.missing_texts) and _is_missing(value, written):
            number, quality = math.nan, Quality.MISSING
        elif written is None or written == "":
            return
        elif quality is Quality.MISSING:
            number = math.nan
        else:
            number = self._number(value, written)
        stream = value.datastream(data) if value.rule.datastream else f"{thing}.{value.rule.name}"
        if stream not in found.units:
            found.units[stream] = value.rule.unit
            if thing and not value.rule.datastream:
                found.streams[stream] = self._stream(stream, thing, value.rule)
        found.values[stream, moment] = number, int(quality)

    def _number(self, value: _Value, written: Any) -> float:
        try:
            if isinstance(written, str) and "_" in written:
                raise ValueError(written)
            number = float(written)
        except (TypeError, ValueError, OverflowError) as error:
            raise _Bad(value.rule.field, written, "number", "Send a number, or list the word in `missing`.") from error
        number = number * value.factor + value.shift
        if not math.isfinite(number):
            raise _Bad(value.rule.field, written, "finite", "Send a finite number, or list it in `missing`.")
        return number

    def _quality(self, value: _Value, data: Any) -> Quality:
        if value.mark is None:
            return Quality.GOOD
        written = value.mark(data)
        mark = "" if written is None else str(written)
        word = self._rules.marks.get(mark, self._rules.marks.get("*"))
        if word is None:
            raise _Bad(value.rule.quality, written, "quality", "Name this mark in [quality], or give `*`.")
        return _MARKS[word]

    def _stream(self, stream: str, thing: str, rule: ValueRule) -> Datastream:
        limits = {"minimum": rule.minimum, "maximum": rule.maximum, "flat_after_s": rule.flat_after_s}
        properties = {**self._rules.properties, **{name: value for name, value in limits.items() if value is not None}}
        return Datastream(
            stream,
            thing,
            rule.name,
            rule.zh or rule.name,
            rule.en or rule.name,
            rule.observed_property or rule.name,
            rule.unit,
            rule.period_s,
            self._rules.classification,
            properties,
        )

    def _prepared(self, rule: ValueRule) -> _Value:
        base = convert(0.0, rule.speaks, rule.unit)
        ratio = convert(1.0, rule.speaks, rule.unit) - base
        return _Value(
            rule,
            self._reader(rule.field),
            self._reader(rule.quality) if rule.quality else None,
            [(self._reader(name), str(wanted)) for name, wanted in rule.when.items()],
            self._text(rule.datastream),
            frozenset(str(each) for each in rule.missing),
            frozenset(float(each) for each in rule.missing if isinstance(each, int | float)),
            rule.scale * ratio,
            rule.offset * ratio + base,
        )

    def _reader(self, name: str) -> Reader:
        return path_reader(name) if self._paths else _column(name)

    def _text(self, template: str) -> Callable[[Any], str]:
        return _template(template, self._reader)


@lru_cache(1024)
def _column(name: str) -> Reader:
    def read(data: Any) -> Any:
        return data.get(name)

    return read


def _template(template: str, reader: Callable[[str], Reader]) -> Callable[[Any], str]:
    parts = _FIELD.split(template)
    if any(sign in text for text in parts[::2] for sign in "{}"):
        raise BadInput(f"{template[:80]!r} has a brace too many.", mend="Write a field as {field}.")
    fields = [(name, reader(name)) for name in parts[1::2]]

    def text(data: Any) -> str:
        told = [parts[0]]
        for place, (name, read) in enumerate(fields):
            value = read(data)
            if value is None or value == "" or isinstance(value, Mapping | list):
                raise _Bad(name, value, "name", f"{template!r} needs this field.")
            told += [str(value), parts[2 * place + 2]]
        return "".join(told).strip()

    return text


def _is_missing(value: _Value, written: Any) -> bool:
    if (("" if written is None else str(written)).strip()) in value.missing_texts:
        return True
    if not value.missing_numbers:
        return False
    try:
        return float(written) in value.missing_numbers
    except (TypeError, ValueError):
        return False


def _issue(bad: _Bad, where: str, row: int) -> Issue:
    value = "" if bad.value is None else str(bad.value)
    return Issue(where, row, bad.column, value[:_SHOWN], bad.rule, bad.mend)
