"""The outside languages of bulk observations: one form for what was decoded, and what both readers share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lifang.core import BadInput, TooLarge
from lifang.sensing.model import Codes, Micros, Quality, Values

MAX_ROWS = 1_000_000
_FIRST = -2_208_988_800_000_000  # 1900-01-01T00:00Z
_LAST = 7_258_118_400_000_000  # 2200-01-01T00:00Z

# What stands for a quality in columns: its word or its code; nothing stands for good.
QUALITY_OF: dict[Any, int] = dict([(None, 0), *((mark, q.value) for q in Quality for mark in (q.word, q.value))])
# In JSON a number is whatever resultQuality the client keeps, so that only words are lifang's.
WORD_OF: dict[Any, int] = {mark: code for mark, code in QUALITY_OF.items() if mark is None or isinstance(mark, str)}


@dataclass(frozen=True)
class Decoded:
    """Observations as sent: row ``i`` belongs to datastream ``references[index[i]]`` (number or id, not yet known).

    ``time`` is in microseconds UTC; ``value`` is finite. ``groups`` tells how many rows each reference has when the
    body was written group by group, as in a dataArray.
    """

    references: list[int | str] | NDArray[np.int64]
    index: NDArray[np.int64]
    time: Micros
    value: Values
    quality: Codes

    def __len__(self) -> int:
        return len(self.time)


def check_rows(count: int, limit: int) -> None:
    """Refuse a body of more than ``limit`` observations with ``TooLarge``."""
    if count > limit:
        raise TooLarge(f"The body holds more than {limit:,} observations.", mend="Send it in several requests.")


def outside_years(time: Micros) -> NDArray[np.bool_]:
    """Return where a moment lies outside the years 1900 to 2199, which no sensor of a city can mean."""
    outside: NDArray[np.bool_] = (time < _FIRST) | (time >= _LAST)
    return outside


def refuse_row(what: str, *, where: str, mend: str) -> BadInput:
    """Return the error for one bad row; nothing of the body is stored."""
    return BadInput(what, where=where, mend=f"{mend} Nothing of this request was stored.")
