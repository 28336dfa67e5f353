"""Garbage is not collected while much is read in, and is again afterwards."""

from __future__ import annotations

import gc

import pytest

from lifang.core import loading, uncollected


def test_the_collector_rests_inside_and_works_afterwards_whatever_happens() -> None:
    @uncollected()
    def is_on() -> bool:
        with uncollected():
            pass
        return gc.isenabled()

    assert not is_on()
    assert gc.isenabled()
    with pytest.raises(ValueError, match="x"), uncollected():
        raise ValueError("x")
    assert gc.isenabled()
    gc.disable()
    try:
        assert not is_on()
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_what_was_loaded_is_never_looked_through_again() -> None:
    before = gc.get_freeze_count()
    with loading():
        assert not gc.isenabled()
        loaded = [[each] for each in range(10_000)]
    assert gc.isenabled()
    assert gc.get_freeze_count() >= before + len(loaded)
