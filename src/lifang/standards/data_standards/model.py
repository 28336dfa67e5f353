"""The words of a data standard: the standard, its elements, how data are graded."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from lifang.core import BadInput

TYPES = ("text", "integer", "number", "boolean", "date", "time", "category", "geometry")
KINDS: Mapping[str, tuple[str, str]] = {
    "base": ("基础库", "base database"),
    "theme": ("主题库", "theme database"),
    "department": ("部门库", "department's own"),
}
GRADES: Mapping[str, tuple[str, str]] = {  # GB/T 43697-2024, from the lowest
    "general": ("一般数据", "general data"),
    "important": ("重要数据", "important data"),
    "core": ("核心数据", "core data"),
}
GRADING: Mapping[str, tuple[str, str]] = {  # the elements by which GB/T 43697-2024 has data graded
    "domain": ("领域", "domain"),
    "group": ("群体", "group"),
    "region": ("区域", "region"),
    "precision": ("精度", "precision"),
    "scale": ("规模", "scale"),
    "depth": ("深度", "depth"),
    "coverage": ("覆盖度", "coverage"),
    "importance": ("重要性", "importance"),
}
PERSONAL: Mapping[str, tuple[str, str]] = {  # 个人信息保护法 Art. 4 and 28
    "": ("", ""),
    "personal": ("个人信息", "personal information"),
    "sensitive": ("敏感个人信息", "sensitive personal information"),
}
_REFERENCE = re.compile(r"([a-z][a-z0-9]*(?:[_-][a-z0-9]+)*)(?:@([1-9]\d{0,5}))?")


@dataclass(frozen=True)
class Element:
    """One element (数据元): what a column that follows it holds.

    ``minimum`` and ``maximum`` are in ``unit``, or dates as text; ``pattern`` is RE2 over the whole value;
    ``code_list`` is a list of lifang's; ``check_digit`` is ``uscc`` or ``ric``; the ``key`` elements together tell the
    rows apart. ``grade`` is by GB/T 43697, ``personal`` by 个人信息保护法 Art. 4 and 28. ``source`` is a clause.
    """

    id: str
    zh: str
    en: str
    definition_zh: str = ""
    definition_en: str = ""
    type: str = "text"
    unit: str = ""
    minimum: float | str | None = None
    maximum: float | str | None = None
    pattern: str = ""
    code_list: str = ""
    check_digit: str = ""
    key: bool = False
    required: bool = False
    unique: bool = False
    grade: str = "general"
    personal: str = ""
    source: str = ""

    @property
    def mandatory(self) -> bool:
        """Whether a dataset must have the element: it is required or part of the key."""
        return self.required or self.key

    def as_json(self) -> dict[str, Any]:
        """Return the element as plain values, all of them."""
        return {each.name: getattr(self, each.name) for each in fields(self)}


@dataclass(frozen=True)
class DataStandard:
    """A data standard in one edition; an edition never changes.

    ``kind`` is ``base``, ``theme`` or ``department``, ``theme`` its base or theme in the catalogue. ``grading``
    says by which of the elements of GB/T 43697 the grades were set.
    """

    id: str
    edition: int
    title_zh: str
    title_en: str
    kind: str
    theme: str
    source: str
    elements: tuple[Element, ...]
    summary_zh: str = ""
    summary_en: str = ""
    note: str = ""
    grading: Mapping[str, str] = field(default_factory=dict)

    @property
    def reference(self) -> str:
        """``<id>@<edition>``, as a card names it."""
        return f"{self.id}@{self.edition}"

    @property
    def grade(self) -> str:
        """The highest grade of its elements: 就高从严."""
        return max((each.grade for each in self.elements), key=list(GRADES).index)

    @property
    def personal(self) -> str:
        """The strictest of its elements: ``sensitive``, ``personal`` or nothing."""
        return max((each.personal for each in self.elements), key=list(PERSONAL).index)

    @property
    def key(self) -> tuple[str, ...]:
        """The ids of the elements that together tell rows apart."""
        return tuple(each.id for each in self.elements if each.key)

    def element(self, element_id: str) -> Element | None:
        """Return the element with this id, if there is one."""
        return next((each for each in self.elements if each.id == element_id), None)


def split_reference(text: str, *, where: str = "standard") -> tuple[str, int | None]:
    """Return id and edition of ``legal_entity@1``; without an edition ``None``. ``BadInput`` for any other text."""
    match = _REFERENCE.fullmatch(text)
    if match is None:
        mend = "Write an id and an edition: legal_entity@1."
        raise BadInput(f"{text[:80]!r} does not name a data standard.", where=where, mend=mend)
    return match[1], int(match[2]) if match[2] else None
