"""The four warning levels of China: blue, yellow, orange, red."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import total_ordering


@dataclass(frozen=True)
class _Level:
    code: str
    rank: int
    zh: str
    en: str
    grade_zh: str
    colour: str


@total_ordering
class Severity(Enum):
    """How grave a warning is: blue (IV) < yellow (III) < orange (II) < red (I).

    Source: 中华人民共和国突发事件应对法 (2007, article 42; kept by the 2024 revision): grades one to four,
    shown as red, orange, yellow and blue, grade one the highest. The law names the colours; the hex is lifang's.
    """

    BLUE = _Level("blue", 1, "蓝色", "blue", "四级", "#1e6fd9")
    YELLOW = _Level("yellow", 2, "黄色", "yellow", "三级", "#f5c400")
    ORANGE = _Level("orange", 3, "橙色", "orange", "二级", "#f07800")
    RED = _Level("red", 4, "红色", "red", "一级", "#d7142a")

    @classmethod
    def of(cls, code: str) -> Severity:
        """Return the severity written ``blue``, ``yellow``, ``orange`` or ``red``; ``KeyError`` for any other text."""
        return cls[code.upper()]

    def __lt__(self, other: object) -> bool:
        return self.rank < other.rank if isinstance(other, Severity) else NotImplemented

    @property
    def code(self) -> str:
        """The word stored and sent: ``blue`` … ``red``."""
        return self.value.code

    @property
    def rank(self) -> int:
        """1 (blue) to 4 (red)."""
        return self.value.rank

    @property
    def zh(self) -> str:
        """The Chinese name: 蓝色 … 红色."""
        return self.value.zh

    @property
    def en(self) -> str:
        """The English name."""
        return self.value.en

    @property
    def grade_zh(self) -> str:
        """The statutory grade: 四级 … 一级."""
        return self.value.grade_zh

    @property
    def colour(self) -> str:
        """A screen colour, ``#rrggbb``."""
        return self.value.colour
