import pytest

from lifang.core import BadInput, UnknownCode, convert, unit, units


@pytest.mark.parametrize(
    ("value", "source", "target", "expected"),
    [
        (1.0, "mg/m3", "ug/m3", 1000.0),
        (75.0, "ug/m3", "mg/m3", 0.075),
        (0.0, "Cel", "K", 273.15),
        (300.0, "K", "Cel", 26.85),
        (36.0, "km/h", "m/s", 10.0),
        (1013.25, "hPa", "Pa", 101_325.0),
        (14_335.0, "km2", "m2", 1.4335e10),
        (50.0, "%", "1", 0.5),
        (20_937.757, "k{person}", "{person}", 20_937_757.0),
        (1.0, "a", "h", 8766.0),
    ],
)
def test_a_value_is_converted_within_its_quantity(value: float, source: str, target: str, expected: float) -> None:
    assert convert(value, source, target) == pytest.approx(expected, rel=1e-12)


def test_different_quantities_are_not_converted() -> None:
    with pytest.raises(BadInput, match="temperature"):
        convert(1.0, "Cel", "hPa")


def test_an_unknown_unit_is_refused_with_those_there_are() -> None:
    with pytest.raises(UnknownCode, match="ug/m3"):
        unit("µg/m3")


def test_every_unit_has_names_in_both_languages_and_its_own_code() -> None:
    assert len({each.code for each in units()}) == len(units())
    assert all(each.zh and each.en and each.quantity and each.factor > 0 for each in units())


def test_units_come_by_quantity() -> None:
    quantities = [each.quantity for each in units()]
    assert quantities == sorted(quantities)
