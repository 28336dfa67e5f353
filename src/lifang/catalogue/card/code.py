"""The resource code 信息资源代码: class, item, category, detail; a stroke; a serial (DB51/T 2847; GB/T 21063.4)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lifang.core import BadInput

_CODE = re.compile(r"(?P<front>[123]\d{5}\d{0,24})(?:/(?P<serial>\d{1,12}))?")
_BASE, _THEME, _DEPARTMENT = "1", "2", "3"


@dataclass(frozen=True)
class ResourceCode:
    """``front`` is 类 (1 base, 2 theme, 3 department), 项 (2 digits), 目 (3), 细目 (any length); then the serial."""

    front: str
    serial: int

    def __str__(self) -> str:
        return f"{self.front}/{self.serial:06d}"


def parse_code(text: str) -> tuple[str, int | None]:
    """Return the front and the serial (``None`` where it is left to the catalogue) of a code; else ``BadInput``."""
    match = _CODE.fullmatch(text)
    if match is None or match["serial"] == "0" * len(match["serial"] or ""):
        mend = "Write class 1, 2 or 3, item (2 digits), category (3), detail (any), then / and a serial: 211000/000042."
        raise BadInput(f"{text[:60]!r} is not a resource code.", where="code", mend=mend)
    return match["front"], int(match["serial"]) if match["serial"] else None


def front_of(base: str, theme: str, bases: Mapping[str, Any], themes: Mapping[str, Any]) -> str:
    """Return the front of a code by what a dataset is of: a base, else a theme, else a department's own."""
    if base in bases:
        return f"{_BASE}{list(bases).index(base) + 1:02d}000"
    if theme in themes and theme != list(themes)[-1]:
        return f"{_THEME}{list(themes).index(theme) + 1:02d}000"
    return f"{_DEPARTMENT}00000"
