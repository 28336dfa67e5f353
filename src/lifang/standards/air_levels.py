"""What an air quality index or a concentration means: classes (HJ 633-2012) and limits (GB 3095-2012)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lifang.core import BadInput, UnknownCode
from lifang.standards.codes import code_list


@dataclass(frozen=True)
class AqiClass:
    """One of the six classes: its name, colour (Annex A), effect on health and advice (Table 2, in our words).

    The class holds for indices greater than ``above``, up to the next class.
    """

    level: int
    zh: str
    en: str
    above: int
    colour_hex: str
    colour_zh: str
    colour_en: str
    health_zh: str
    health_en: str
    advice_zh: str
    advice_en: str

    @property
    def colour_rgb(self) -> tuple[int, int, int]:
        """Red, green and blue, 0 to 255."""
        red, green, blue = bytes.fromhex(self.colour_hex[1:])
        return red, green, blue


@lru_cache(maxsize=1)
def aqi_classes() -> tuple[AqiClass, ...]:
    """Return the six classes, the cleanest first (HJ 633-2012 §4.3, Table 2)."""
    classes = []
    for row in code_list("hj633_classes"):
        words = dict(row.properties)
        above, colour = int(words.pop("above")), words.pop("colour")
        classes.append(AqiClass(level=int(row.code), zh=row.zh, en=row.en, above=above, colour_hex=colour, **words))
    return tuple(classes)


def aqi_levels(values: ArrayLike) -> NDArray[np.int8]:
    """Return the level 1 to 6 of each index, 0 where it is NaN or negative."""
    numbers = np.asarray(values, dtype=np.float64)
    bounds = [each.above for each in aqi_classes()[1:]]
    levels = np.searchsorted(bounds, numbers, side="left") + 1
    return np.where(numbers >= 0, levels, 0).astype(np.int8)


def aqi_class(value: float) -> AqiClass:
    """Return the class of an index; ``BadInput`` if it is NaN or negative."""
    level = int(aqi_levels(value))
    if level == 0:
        raise BadInput(f"{value} is not an air quality index.", mend="Give a number of 0 or more.")
    return aqi_classes()[level - 1]


def limit(pollutant: str, averaging: str, *, grade: int = 2) -> float:
    """Return the limit of a concentration in ug/m3 (CO mg/m3) by GB 3095-2012 §4.2, Tables 1 and 2.

    ``averaging`` is ``1h``, ``8h``, ``24h``, ``1q`` or ``1a``; ``grade`` 1 is for nature reserves, 2 for all else.
    """
    if grade not in {1, 2}:
        raise UnknownCode(f"GB 3095-2012 has no grade {grade}.", mend="Use 1 or 2.")
    return float(code_list("gb3095_limits").get(f"{pollutant}/{averaging}").properties[f"grade{grade}"])
