"""Work that a process and copies of it do at once."""

from __future__ import annotations

import os
from collections.abc import Callable

from lifang.core import fork_bounded


def done_by_all(work: Callable[[int], None], processes: int) -> None:
    """Do ``work`` in this process, as number 0, and in copies of it, as 1 and so on; return when all have ended.

    Ends this process too if one of them fails.
    """
    number = fork_bounded(processes - 1)
    if number:
        try:
            work(number)
            os._exit(0)
        finally:
            os._exit(1)
    work(0)
    if any(os.wait()[1] for _ in range(processes - 1)):
        os._exit(1)
