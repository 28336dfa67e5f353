"""Lines of work, one for each bureau: whatever one of them does or waits for, the others go on."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

_LOG = logging.getLogger(__name__)
_END_S = 30


class Lines:
    """Works through ``work(bureau)`` while it returns that there is more: in a thread of the bureau's own."""

    def __init__(self, work: Callable[[str], bool]) -> None:
        self._work = work
        self._lock = threading.Lock()
        self._again: dict[str, bool] = {}
        self._threads: dict[str, threading.Thread] = {}
        self._closed = False

    def wake(self, bureau: str) -> None:
        """Have the bureau's line look whether there is work; one that is at it looks again afterwards."""
        with self._lock:
            if self._closed:
                return
            if bureau in self._threads:
                self._again[bureau] = True
                return
            thread = threading.Thread(target=self._run, args=(bureau,), name=f"exchange {bureau}", daemon=True)
            self._threads[bureau] = thread
        thread.start()

    @property
    def closed(self) -> bool:
        """Whether the lines are to end."""
        return self._closed

    def close(self) -> None:
        """End every line after its present piece of work."""
        with self._lock:
            self._closed = True
            threads = list(self._threads.values())
        for thread in threads:
            thread.join(_END_S)

    def _run(self, bureau: str) -> None:
        more = True
        while more:
            try:
                more = self._work(bureau) and not self._closed
            except Exception:  # noqa: BLE001 - the others' lines must go on, whatever happened here; it is logged
                _LOG.exception("the line of %s stopped", bureau)
                more = False
            with self._lock:
                more = (more or self._again.pop(bureau, False)) and not self._closed
                if not more:
                    del self._threads[bureau]
