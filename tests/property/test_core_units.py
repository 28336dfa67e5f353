from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lifang.core import BadInput, check_slug, convert, units

pairs = [(one.code, other.code) for one in units() for other in units() if one.quantity == other.quantity]


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(pairs), st.floats(-1e6, 1e6))
def test_a_value_converted_there_and_back_is_the_same(pair: tuple[str, str], value: float) -> None:
    one, other = pair
    assert convert(convert(value, one, other), other, one) == pytest.approx(value, rel=1e-9, abs=1e-6)


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=70))
def test_any_text_is_a_safe_slug_or_bad_input(text: str) -> None:
    with suppress(BadInput):
        slug = check_slug(text)
        assert slug.isascii()
        assert not set(slug) & set("/\\.%\0 \n'\"")
