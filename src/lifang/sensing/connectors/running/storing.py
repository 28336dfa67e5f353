"""Storing a portion: what is not known is registered, values take the numbers of their datastreams, then the lake's."""

from __future__ import annotations

import math
from concurrent.futures import TimeoutError as Late
from dataclasses import dataclass, field

import numpy as np

from lifang.core import BadInput, NotFound, Unavailable, convert
from lifang.guard import Role, Subject
from lifang.sensing.connectors.mapping import Issue, Mapped
from lifang.sensing.model import Datastream, make_observations
from lifang.sensing.sensing import Sensing

_COMMIT_S = 60.0
_REMEMBERED = 50_000  # values of one pull


@dataclass
class Stored:
    """What came of a portion: values stored, things and datastreams registered, cells refused, the newest moment."""

    values: int = 0
    things: int = 0
    datastreams: int = 0
    newest: int | None = None
    issues: list[Issue] = field(default_factory=list)


@dataclass(frozen=True)
class _Known:
    """A registered datastream: its number, and how its values' unit becomes its own."""

    number: int
    factor: float
    shift: float


class Storing:
    """Stores what one connector brings, as the subject ``connector:<id>``."""

    def __init__(self, sensing: Sensing, connector_id: str, *, create: bool, create_max: int, created: int) -> None:
        self._sensing, self._create, self._left = sensing, create, create_max - created
        self.subject = Subject(f"connector:{connector_id}", connector_id, frozenset({Role.OPERATOR}))
        self._known: dict[str, _Known] = {}
        self._before: dict[tuple[str, int], tuple[float, int]] = {}
        self._now: dict[tuple[str, int], tuple[float, int]] = {}

    def begin(self) -> None:
        """Begin a pull: what the one before brought and this one brings again, unchanged, is not stored again."""
        self._before, self._now = self._now, {}

    def store(self, mapped: Mapped, *, where: str) -> Stored:
        """Return what came of it once every value is on disk; ``Unavailable`` if the store does not take it."""
        found = Stored(issues=list(mapped.issues))
        self._register(mapped, found, where)
        lacking = {name for name in mapped.units if name not in self._known}
        keys = [key for key, pair in mapped.values.items() if key[0] not in lacking and self._is_news(key, pair)]
        if not keys:
            return found
        known = [self._known[name] for name, _ in keys]
        pairs = [mapped.values[key] for key in keys]
        values = np.array([pair[0] for pair in pairs])
        values = values * [each.factor for each in known] + [each.shift for each in known]
        times = np.array([moment for _, moment in keys], dtype=np.int64)
        sent = make_observations([each.number for each in known], times, values, [pair[1] for pair in pairs])
        try:
            self._sensing.ingest(sent, by=self.subject).result(timeout=_COMMIT_S)
        except Late as error:
            raise Unavailable(
                f"The values were not stored within {_COMMIT_S:g} s.", mend="Look at the disk."
            ) from error
        except NotFound:
            self._before, self._now = {}, {}
            self._known.clear()  # a datastream is gone: all are looked up anew next time
            raise
        found.values, found.newest = len(keys), int(times.max())
        self._remember({key: mapped.values[key] for key in keys})
        return found

    def _is_news(self, key: tuple[str, int], pair: tuple[float, int]) -> bool:
        there = self._before.get(key)
        if there is None or there[1] != pair[1] or (there[0] != pair[0] and not math.isnan(there[0])):
            return True
        self._remember({key: pair})
        return False

    def _remember(self, values: dict[tuple[str, int], tuple[float, int]]) -> None:
        if len(self._now) + len(values) <= _REMEMBERED:
            self._now |= values

    def _register(self, mapped: Mapped, found: Stored, where: str) -> None:
        missing: dict[str, Datastream] = {}
        for name, spoken in mapped.units.items():
            if name in self._known:
                continue
            try:
                self._known[name] = _known(self._sensing.datastream(name), spoken)
            except NotFound:
                stream = mapped.streams.get(name)
                if stream is None or not self._create or len(missing) >= self._left:
                    found.issues.append(_unknown(name, stream, where, self._create))
                else:
                    missing[name] = stream
        if not missing:
            return
        wanted = {stream.thing for stream in missing.values()}
        things = [mapped.things[name] for name in sorted(wanted) if not self._is_thing(name)]
        self._sensing.register(things, list(missing.values()), by=self.subject)
        for name in missing:
            self._known[name] = _known(self._sensing.datastream(name), mapped.units[name])
        found.things, found.datastreams = len(things), len(missing)
        self._left -= len(missing)

    def _is_thing(self, name: str) -> bool:
        try:
            self._sensing.thing(name)
        except NotFound:
            return False
        return True


def _known(stream: Datastream, spoken: str) -> _Known:
    """Return how values spoken in unit ``spoken`` become those of ``stream``; ``BadInput`` if they cannot."""
    if stream.unit == spoken:
        return _Known(stream.number, 1.0, 0.0)
    try:
        shift = convert(0.0, spoken, stream.unit)
        return _Known(stream.number, convert(1.0, spoken, stream.unit) - shift, shift)
    except BadInput as error:
        raise BadInput(
            f"The datastream {stream.id} is in {stream.unit}: {error.what}", where=stream.id, mend="Correct `unit`."
        ) from error


def _unknown(name: str, stream: Datastream | None, where: str, create: bool) -> Issue:
    if stream is None or not create:
        mend = "Register it, or let the connector do so: create = true and a [thing]."
    else:
        mend = "Raise create_max if so many are meant."
    return Issue(where, 0, "datastream", name, "unknown datastream", mend)
