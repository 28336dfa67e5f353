"""Scores of a release by the dimensions of GB/T 36344-2018: 0 to 100, or none where a dimension does not apply."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lifang.catalogue.card import Bilingual
from lifang.core import BadInput

DIMENSIONS: dict[str, Bilingual] = {
    "completeness": Bilingual("完整性", "completeness"),
    "validity": Bilingual("规范性", "validity"),
    "uniqueness": Bilingual("准确性（唯一性）", "accuracy (uniqueness)"),
    "timeliness": Bilingual("时效性", "timeliness"),
    "consistency": Bilingual("一致性", "consistency"),
}
_LEAST = {"completeness": 50.0, "validity": 95.0, "uniqueness": 100.0, "timeliness": 100.0, "consistency": 100.0}


@dataclass(frozen=True)
class Facts:
    """What is counted of a release; ``punctual`` is the share of punctuality, ``None`` where no date is set.

    ``distinct`` are the rows that differ in the key (in all columns, without one); ``referring`` the cells that refer
    to another dataset, ``dangling`` those of them that name nothing there.
    """

    rows: int
    columns: int
    filled: int
    received: int
    distinct: int
    punctual: float | None
    referring: int
    dangling: int


def scores_of(facts: Facts) -> dict[str, float | None]:
    """Return the score of each dimension: a share in per cent, to two decimals, rounded down so that 100 is whole."""
    shares = {
        "completeness": _share(facts.filled, facts.rows * facts.columns),
        "validity": _share(facts.rows, facts.received),
        "uniqueness": _share(facts.distinct, facts.rows),
        "timeliness": facts.punctual,
        "consistency": _share(facts.referring - facts.dangling, facts.referring),
    }
    return {name: None if share is None else int(share * 10_000 + 1e-6) / 100 for name, share in shares.items()}


def thresholds_of(city_says: Mapping[str, Any]) -> dict[str, float]:
    """Return the least score of each dimension that passes: as the city says in ``[quality]``, else the usual one."""
    unknown = sorted(set(city_says) - set(_LEAST))
    if unknown:
        mend = f"Known: {', '.join(_LEAST)}."
        raise BadInput(f"There is no dimension {unknown[0]!r}.", where=f"quality.{unknown[0]}", mend=mend)
    found = {}
    for name, usual in _LEAST.items():
        value = city_says.get(name, usual)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 100:
            raise BadInput(f"{value!r} is no score.", where=f"quality.{name}", mend="Give a number from 0 to 100.")
        found[name] = float(value)
    return found


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
