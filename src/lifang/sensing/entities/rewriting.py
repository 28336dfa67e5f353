"""Filters over entities and observations, taken apart: each store is asked for what it holds, numbers join the answers.

``Datastreams/Observations/result gt 5`` asks the lake for the datastreams and then the registry for the entities;
``Datastream/Thing/name eq 'x'`` asks the registry first. Parts about the same end of a link are asked together, so that
they speak of the same observation or entity.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lifang.core import BadInput
from lifang.sensing.entities.kinds import OBSERVATION, STREAMS, WAYS
from lifang.store import Among, Call, Expression, Field, Literal

NUMBER = "@id"
APART = "any()"  # a condition on linked entities that need not be those which the rest of a filter speaks of
TIMES = tuple(f"{name}{part}" for name in ("phenomenonTime", "resultTime") for part in ("", "/start", "/end"))
_COMPUTED = ("phenomenonTime", "resultTime", "observedArea")
_LOGIC = frozenset({"and", "or", "not"})
_COMPARED = {"eq": "eq", "ne": "ne", "gt": "lt", "ge": "le", "lt": "gt", "le": "ge"}  # with sides swapped


@dataclass(frozen=True)
class Foreign:
    """Where a path leaves the registry: the links to there, and what lies at that end."""

    way: tuple[str, ...]
    kind: str
    what: str = ""


Answer = Callable[[Foreign, Expression], Sequence[int]]


def rewrite(kind: str, expression: Expression, answer: Answer) -> Expression:
    """Return ``expression`` about entities of ``kind`` with only what the registry holds.

    ``answer`` gives the numbers of the entities at a foreign end's owner for which an expression about that end
    holds. ``BadInput`` where one comparison speaks of two ends.
    """
    return _rewrite(expression, lambda name: _foreign(kind, name), answer)


def asked_apart(expression: Expression, answer: Callable[[Expression], Expression]) -> Expression:
    """Return ``expression`` with what ``answer`` gives for each condition in it that is asked :data:`APART`."""
    if not isinstance(expression, Call):
        return expression
    if expression.name == APART:
        return answer(expression.args[0])
    return Call(expression.name, tuple(asked_apart(each, answer) for each in expression.args))


def rewrite_observations(
    expression: Expression, answer: Callable[[str, Expression], Expression], joined: Callable[[Expression], Expression]
) -> Expression:
    """Return ``expression`` about observations with only their own columns.

    ``answer`` gives, for a link and an expression about the entity at its end, what the observations meet; ``joined``
    gives one comparison of both with the values at the ends of links in it.
    """

    def end(name: str) -> Foreign | None:
        first = name.split("/", 1)[0]
        return Foreign((first,), first) if first in WAYS[OBSERVATION] else None

    def asked(foreign: Foreign, inner: Expression) -> Expression:
        return answer(foreign.kind, inner)

    return _taken_apart(expression, end, asked, joined)


def _rewrite(expression: Expression, end: Callable[[str], Foreign | None], answer: Answer) -> Expression:
    def asked(foreign: Foreign, inner: Expression) -> Expression:
        return Among(Field("/".join((*foreign.way, NUMBER))), tuple(answer(foreign, inner)))

    return _taken_apart(expression, end, asked)


def _taken_apart(
    expression: Expression,
    end: Callable[[str], Foreign | None],
    asked: Callable[[Foreign, Expression], Expression],
    joined: Callable[[Expression], Expression] | None = None,
) -> Expression:
    ends = _ends(expression, end)
    if ends == {None} or not ends:
        return expression
    if len(ends) == 1:
        (foreign,) = ends
        return asked(foreign, _shortened(expression, foreign)) if foreign else expression
    if not isinstance(expression, Call) or expression.name not in _LOGIC:
        if joined is not None:
            return joined(expression)
        raise BadInput(
            "One comparison speaks of an observation and of something else.",
            mend="Compare each with a value, and join the comparisons with and.",
        )
    groups: dict[Foreign | None, list[Expression]] = {}
    mixed: list[Expression] = []
    for each in expression.args:
        found = _ends(each, end)
        if len(found) == 1:
            groups.setdefault(next(iter(found)), []).append(each)
        elif found:
            mixed.append(each)
        else:
            groups.setdefault(None, []).append(each)
    parts = [_taken_apart(_together(expression.name, part), end, asked, joined) for part in groups.values()]
    parts += [_taken_apart(each, end, asked, joined) for each in mixed]
    return Call(expression.name, tuple(parts))


def _together(name: str, parts: Sequence[Expression]) -> Expression:
    return parts[0] if len(parts) == 1 else Call(name, tuple(parts))


def _ends(expression: Expression, end: Callable[[str], Foreign | None]) -> set[Foreign | None]:
    if isinstance(expression, Field):
        return {end(expression.name)}
    if isinstance(expression, Among):
        return {end(expression.value.name)}
    if isinstance(expression, Call):
        return {found for each in expression.args for found in _ends(each, end)}
    return set()


def _shortened(expression: Expression, foreign: Foreign) -> Expression:
    """Return ``expression`` with the way to ``foreign`` taken off its paths."""
    skip = len(foreign.way) + (foreign.what == "Observations")

    def cut(field: Field) -> Field:
        return Field("/".join(field.name.split("/")[skip:]))

    if isinstance(expression, Field):
        return cut(expression)
    if isinstance(expression, Among):
        return Among(cut(expression.value), expression.numbers)
    if isinstance(expression, Call):
        return Call(expression.name, tuple(_shortened(each, foreign) for each in expression.args))
    return expression


def _foreign(kind: str, name: str) -> Foreign | None:
    """Return where the path leaves the registry: at Observations, or at what is worked out of them."""
    steps = name.split("/")
    way: list[str] = []
    for step in steps:
        link = WAYS[kind].get(step)
        if link is None:
            known = kind in STREAMS and step in _COMPUTED
            return Foreign(tuple(way), kind, "computed") if known else None
        if link.target == OBSERVATION:
            return Foreign(tuple(way), kind, "Observations")
        way.append(step)
        kind = link.target
    return None


def compared_time(expression: Expression) -> tuple[str, str, Literal]:
    """Return (property, operator, literal) of a comparison of a datastream's time with a literal, else ``BadInput``."""
    if isinstance(expression, Call) and expression.name in _COMPARED and len(expression.args) == 2:
        left, right = expression.args
        if isinstance(left, Field) and isinstance(right, Literal):
            return left.name, expression.name, right
        if isinstance(left, Literal) and isinstance(right, Field):
            return right.name, _COMPARED[expression.name], left
    raise BadInput(
        "The times of a datastream are compared with a moment, by eq, ne, gt, ge, lt or le.",
        mend="Write phenomenonTime ge 2019-01-12T00:00:00Z.",
    )
