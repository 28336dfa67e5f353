"""Work in the background: it takes what processor time the doors leave."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

_Made = TypeVar("_Made")
_NICE = 10  # setpriority(2): about a tenth of the share of what runs beside it


def stand_back() -> None:
    """Let the calling thread, and the threads it starts from now on, yield to others, where Linux allows it."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)


def made_in_background(make: Callable[[], _Made]) -> _Made:
    """Return what ``make`` makes, with threads of its own that stand back."""
    with ThreadPoolExecutor(1, initializer=stand_back) as pool:
        return pool.submit(make).result()
