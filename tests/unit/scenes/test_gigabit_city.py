"""The figures of the dual-gigabit plan: worked out by hand beside, and missing where an input is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lifang.scenes.gigabit_city import INDICATORS, INPUT_NAMES, Inputs, figures

WHOLE = Inputs(
    population=20_937_757,
    households=7_419_822,
    base_stations=58_000,
    pon_ports=1_000,
    pon_ports_10g=537,
    fixed_users=500,
    fixed_users_500m=166,
    mobile_users=1_000,
    mobile_users_5g=492,
    homes_10g=7_500_000,
    key_places=400,
    key_places_reached=398,
)


def test_every_figure_is_its_formula() -> None:
    values = {name: value for name, (value, _) in figures(WHOLE).items()}
    assert values["gigabit_base_stations"] == pytest.approx(27.70, abs=0.01)
    assert values["gigabit_pon_ports"] == pytest.approx(53.7)
    assert values["gigabit_users_500m"] == pytest.approx(33.2)
    assert values["gigabit_users_5g"] == pytest.approx(49.2)
    assert values["gigabit_homes"] == pytest.approx(101.08, abs=0.01)
    assert values["gigabit_key_places"] == pytest.approx(99.5)


@pytest.mark.parametrize("name", sorted(INPUT_NAMES))
def test_a_figure_without_an_input_is_missing_and_says_which(name: str) -> None:
    told = figures(replace(WHOLE, **{name: None}))
    lacking = {indicator for indicator, (value, names) in told.items() if name in names and value is None}
    assert len(lacking) == 1
    assert sum(value is None for value, _ in told.values()) == 1


def test_nothing_registered_is_nothing_known_and_no_division_by_nought() -> None:
    assert all(value is None for value, _ in figures(Inputs()).values())
    assert figures(replace(WHOLE, pon_ports=0.0))["gigabit_pon_ports"][0] is None
    assert figures(replace(WHOLE, pon_ports_10g=0.0))["gigabit_pon_ports"][0] == 0.0


def test_every_figure_has_a_formula_a_unit_a_standard_and_a_rule_for_missing_data() -> None:
    assert {each.id for each in INDICATORS} == set(figures(WHOLE))
    for each in INDICATORS:
        assert each.formula_zh
        assert each.missing_zh
        assert "34号" in each.standard
