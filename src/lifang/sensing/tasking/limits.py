"""What makes a command unsafe or stale, by the limits that its device declares; pure.

``ranges``: [least, most] of a parameter. ``steps``: the most it may change at once. ``rates``: the most it may change
per second since the last command. ``minimum_interval_s``: between two switchings. ``state_of``: the datastream that
shows a parameter's present value. ``interlocks``: what must hold of a datastream's latest value, for the command to be
safe; a value that is missing, doubted or older than ``max_age_s`` is unsafe. ``deadline_s``: if none is given.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from lifang.core import BadInput
from lifang.sensing.tasking.swe import Field, outside

DEADLINE_S = 60.0
DEADLINE_MAX_S = 86_400.0
_KNOWN = frozenset(
    {"deadline_s", "minimum_interval_s", "ranges", "steps", "rates", "state_of", "interlocks", "works_when_silent"}
)
_COMPARE: Mapping[str, tuple[Callable[[float, float], bool], str]] = {
    "ge": (operator.ge, "≥"),
    "gt": (operator.gt, ">"),
    "le": (operator.le, "≤"),
    "lt": (operator.lt, "<"),
    "eq": (operator.eq, "="),
    "ne": (operator.ne, "≠"),
}
_AGE_S = 900.0


@dataclass(frozen=True)
class Refusal:
    """Why a command is not given: the ``rule`` that spoke, in Chinese and English."""

    rule: str
    zh: str
    en: str


@dataclass(frozen=True)
class Seen:
    """The latest value of a datastream: ``age_s`` seconds old by the city's clock; ``good`` if no rule doubts it."""

    value: float
    age_s: float
    time_us: int
    good: bool = True


@dataclass(frozen=True)
class Facts:
    """What is known when a command is judged: latest values, the last command of the capability that was given."""

    now: datetime
    deadline: datetime
    silent: bool
    seen: Mapping[str, Seen]
    last: Mapping[str, Any] | None = None
    last_given: datetime | None = None
    expect: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """A command to be judged: the limits and fields of its capability, the values given, what is known."""

    limits: Mapping[str, Any]
    fields: Mapping[str, Field]
    given: Mapping[str, Any]
    facts: Facts


def check_limits(limits: Mapping[str, Any], fields: Mapping[str, Field], *, where: str) -> None:
    """Raise ``BadInput`` if ``limits`` hold a word that is not known, or a number that is none."""
    unknown = set(limits) - _KNOWN
    if unknown:
        raise BadInput(f"Unknown limits: {', '.join(sorted(unknown))}.", where=where, mend=", ".join(sorted(_KNOWN)))
    try:
        _check_words(limits, fields, where)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        if isinstance(error, BadInput):
            raise
        raise BadInput(
            f"The limits cannot be read: {error}.", where=where, mend="See docs/reference/network.md."
        ) from error


def _check_words(limits: Mapping[str, Any], fields: Mapping[str, Field], where: str) -> None:
    for name in ("deadline_s", "minimum_interval_s"):
        _check_positive(limits.get(name, 1.0), f"{where} {name}")
    for name in ("ranges", "steps", "rates", "state_of"):
        for parameter, limit in limits.get(name, {}).items():
            if parameter not in fields:
                raise BadInput(f"There is no parameter {parameter!r}.", where=f"{where} {name}", mend="Name one.")
            _CHECKS[name](limit, f"{where} {name} {parameter}")
    for each in limits.get("interlocks", ()):
        if each["must"] not in _COMPARE:
            raise BadInput("An interlock cannot be read.", where=where, mend=f"must is one of {', '.join(_COMPARE)}.")
        _check_name(each["datastream"], f"{where} interlock datastream")
        _check_number(each["value"], f"{where} interlock value")
        _check_positive(each.get("max_age_s", _AGE_S), f"{where} max_age_s")
        if "when" in each and each["when"]["parameter"] not in fields:
            raise BadInput("An interlock hangs on an unknown parameter.", where=where, mend="Name one.")


