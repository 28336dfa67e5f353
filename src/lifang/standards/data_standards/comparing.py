"""What one edition of a data standard changes of another: what it adds, removes, narrows, widens."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from lifang.standards.data_standards.model import DataStandard, Element

Kind = Literal["added", "removed", "narrowed", "widened", "changed", "regraded", "reworded"]
_TYPE_IN = {("integer", "number"), ("category", "text"), ("date", "text"), ("boolean", "text"), ("integer", "text")}
_WORDS = ("zh", "en", "definition_zh", "definition_en", "source")
_TRUTHS = ("key", "required", "unique")
_RULES = ("pattern", "code_list", "check_digit")
_HEAD = ("title_zh", "title_en", "kind", "theme", "source", "summary_zh", "summary_en", "note", "grading")


@dataclass(frozen=True)
class Change:
    """One difference. ``breaking``: a dataset that kept the old edition may fail the new one, or its readers may."""

    kind: Kind
    element: str
    field: str
    before: Any
    after: Any
    breaking: bool

    def __str__(self) -> str:
        what = f"{self.element}.{self.field}".strip(".")
        told = "" if self.kind in ("added", "removed") else f": {self.before!r} → {self.after!r}"
        return f"{self.kind} {what}{told}{' (breaking)' if self.breaking else ''}"

    def as_json(self) -> dict[str, Any]:
        """Return the change as plain values."""
        return asdict(self)


def compare(old: DataStandard, new: DataStandard) -> list[Change]:
    """Return what ``new`` changes of ``old``, element by element in the new order, removed ones last."""
    before = {each.id: each for each in old.elements}
    changes = [
        Change("reworded", "", name, getattr(old, name), getattr(new, name), False)
        for name in _HEAD
        if getattr(old, name) != getattr(new, name)
    ]
    for element in new.elements:
        earlier = before.pop(element.id, None)
        if earlier is None:
            changes.append(Change("added", element.id, "", None, element.as_json(), element.mandatory))
        else:
            changes += _element(earlier, element)
    changes += [Change("removed", each.id, "", each.as_json(), None, True) for each in before.values()]
    return changes


def _element(old: Element, new: Element) -> Iterator[Change]:
    for name in asdict(new):
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            kind = _KINDS.get(name, _changed)(name, before, after)
            yield Change(kind, new.id, name, before, after, kind in ("narrowed", "changed"))


def _changed(_name: str, _before: Any, _after: Any) -> Kind:
    return "changed"


def _reworded(_name: str, _before: Any, _after: Any) -> Kind:
    return "reworded"


def _type(_name: str, before: str, after: str) -> Kind:
    if (after, before) in _TYPE_IN:
        return "narrowed"
    return "widened" if (before, after) in _TYPE_IN else "changed"


def _truth(_name: str, before: bool, _after: bool) -> Kind:
    return "widened" if before else "narrowed"


def _rule(_name: str, before: str, after: str) -> Kind:
    if not before:
        return "narrowed"
    return "changed" if after else "widened"


def _bound(name: str, before: Any, after: Any) -> Kind:
    if before is None or after is None:
        return "narrowed" if before is None else "widened"
    if isinstance(before, str) != isinstance(after, str):
        return "changed"
    return "narrowed" if (after > before) == (name == "minimum") else "widened"


def _grade(_name: str, _before: str, _after: str) -> Kind:
    return "regraded"


_KINDS: Mapping[str, Callable[[str, Any, Any], Kind]] = {
    **dict.fromkeys(_WORDS, _reworded),
    **dict.fromkeys(_TRUTHS, _truth),
    **dict.fromkeys(_RULES, _rule),
    "type": _type,
    "minimum": _bound,
    "maximum": _bound,
    "grade": _grade,
    "personal": _grade,
}
