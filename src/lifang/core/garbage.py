"""The collector of garbage, kept from looking through what is being read in by the million."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Have no garbage collected meanwhile, on any thread: for reads whose every object stays; may decorate a function.

    Of two that overlap, the first to begin ends it for both: garbage is then collected earlier, which is no harm.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@contextmanager
def loading() -> Iterator[None]:
    """Have no garbage collected meanwhile, and what is there in the end never looked through again: for imports."""
    with uncollected():
        yield
    gc.freeze()
