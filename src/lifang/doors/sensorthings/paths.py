"""Resource paths: collections, entities by id, links, properties, ``$value``, ``$ref`` (OGC 18-088, clause 9.2)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lifang.core import BadInput, NotFound

STEPS_MAX = 12
_KEY = r"'(?:[^']|'')*'|-?\d{1,30}|[\w.:\-]{1,130}"
_NUMBER = re.compile(r"-?\d{1,30}", re.ASCII)
_STEP = re.compile(rf"(?P<name>[$\w.@:\-]+(?:\[\d{{1,9}}\])*)(?:\((?P<key>{_KEY})\))?")


@dataclass(frozen=True)
class Step:
    """One step of a path: a name, and the id in brackets behind it if there is one."""

    name: str
    key: int | str | None = None


def parse_path(path: str) -> tuple[Step, ...]:
    """Return the steps of ``path``; ``BadInput`` or ``NotFound`` where it is none."""
    found: list[Step] = []
    for text in _split(path.strip("/")):
        match = _STEP.fullmatch(text)
        if match is None:
            raise NotFound(f"There is nothing at {text[:80]!r}.", where=path[:200], mend="Write Things(1)/Datastreams.")
        found.append(Step(match["name"], _key(match["key"])))
    if len(found) > STEPS_MAX:
        raise BadInput(f"A path has at most {STEPS_MAX} steps.", where=path[:200], mend="Shorten it.")
    return tuple(found)


def _key(text: str | None) -> int | str | None:
    if text is None:
        return None
    if text.startswith("'"):
        return text[1:-1].replace("''", "'")
    return int(text) if _NUMBER.fullmatch(text) else text


def _split(path: str) -> list[str]:
    """Return the parts of ``path`` between slashes that stand outside quotes."""
    parts, begin, quoted = [], 0, False
    for at, sign in enumerate(path):
        if sign == "'":
            quoted = not quoted
        elif sign == "/" and not quoted:
            parts.append(path[begin:at])
            begin = at + 1
    return [*parts, path[begin:]]
