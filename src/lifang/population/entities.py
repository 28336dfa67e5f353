"""Synthetic legal entities: codes with right check characters under a division that there is not."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from lifang.population.figures import Figures
from lifang.standards import code_list, complete_uscc

NOWHERE = "000000"  # the division of registration: GB/T 2260 has no such code, so no register can have given it
_FIRST_YEAR, _LAST_YEAR = 1990, 2020
_COMPANY = "enterprise"


def draw_entities(figures: Figures, count: int, rng: np.random.Generator) -> pa.Table:
    """Return ``count`` legal entities, each called synthetic in its very name."""
    kinds = [each for each in code_list("gb32100_kinds") if each.en == _COMPANY]
    numbers = [f"{number:08d}" for number in rng.choice(100_000_000, count, replace=False)]
    street = rng.integers(0, len(figures.streets), count)
    days = rng.integers(0, (_LAST_YEAR - _FIRST_YEAR) * 365, count)
    return pa.table(
        {
            "uscc": complete_uscc([kinds[0].code + NOWHERE] * count, numbers),
            "name": [f"合成企业{number}号有限公司" for number in range(1, count + 1)],
            "established": np.datetime64(f"{_FIRST_YEAR}-01-01") + days,
            "street": pa.array(figures.streets).take(pa.array(street)),
            "division": pa.array(figures.districts).take(pa.array(street)),
            "synthetic": pa.repeat(pa.scalar("合成"), count),
        }
    )
