"""A process apart that is kept: it has loaded a parser once, and a copy of it reads each file and ends.

To load a parser takes longer than to read most files, and to load an engine than to answer most queries. The process
that is kept opens no file that was sent, so nothing passes from one to the next; it ends when its server does, and when
nobody asks it for a while.
"""

from __future__ import annotations

import atexit
import gc
import os
import selectors
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from lifang.core.errors import Unavailable

_IDLE_S = 60.0
_BEGUN = b"+"
_FILES = 3  # its line, what it reads from, what it writes to
_WORD_MAX = 4_096


class KeptApart:
    """The server's side of such a process, which is started when it is first asked for, and anew when it has ended."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self._command, self._environment = command, environment
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    def begin(self, folder: Path, *given: int) -> socket.socket:
        """Return the line to a copy that works in ``folder``: it ends when the copy does, and the copy when it does.

        ``given`` are open files that the copy has as its standard input and output.
        """
        with self._lock:
            while True:
                fresh = self._process is None
                with suppress(OSError):
                    line = self._asked(folder, given)
                    if line.recv(1) == _BEGUN:
                        return line
                    line.close()
                self._end()  # it has ended by itself: once more with another
                if fresh:
                    raise Unavailable("The process that reads such a file does not start.", mend="Try again later.")

    def expect(self) -> None:
        """Start the process if it does not run, so that whoever asks soon waits less."""
        with self._lock:
            if self._process is not None and self._process.poll() is not None:
                self._end()
            if self._control is None:
                self._start()

    def _asked(self, folder: Path, given: Sequence[int]) -> socket.socket:
        control = self._control or self._start()
        mine, theirs = socket.socketpair()
        with theirs:
            socket.send_fds(control, [_BEGUN], [theirs.fileno(), *given])
        mine.sendall(os.fsencode(folder.absolute()) + b"\n")
        return mine

    def _start(self) -> socket.socket:
        control, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [*self._command, str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=dict(self._environment),
                cwd="/",
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
        self._control = control
        atexit.register(self._end)
        return control

    def _end(self) -> None:
        if self._control is not None:
            self._control.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._control = self._process = None
        atexit.unregister(self._end)


def serve_copies(work: Callable[[], None], prepare: Callable[[], None] = lambda: None) -> None:
    """Have a copy of this process do ``work`` for each line that comes, until nobody asks any more.

    It will ``prepare`` as soon as nobody waits. The command line names last the socket on which lines come; ``work``
    finds its folder there instead.
    """
    gc.freeze()
    _Keeper(socket.socket(fileno=int(sys.argv[-1])), work, prepare).serve()


class _Keeper:
    """The side of the process that is kept: which copies are at work, and who waits for each."""

    def __init__(self, control: socket.socket, work: Callable[[], None], prepare: Callable[[], None]) -> None:
        self._control, self._work = control, work
        self._prepare: Callable[[], None] | None = prepare
        self._waiting = selectors.DefaultSelector()
        self._waiting.register(control, selectors.EVENT_READ)
        self._copies: dict[int, tuple[socket.socket, int]] = {}  # by process: its line, and what closes as it ends

    def serve(self) -> None:
        while ready := self._ready():
            for key in ready:
                if key.data is not None:
                    self._end(key.data)  # it has ended, or nobody waits for it any more
                elif not self._begin():
                    return

    def _ready(self) -> list[selectors.SelectorKey]:
        """Return what can be read from; nothing once nobody has asked for a while."""
        wait_s = None if self._copies else _IDLE_S if self._prepare is None else 0
        ready = [key for key, _ in self._waiting.select(wait_s)]
        if not ready and self._prepare is not None:
            self._prepare()
            self._prepare = None
            gc.collect()
            gc.freeze()
            return self._ready()
        return ready

    def _begin(self) -> bool:
        """Return whether anybody may still ask; begin what is asked for."""
        _, files, _, _ = socket.recv_fds(self._control, 1, _FILES)
        if not files:
            for process in list(self._copies):
                self._end(process)
            return False
        line, given = socket.socket(fileno=files[0]), files[1:]
        folder = line.makefile("rb").readline(_WORD_MAX).rstrip(b"\n")
        open_end, end = os.pipe()
        process = os.fork()
        if not process:
            self._copy(line, folder, given)
        for file in (end, *given):
            os.close(file)
        self._copies[process] = line, open_end
        for each in (line, open_end):
            self._waiting.register(each, selectors.EVENT_READ, process)
        line.sendall(_BEGUN)
        return True

    def _copy(self, line: socket.socket, folder: bytes, given: Sequence[int]) -> None:
        """Do the work and end; the pipe whose end only this process holds closes with it."""
        try:
            os.setsid()
            self._waiting.close()
            for each in (self._control, line, *(other for other, _ in self._copies.values())):
                each.close()
            for standard, file in enumerate(given):
                os.dup2(file, standard)
                os.close(file)
            sys.argv[-1] = os.fsdecode(folder)
            self._work()
        finally:
            os._exit(1)

    def _end(self, process: int) -> None:
        if process not in self._copies:
            return
        line, open_end = self._copies.pop(process)
        for kill in (os.killpg, os.kill):  # it leads a group of its own, if it came so far
            with suppress(ProcessLookupError, PermissionError):
                kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        for each in (line, open_end):
            self._waiting.unregister(each)
        os.close(open_end)
        line.close()
