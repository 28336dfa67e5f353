"""Garbage is not collected while much is read in, and is again afterwards."""

from __future__ import annotations

import gc

import pytest

from lifang.core import uncollected


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
