"""Work that a process and copies of it do at once."""

from __future__ import annotations

import os
from collections.abc import Callable

from lifang.core import fork_bounded


def done_by_all(work: Callable[[int], None], processes: int) -> None:
    """Do ``work`` in this process, as number 0, and in copies of it, as 1 and so on; return when all have ended.

    Ends this process too if one of them fails.
    """
    number, copies = fork_bounded(processes - 1)
    if number:
        try:
            work(number)
            os._exit(0)
        finally:
            os._exit(1)
    work(0)
    if any(os.waitpid(each, 0)[1] for each in copies):
        os._exit(1)