def _check_number(value: Any, where: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise BadInput(f"{str(value)[:40]!r} is no limit.", where=where, mend="Give a number.")


def _check_positive(value: Any, where: str) -> None:
    _check_number(value, where)
    if value < 0:
        raise BadInput(f"{value} is no limit.", where=where, mend="Give a number, 0 or more.")


def _check_range(value: Any, where: str) -> None:
    low, high = value
    _check_number(low, where)
    _check_number(high, where)


def _check_name(value: Any, where: str) -> None:
    if not isinstance(value, str):
        raise BadInput("This names no datastream.", where=where, mend="Give its id.")


_CHECKS: Mapping[str, Callable[[Any, str], None]] = {
    "ranges": _check_range,
    "steps": _check_positive,
    "rates": _check_positive,
    "state_of": _check_name,
}


def datastreams_of(limits: Mapping[str, Any], expect: Mapping[str, Any]) -> list[str]:
    """Return the datastreams whose latest values are needed to judge a command."""
    named = [*limits.get("state_of", {}).values(), *(each["datastream"] for each in limits.get("interlocks", ()))]
    return list(dict.fromkeys([*named, *expect]))


def refusal(case: Case) -> Refusal | None:
    """Return why the command may not be given now, or ``None`` if it may."""
    return next((found for rule in RULES for found in rule(case)), None)


def unsafe_now(case: Case) -> Refusal | None:
    """Return why a command that was accepted may not be sent now: an interlock no longer holds."""
    return next(_interlocked(case), None)


def _stale(case: Case) -> Iterator[Refusal]:
    if case.facts.deadline <= case.facts.now:
        yield Refusal("deadline", "指令的期限已过", "the deadline has passed")
    if case.facts.deadline > case.facts.now + timedelta(seconds=DEADLINE_MAX_S):
        yield Refusal("deadline", "期限超过24小时", "the deadline is more than 24 hours away")
    if case.facts.silent and not case.limits.get("works_when_silent"):
        yield Refusal("silent", "设备失联", "the device is silent")


def _outdated(case: Case) -> Iterator[Refusal]:
    for stream, wanted in case.facts.expect.items():
        seen = case.facts.seen.get(stream)
        value, moment = wanted.get("value"), wanted.get("time_us")
        moved = value is not None and (seen is None or not abs(seen.value - value) <= wanted.get("tolerance", 0.0))
        if moved or (moment is not None and (seen is None or seen.time_us != moment)):
            yield Refusal("outdated", f"指令依据的状态已变化：{stream}", f"{stream} is no more as the command expects")


def _ranged(case: Case) -> Iterator[Refusal]:
    for name, value in case.given.items():
        low, high = case.limits.get("ranges", {}).get(name, (-math.inf, math.inf))
        beyond = isinstance(value, int | float) and not low <= value <= high
        if beyond or outside(case.fields[name], value):
            yield Refusal("range", f"参数{name}超出允许范围", f"{name} = {value!r} is outside what the device allows")


def _stepped(case: Case) -> Iterator[Refusal]:
    for name, most in case.limits.get("steps", {}).items():
        present = _present(case, name)
        if name in case.given and present is not None and abs(case.given[name] - present) > most:
            yield Refusal(
                "step", f"参数{name}一次变化超过{most:g}", f"{name} would change by more than {most:g} at once"
            )


def _rated(case: Case) -> Iterator[Refusal]:
    if case.facts.last_given is None:
        return
    passed = max(0.0, (case.facts.now - case.facts.last_given).total_seconds())
    for name, rate in case.limits.get("rates", {}).items():
        present = _present(case, name)
        if name in case.given and present is not None and abs(case.given[name] - present) > rate * passed:
            yield Refusal("rate", f"参数{name}变化过快", f"{name} would change faster than {rate:g} per second")


def _too_soon(case: Case) -> Iterator[Refusal]:
    least = case.limits.get("minimum_interval_s", 0.0)
    last = case.facts.last_given  # maybe given meanwhile, by another thread: later than now
    if last is not None and max(0.0, (case.facts.now - last).total_seconds()) < least:
        yield Refusal("interval", f"两次动作间隔不足{least:g}秒", f"less than {least:g} s since the last command")


def _interlocked(case: Case) -> Iterator[Refusal]:
    for lock in case.limits.get("interlocks", ()):
        when = lock.get("when")
        if when and case.given.get(when["parameter"]) != when["is"]:
            continue
        compare, sign = _COMPARE[lock["must"]]
        stream, bound = lock["datastream"], float(lock["value"])
        seen = case.facts.seen.get(stream)
        rule = f"{stream} {sign} {bound:g}"
        if seen is None or not seen.good or not seen.age_s <= lock.get("max_age_s", _AGE_S):
            yield Refusal("interlock", f"联锁条件无法确认：{rule}", f"no fresh value shows that {rule}")
        elif not compare(seen.value, bound):
            yield Refusal("interlock", f"联锁条件不满足：{rule}", f"{rule} does not hold")


def _present(case: Case, name: str) -> float | None:
    """Return a parameter's present value: as its datastream shows it, else as last commanded."""
    seen = case.facts.seen.get(case.limits.get("state_of", {}).get(name, ""))
    if seen is not None:
        return seen.value
    last = (case.facts.last or {}).get(name)
    return float(last) if isinstance(last, int | float) else None


RULES: Sequence[Callable[[Case], Iterator[Refusal]]] = (
    _stale,
    _outdated,
    _ranged,
    _interlocked,
    _too_soon,
    _stepped,
    _rated,
)
