"""What a topic means to the city (OGC 18-088, clauses 14.2 and 14.3; lifang's own topics below ``lifang/v1``)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from urllib.parse import unquote

from lifang.core import BadInput
from lifang.doors.mqtt.wire import Reason, WireFault
from lifang.sensing import COMPUTED

ROOT = "v1.1"
ERRORS = "$lifang/errors"
BATCH_JSON = f"{ROOT}/CreateObservations"
BATCH_ARROW = "lifang/v1/observations"
DEVICES = "lifang/v1/devices"
_OURS = frozenset({ROOT, "v1.0", "v2.0", "lifang"})
_STREAM = re.compile(r"v1\.1/(?:Multi)?Datastreams\((?:([1-9]\d{0,8})|'((?:[^']|''){1,128})')\)/Observations", re.ASCII)
_DATASTREAM = re.compile(r"(?:Multi)?Datastreams\(([1-9]\d{0,8})\)", re.ASCII)
_COMMANDS = re.compile(rf"{DEVICES}/([^/+#]{{1,128}})/commands")
_ANSWERS = re.compile(rf"{DEVICES}/([^/+#]{{1,128}})/answers")
_NAME = re.compile(r"@?[A-Za-z][A-Za-z.]{0,63}", re.ASCII)


class Bulk(Enum):
    """A topic that takes many observations at once."""

    DATA_ARRAY = BATCH_JSON
    ARROW = BATCH_ARROW


@dataclass(frozen=True)
class Stream:
    """The observations of one datastream, by number or lifang id."""

    reference: int | str
    is_multi: bool = False

    @property
    def kind(self) -> str:
        """The kind of entity it is."""
        return "MultiDatastream" if self.is_multi else "Datastream"


@dataclass(frozen=True)
class Entity:
    """A path below ``v1.1`` at which an Observation can be created: ``Observations``, ``FeaturesOfInterest(1)/…``."""

    path: str


@dataclass(frozen=True)
class Free:
    """A topic that means nothing to the city: passed on to its subscribers."""


Target = Bulk | Stream | Entity | Free
_FREE = Free()
_BULK = {each.value: each for each in Bulk}


def target_of(topic: str) -> Target:
    """Return what is meant by publishing on ``topic``; ``WireFault`` where nothing may be published."""
    if (bulk := _BULK.get(topic)) is not None:
        return bulk
    if found := _STREAM.fullmatch(topic):
        return Stream(int(found[1]) if found[1] else found[2].replace("''", "'"), topic.startswith(f"{ROOT}/Multi"))
    first, _, rest = topic.partition("/")
    if first == ROOT and (rest == "Observations" or rest.endswith(")/Observations")):
        return Entity(rest)
    if first in _OURS or first.startswith("$"):
        raise WireFault(f"Nothing can be published on {topic[:80]!r}.", Reason.TOPIC_NAME_INVALID)
    return _FREE


def commands_topic(device: str) -> str:
    """Return the topic on which a device is told its commands."""
    return f"{DEVICES}/{device}/commands"


def commanded_device(path: str) -> str:
    """Return the device of a filter below ``lifang/v1/devices``; ``BadInput`` if it is not one device's commands."""
    found = _COMMANDS.fullmatch(path)
    if found is None:
        raise BadInput("Nothing is told there.", where=path[:80], mend=f"Subscribe to {commands_topic('ID')}.")
    return found[1]


def answering_device(topic: str) -> str:
    """Return the device in whose name an answer is published; ``WireFault`` if nothing may be published there."""
    found = _ANSWERS.fullmatch(topic)
    if found is None:
        raise WireFault(f"Nothing can be published on {topic[:80]!r}.", Reason.TOPIC_NAME_INVALID)
    return found[1]


def reaches(path: str, first: str) -> bool:
    """Return whether a filter's first level reaches topics that begin with ``first``."""
    level = path.partition("/")[0]
    return level == first or (level in {"+", "#"} and not first.startswith("$"))


def reaches_free(path: str) -> bool:
    """Return whether a filter reaches topics that are not the city's own."""
    level = path.partition("/")[0]
    return level not in _OURS and not level.startswith("$")


def stream_of(path: str) -> int | str | None:
    """Return the datastream of a filter that means just its observations, else ``None``."""
    found = _STREAM.fullmatch(path)
    if found is None:
        return None
    return int(found[1]) if found[1] else found[2].replace("''", "'")


def covers_of(path: str) -> tuple[int | None, frozenset[str]]:
    """Return the datastream (``None``: any) and which of its computed properties a filter reaches."""
    levels = path.split("/")
    if levels[-1] == "#" and len(levels) <= 4:
        levels = [*levels[:-1], "+", "+", "+"][:3]
    if len(levels) != 3 or levels[0] not in {ROOT, "+"}:
        return None, frozenset()
    found = _DATASTREAM.fullmatch(levels[1])
    if found is None and levels[1] != "+":
        return None, frozenset()
    names = frozenset(COMPUTED) if levels[2] == "+" else frozenset(COMPUTED) & {levels[2]}
    return (int(found[1]) if found else None), names


def split_query(wanted: str) -> tuple[str, str, tuple[str, ...]]:
    """Return path, query with its ``?`` and the names in ``$select`` of a filter (clause 14.3.4)."""
    path, mark, query = wanted.partition("?")
    if not mark:
        return wanted, "", ()
    name, _, listed = unquote(query).partition("=")
    names = tuple(each.strip() for each in listed.split(","))
    if name != "$select" or not all(_NAME.fullmatch(each) for each in names):
        raise BadInput(f"{query[:80]!r} is not offered here.", where=wanted[:80], mend="Use ?$select=result,….")
    return path, mark + query, names
