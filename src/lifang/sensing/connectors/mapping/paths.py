"""Paths into JSON: a small part of JMESPath, so that its readers know it.

``a.b`` a field of a field · ``a[0]``, ``a[-1]`` an element · ``"a b".c`` a quoted name · ``@`` the whole.
For lists of records only: ``a[*].b[*]`` every element of every element; below it ``^.name`` is the field ``name`` of
the record one ``[*]`` further up. What is not there is ``None``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from lifang.core import BadInput

Reader = Callable[[Any], Any]

_STEP = re.compile(
    r'\.?(?:(?P<name>[^\W\d][\w-]*|\d+[\w-]*[^\W\d][\w-]*)|"(?P<quoted>[^"]+)")'
    r"|\[(?P<index>-?\d{1,9})\]|(?P<every>\[\*\])|(?P<up>\^)\.?|(?P<whole>@)"
)
_MEND = 'Write names joined by dots, [0] for an element, "…" around odd names; @ is the whole.'


@dataclass(frozen=True)
class Nested:
    """A record inside another one: ``data``, and the record ``above`` it."""

    data: Any
    above: Any


class _Every:
    """The step ``[*]``."""


class _Up:
    """The step ``^``."""


_EVERY, _UP = _Every(), _Up()
Step = str | int | _Every | _Up


@lru_cache(1024)
def steps_of(path: str) -> tuple[Step, ...]:
    """Return the steps of ``path``; ``BadInput`` points at what cannot be read."""
    found: list[Step] = []
    place = 0
    while place < len(path):
        match = _STEP.match(path, place)
        if match is None or (place == 0 and path.startswith(".")):
            raise BadInput(f"The path {path[:80]!r} cannot be read at {path[place:][:20]!r}.", mend=_MEND)
        if match["index"]:
            found.append(int(match["index"]))
        elif match["every"]:
            found.append(_EVERY)
        elif match["up"]:
            found.append(_UP)
        elif not match["whole"]:
            found.append(match["name"] or match["quoted"])
        place = match.end()
    if not path:
        raise BadInput("A path is empty.", mend=_MEND)
    return tuple(found)


def dig(data: Any, path: str) -> Any:
    """Return what stands at ``path`` in ``data``, ``None`` if nothing does."""
    return path_reader(path)(data)


@lru_cache(1024)
def path_reader(path: str) -> Reader:
    """Return the function that finds what stands at ``path``; ``BadInput`` if it cannot be read or has ``[*]``."""
    steps = steps_of(path)
    if _EVERY in steps:
        raise BadInput(f"{path[:80]!r} names many values, a field is one.", mend="Use [*] in `items` only.")

    def read(data: Any) -> Any:
        for step in steps:
            if isinstance(step, _Up):
                data = data.above if isinstance(data, Nested) else None
            else:
                data = _down(data.data if isinstance(data, Nested) else data, step)
            if data is None:
                return None
        return data.data if isinstance(data, Nested) else data

    return read


def items_of(data: Any, path: str) -> Iterator[Nested]:
    """Yield every record that ``path`` names; ``BadInput`` if no list or record stands there."""
    steps = steps_of(path)
    found = _every(data, Nested(data, None), steps)
    first = next(found, None)
    if first is None and _EVERY not in steps and not isinstance(_plainly(data, steps), list):
        raise BadInput(f"Nothing stands at {path!r}.", where=path, mend="Correct `items`, or look at the answer.")
    if first is not None:
        yield first
        yield from found


def _plainly(data: Any, steps: tuple[Step, ...]) -> Any:
    for step in steps:
        data = _down(data, step)
    return data


def _every(data: Any, record: Nested, steps: tuple[Step, ...]) -> Iterator[Nested]:
    """Yield the records at ``steps`` below ``data``, which is part of ``record``; a list at the end is opened."""
    for place, step in enumerate(steps):
        if isinstance(step, _Every):
            for each in data if isinstance(data, list) else ():
                yield from _every(each, Nested(each, record), steps[place + 1 :])
            return
        data = _down(data, step)
        if data is None:
            return
    if isinstance(data, list):
        yield from (Nested(each, record) for each in data)
    else:
        yield record if record.data is data else Nested(data, record)


def _down(data: Any, step: Step) -> Any:
    if isinstance(step, str):
        return data.get(step) if isinstance(data, Mapping) else None
    if isinstance(step, int) and isinstance(data, list) and -len(data) <= step < len(data):
        return data[step]
    return None
