"""Iterative proportional fitting of a table to its margins, and the step from shares to whole persons.

Fitting: W. E. Deming, F. F. Stephan, On a least squares adjustment of a sampled frequency table when the expected
marginal totals are known, Annals of Mathematical Statistics 11 (1940) 427-444. Integers: truncate, replicate, sample
(TRS), R. Lovelace, D. Ballas, Computers, Environment and Urban Systems 41 (2013) 1-11.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lifang.core import BadInput

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_ROUNDS_MAX = 1_000
_CLOSE = 1e-9


@dataclass(frozen=True)
class Margin:
    """A known total for each group of cells: ``groups`` gives each cell's group, ``totals`` each group's total."""

    groups: Integers
    totals: Floats

    def sums(self, cells: Floats) -> Floats:
        """Return what ``cells`` come to in each group."""
        return np.bincount(self.groups, weights=cells, minlength=len(self.totals)).astype(np.float64)


def fit(seed: Floats, margins: Sequence[Margin]) -> Floats:
    """Return the cells nearest to ``seed`` whose sums are those of every margin (relative error below 1e-9).

    ``BadInput`` if the margins do not have one and the same total, or cannot be met from this seed.
    """
    whole = margins[0].totals.sum()
    if any(abs(each.totals.sum() - whole) > _CLOSE * whole for each in margins):
        raise BadInput("The margins differ in their totals.", mend="Bring them to one total first.")
    cells = seed.astype(np.float64)
    for _ in range(_ROUNDS_MAX):
        for margin in margins:
            sums = margin.sums(cells)
            if np.any((sums == 0) & (margin.totals > 0)):
                raise BadInput("A margin asks for persons where the seed has none.", mend="Give the seed some there.")
            factors = np.divide(margin.totals, sums, out=np.zeros_like(sums), where=sums > 0)
            cells = cells * factors[margin.groups]
        if all(np.allclose(each.sums(cells), each.totals, rtol=_CLOSE, atol=_CLOSE * whole) for each in margins):
            return cells
    raise BadInput("The margins contradict one another.", mend="Compare their sources.")


def integerise(cells: Floats, total: int, rng: np.random.Generator) -> Integers:
    """Return whole counts of ``total`` persons: truncated, the rest drawn without repeats by the cut-off fractions."""
    scaled = cells * (total / cells.sum())
    whole: Integers = np.floor(scaled).astype(np.int64)
    rest, missing = scaled - whole, total - int(whole.sum())
    if missing > 0:
        drawn = rng.choice(len(cells), size=missing, replace=False, p=rest / rest.sum())
        whole[drawn] += 1
    return whole
