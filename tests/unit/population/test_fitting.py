import numpy as np
import pytest

from lifang.core import BadInput
from lifang.population import Margin, fit, integerise


def test_the_fitted_cells_are_those_of_deming_and_stephans_method() -> None:
    """Compared with the closed solution of a 2 x 2 table: the odds ratio of the seed stays, the margins are met."""
    seed = np.array([40.0, 30.0, 35.0, 50.0])
    rows, columns = (
        Margin(np.array([0, 0, 1, 1]), np.array([80.0, 120.0])),
        Margin(np.array([0, 1, 0, 1]), np.array([90.0, 110.0])),
    )
    cells = fit(seed, [rows, columns])
    assert np.allclose(rows.sums(cells), [80, 120])
    assert np.allclose(columns.sums(cells), [90, 110])
    assert np.isclose(cells[0] * cells[3] / (cells[1] * cells[2]), 40 * 50 / (30 * 35))


def test_a_margin_may_group_several_cells() -> None:
    cells = fit(np.ones(6), [Margin(np.array([0, 0, 0, 1, 1, 2]), np.array([30.0, 10.0, 5.0]))])
    assert np.allclose(cells, [10, 10, 10, 5, 5, 5])


def test_margins_that_cannot_be_met_are_refused() -> None:
    two = np.array([0, 1])
    with pytest.raises(BadInput, match="differ in their totals"):
        fit(np.ones(2), [Margin(two, np.array([1.0, 1.0])), Margin(two, np.array([1.0, 2.0]))])
    with pytest.raises(BadInput, match="the seed has none"):
        fit(np.array([1.0, 0.0]), [Margin(two, np.array([1.0, 1.0]))])
    with pytest.raises(BadInput, match="contradict"):
        fit(np.ones(2), [Margin(two, np.array([1.0, 3.0])), Margin(two, np.array([3.0, 1.0]))])


def test_whole_counts_are_off_by_less_than_one_a_cell_and_near_on_average() -> None:
    rng = np.random.default_rng(7)
    cells = rng.random(50) * 10
    total = 400
    drawn = np.array([integerise(cells, total, rng) for _ in range(300)])
    expected = cells * total / cells.sum()
    assert (drawn.sum(axis=1) == total).all()
    assert (np.abs(drawn - expected) < 1).all()
    assert (
        np.abs(drawn.mean(axis=0) - expected).max() < 0.25
    )  # drawing without repeats favours small fractions a little
