"""A temporary city with many datastreams, and its real server in a process of its own."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import lifang
from lifang.app import lay_out_empty
from lifang.guard import SYSTEM, Role
from lifang.sensing import Datastream, Thing


def furnish(folder: Path, datastreams: int) -> str:
    """Return a machine's bearer token for the new city in ``folder``, with ``datastreams`` numbered from 1."""
    lay_out_empty(folder, city_id="bench", name="bench", area_code="510100")
    side = int(datastreams**0.5) + 1
    things = [
        Thing(f"t{n}", f"t{n}", f"t{n}", "sensor", 104 + (n % side) / side, 30 + (n // side) / side)
        for n in range(datastreams)
    ]
    streams = [Datastream(f"t{n}.t", f"t{n}", "t", "t", "t", "t", "Cel", 60) for n in range(datastreams)]
    with lifang.open(folder) as city:
        city.sensing.register(things, streams, by=SYSTEM)
        gateway = city.identity.add_person("gateway", secrets.token_urlsafe(24), roles=[Role.OPERATOR], by=SYSTEM)
        return city.identity.issue_token(gateway.id, "bench", by=SYSTEM)[1]


@contextmanager
def served(folder: Path, log: Path) -> Iterator[tuple[str, int]]:
    """Yield the address and process id of the server of the city in ``folder``; stopped afterwards."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "lifang.doors.cli.main", "serve", "--dir", str(folder), "--port", str(port)]
    with log.open("wb") as told:
        server = subprocess.Popen(command, stdout=told, stderr=told, env=os.environ)
    try:
        _wait(server, f"http://127.0.0.1:{port}/healthz", log)
        yield f"127.0.0.1:{port}", server.pid
    finally:
        server.terminate()
        server.wait(60)


def _wait(server: subprocess.Popen[bytes], address: str, log: Path, patience_s: float = 60) -> None:
    end = time.monotonic() + patience_s
    while time.monotonic() < end and server.poll() is None:
        try:
            with urlopen(address, timeout=2):
                return
        except (URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError(f"the server did not come up:\n{log.read_text('utf-8', 'replace')[-4000:]}")
