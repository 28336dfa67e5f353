"""Processes apart: a parser that may crash, hang or grow runs in a process of its own, bounded, and ends."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from lifang.core.errors import Unavailable

# Name the packages above the module without running their start-up code: it needs none of it, nor pandas, which pyarrow
# and pyogrio would load.
_BOOT = """
import gc, importlib, sys, types
class Missing:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name in ("pandas", "geopandas"):
            raise ModuleNotFoundError(name=name)
sys.meta_path.insert(0, Missing)
for name, path in zip(sys.argv[2:-1:2], sys.argv[3:-1:2]):
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].__path__ = [path]
gc.disable()
main = importlib.import_module(sys.argv[1]).main
gc.enable()
main()
"""
_ENVIRONMENT = {
    "LANG": "C.UTF-8",
    "HOME": "/nonexistent",
    "TZ": "UTC",
    "MALLOC_ARENA_MAX": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
}
_POLL_S = 0.2
_FILES_MAX = 256


def ended_apart(module: Path, folder: Path, *, seconds: float, poll: Callable[[], None]) -> bool:
    """Return whether ``main()`` of a module of lifang ended by itself within ``seconds``; it has ended in any case.

    The module's file is ``module``; it finds ``folder`` as the last word of its command line. ``poll`` is asked again
    and again meanwhile and raises to stop. ``Unavailable`` where a process cannot be bounded.
    """
    if os.name != "posix":
        raise Unavailable("This format needs the process limits of Linux or macOS.", mend="Send another format.")
    deadline = time.monotonic() + seconds
    process = subprocess.Popen(
        [sys.executable, "-I", "-c", _BOOT, *_named(module), str(folder.absolute())],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=_ENVIRONMENT,
        cwd="/",
        start_new_session=True,
    )
    try:
        while (left := deadline - time.monotonic()) > 0:
            poll()
            try:
                process.wait(min(_POLL_S, left))
            except subprocess.TimeoutExpired:
                continue
            return True
        return False
    finally:
        process.kill()
        process.wait()


def bound_process(*, memory_bytes: int, seconds: float, file_bytes: int) -> None:
    """Bound what this process may take from now on; it is killed at the bounds of time and of a file's size."""
    import resource  # noqa: PLC0415 - Windows has none

    bounds = {
        resource.RLIMIT_AS: _mapped_bytes() + memory_bytes,
        resource.RLIMIT_CPU: math.ceil(seconds) + 1,
        resource.RLIMIT_FSIZE: file_bytes,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: _FILES_MAX,
    }
    for what, most in bounds.items():
        resource.setrlimit(what, (most, most))
    signal.setitimer(signal.ITIMER_REAL, seconds + 1)  # should the server be gone


def _named(module: Path) -> list[str]:
    """Return the module's name, then the name and folder of each package above it."""
    root = Path(__file__).absolute().parents[1]
    parts = module.absolute().relative_to(root).with_suffix("").parts
    packages = [("lifang", root)]
    for part in parts[:-1]:
        name, folder = packages[-1]
        packages.append((f"{name}.{part}", folder / part))
    return [f"{packages[-1][0]}.{parts[-1]}", *(str(word) for package in packages for word in package)]


def _mapped_bytes() -> int:
    try:
        return int(Path("/proc/self/statm").read_text("ascii").split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0  # not Linux: the bound is then the whole of it
