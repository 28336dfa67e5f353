"""Processes apart: a parser that may crash, hang or grow runs in a process of its own, bounded, and ends."""

from __future__ import annotations

import math
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path

from lifang.core.errors import Unavailable
from lifang.core.kept_apart import KeptApart

# Name the packages above the module without running their start-up code: it needs none of it, nor pandas, which pyarrow
# and pyogrio would load, nor lark, which ifcopenshell would for a header that nobody reads, nor the web's protocols and
# the list of versions, which pyproj would.
_BOOT = """
import gc, importlib, sys, types
class Missing:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name in ("pandas", "geopandas"):
            raise ModuleNotFoundError(name=name)
sys.meta_path.insert(0, Missing)
sys.modules["lark"] = None
for name, word in (("urllib.request", "urlretrieve"), ("pyproj._show_versions", "show_versions")):
    sys.modules[name] = types.ModuleType(name)
    setattr(sys.modules[name], word, None)
for name, path in zip(sys.argv[2:-1:2], sys.argv[3:-1:2]):
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].__path__ = [path]
gc.disable()
module = importlib.import_module(sys.argv[1])
gc.enable()
"""
_ONCE = _BOOT + "module.main()"
_KEPT = _BOOT + "importlib.import_module('lifang.core.kept_apart').serve_copies(module.main, module.prepare)"
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


def ended_apart(module: Path, folder: Path, *, seconds: float, poll: Callable[[], None], kept: bool = False) -> bool:
    """Return whether ``main()`` of a module of lifang ended by itself within ``seconds``; it has ended in any case.

    The module's file is ``module``; it finds ``folder`` as the last word of its command line. ``poll`` is asked again
    and again meanwhile and raises to stop. A module that loads slowly may be ``kept`` loaded for those that follow;
    its ``prepare()`` is called once nobody waits.
    ``Unavailable`` where a process cannot be bounded.
    """
    if os.name != "posix":
        raise Unavailable("This format needs the process limits of Linux or macOS.", mend="Send another format.")
    deadline = time.monotonic() + seconds
    if kept:
        return _copy_ended(_keeper(module).begin(folder), deadline, poll)
    process = subprocess.Popen(
        [*_command(_ONCE, module), str(folder.absolute())],
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


def expect_apart(module: Path) -> None:
    """Have the process started that :func:`ended_apart` keeps for ``module``: it is to be asked soon."""
    if os.name == "posix":
        _keeper(module).expect()


def _copy_ended(line: socket.socket, deadline: float, poll: Callable[[], None]) -> bool:
    with line:
        try:
            while (left := deadline - time.monotonic()) > 0:
                poll()
                line.settimeout(min(_POLL_S, left))
                try:
                    line.recv(1)
                except TimeoutError:
                    continue
                return True
            return False
        finally:
            with suppress(OSError):
                line.shutdown(socket.SHUT_WR)
                line.settimeout(None)
                line.recv(1)  # until it has ended


@cache
def _keeper(module: Path) -> KeptApart:
    return KeptApart(_command(_KEPT, module), _ENVIRONMENT)


def _command(boot: str, module: Path) -> list[str]:
    return [sys.executable, "-I", "-c", boot, *_named(module)]


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


def fork_bounded(copies: int) -> tuple[int, list[int]]:
    """Return which of itself and its ``copies`` this process is, itself number 0, and their process ids.

    A copy is told none. What it may map beyond what it has is divided among them; the bound of time holds for each.
    """
    import resource  # noqa: PLC0415 - Windows has none

    mapped, (most, _) = _mapped_bytes(), resource.getrlimit(resource.RLIMIT_AS)
    if most != resource.RLIM_INFINITY:
        share = mapped + (most - mapped) // (copies + 1)
        resource.setrlimit(resource.RLIMIT_AS, (share, share))
    left, _ = signal.getitimer(signal.ITIMER_REAL)
    made: list[int] = []
    for number in range(1, copies + 1):
        copy = os.fork()
        if not copy:
            signal.setitimer(signal.ITIMER_REAL, left)
            return number, []
        made.append(copy)
    return 0, made


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
