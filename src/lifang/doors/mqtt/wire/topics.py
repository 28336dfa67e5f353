"""Topic names and filters (MQTT 5.0, clause 4.7), and an index that finds the filters matching a topic."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from lifang.doors.mqtt.wire.reasons import Reason, WireFault

Holder = TypeVar("Holder")
_LEVELS_MAX = 64


def check_topic(topic: str) -> str:
    """Return ``topic`` if it can name what is published: not empty, without wildcards, at most 64 levels."""
    if not topic or "+" in topic or "#" in topic or topic.count("/") >= _LEVELS_MAX:
        raise WireFault(f"{topic[:80]!r} cannot be a topic.", Reason.TOPIC_NAME_INVALID)
    return topic


def check_filter(wanted: str) -> str:
    """Return ``wanted`` if it is a filter: ``+`` and ``#`` fill a level, ``#`` is the last one."""
    levels = wanted.split("/")
    well = bool(wanted) and len(levels) <= _LEVELS_MAX
    for place, level in enumerate(levels):
        if "#" in level and (level != "#" or place < len(levels) - 1):
            well = False
        if "+" in level and level != "+":
            well = False
    if not well:
        raise WireFault(f"{wanted[:80]!r} is no topic filter.", Reason.TOPIC_FILTER_INVALID)
    return wanted


def split_shared(wanted: str) -> tuple[str, str]:
    """Return (group, filter) of ``$share/group/filter``, or ("", filter) of any other (clause 4.8.2)."""
    if not wanted.startswith("$share/"):
        return "", check_filter(wanted)
    _, group, *rest = wanted.split("/", 2)
    if not group or "+" in group or "#" in group or not rest:
        raise WireFault(f"{wanted[:80]!r} is no shared subscription.", Reason.TOPIC_FILTER_INVALID)
    return group, check_filter(rest[0])


def matches(wanted: str, topic: str) -> bool:
    """Return whether a topic is among those that the filter ``wanted`` means."""
    if topic[:1] == "$" and wanted[:1] in {"+", "#"}:
        return False
    have = topic.split("/")
    levels = wanted.split("/")
    for place, level in enumerate(levels):
        if level == "#":
            return True
        if place >= len(have) or (level != "+" and level != have[place]):
            return False
    return len(levels) == len(have)


@dataclass(slots=True)
class _Level(Generic[Holder]):
    below: dict[str, _Level[Holder]] = field(default_factory=dict)
    holders: set[Holder] = field(default_factory=set)


class Filters(Generic[Holder]):
    """Who holds which filter, by level, so that a topic finds its holders without trying every filter."""

    def __init__(self) -> None:
        self._root: _Level[Holder] = _Level()
        self._held = 0

    def __len__(self) -> int:
        return self._held

    def add(self, wanted: str, holder: Holder) -> None:
        """Have ``holder`` hold ``wanted``; again changes nothing."""
        level = self._root
        for name in wanted.split("/"):
            level = level.below.setdefault(name, _Level())
        self._held += holder not in level.holders
        level.holders.add(holder)

    def discard(self, wanted: str, holder: Holder) -> None:
        """Have ``holder`` hold ``wanted`` no more; levels that nobody needs go too."""
        path = [self._root]
        names = wanted.split("/")
        for name in names:
            following = path[-1].below.get(name)
            if following is None:
                return
            path.append(following)
        self._held -= holder in path[-1].holders
        path[-1].holders.discard(holder)
        for above, name in zip(reversed(path[:-1]), reversed(names), strict=True):
            if above.below[name].holders or above.below[name].below:
                return
            del above.below[name]

    def holders(self, topic: str) -> Iterator[Holder]:
        """Yield who holds a filter that matches ``topic``, once per such filter."""
        names = topic.split("/")
        levels = [self._root]
        for place, name in enumerate(names):
            wild = place > 0 or name[:1] != "$"
            following = []
            for level in levels:
                below = level.below
                if wild and (rest := below.get("#")) is not None:
                    yield from rest.holders
                following += [below[each] for each in ((name, "+") if wild else (name,)) if each in below]
            levels = following
            if not levels:
                return
        for level in levels:
            yield from level.holders
            if (rest := level.below.get("#")) is not None:  # "a/#" means "a" too
                yield from rest.holders
