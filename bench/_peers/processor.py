"""What processes cost: processor time, and how long they were ready to run and had to wait for a core (Linux)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Cost:
    """Milliseconds on a core, and waiting for one."""

    busy_ms: float
    waiting_ms: float

    def __sub__(self, earlier: Cost) -> Cost:
        return Cost(self.busy_ms - earlier.busy_ms, self.waiting_ms - earlier.waiting_ms)


def parent(pid: int) -> int:
    """Return the process that began a process."""
    return int(Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()[1])


def family(pid: int) -> list[int]:
    """Return a process and all that descend from it, as they are now."""
    found, parents = [pid], {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(folder.name)] = parent(int(folder.name))
        except OSError:
            continue  # it has ended
    for each in found:
        found += [child for child, parent in parents.items() if parent == each]
    return found


def cost_of(pids: Iterable[int]) -> Cost:
    """Return what the threads of processes have cost so far: of those that still run."""
    busy = waiting = 0
    for pid in pids:
        for thread in Path(f"/proc/{pid}/task").glob("*/schedstat"):
            try:
                told = thread.read_text("ascii").split()
            except OSError:
                continue
            busy, waiting = busy + int(told[0]), waiting + int(told[1])
    return Cost(busy / 1e6, waiting / 1e6)


def stolen_s() -> float:
    """Return for how many seconds the cores of this machine stood still because its host gave them to others."""
    with Path("/proc/stat").open() as stat:
        return int(next(stat).split()[8]) / 100
