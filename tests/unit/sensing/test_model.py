import pytest

from lifang.core import BadInput
from lifang.sensing import QUALITY_NAMES, Datastream, Quality, Thing, make_observations


@pytest.mark.parametrize(("lon", "lat"), [(30.6, 104.0), (181.0, 0.0), (float("nan"), 0.0)])
def test_a_thing_has_a_place_on_earth(lon: float, lat: float) -> None:
    with pytest.raises(BadInput, match="no place"):
        Thing("a", "甲", "A", "air", lon, lat)


@pytest.mark.parametrize("name", ["", "a b", "a'b", "a/b", "a\nb", "x" * 129])
def test_an_id_that_breaks_addresses_is_refused(name: str) -> None:
    with pytest.raises(BadInput, match="cannot be the id"):
        Thing(name, "甲", "A", "air", 104.0, 30.6)


def test_a_period_is_not_negative() -> None:
    with pytest.raises(BadInput, match="negative"):
        Datastream("a.b", "a", "b", "b", "b", "b", "1", -1)


def test_every_quality_has_a_word_and_names_in_both_languages() -> None:
    doubts = {"suspect_range", "suspect_flat", "suspect_spike", "after_gap"}
    assert {quality.word for quality in Quality} == {"good", *doubts, "estimated", "missing"}
    assert all(zh and en for zh, en in (QUALITY_NAMES[quality] for quality in Quality))


def test_columns_of_different_length_are_refused() -> None:
    with pytest.raises(BadInput, match="differ in length"):
        make_observations([1, 2], [1], [1.0])
