"""The server as a process: it says when it is ready, and is gone soon after Ctrl-C, streams open or not."""

from __future__ import annotations

import resource
import runpy
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from lifang.core import Conflict
from lifang.doors.api.serve import _FILES, _listen
from lifang.doors.cli.hosting import is_page_behind

pytestmark = pytest.mark.slow

_PROGRAM = """
import sys
import lifang
from lifang.doors.api import serve
serve(lifang.open(sys.argv[1]), port=0, ready=lambda address: print(address, flush=True))
print("closed", flush=True)
"""
_CITY = 'id = "c"\nname_zh = "城"\nname_en = "c"\narea_code = "510100"\n'


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """One server for all, which the last test stops."""
    home = tmp_path_factory.mktemp("served")
    (home / "city.toml").write_text(_CITY, "utf-8")
    command = ["sh", "-c", 'ulimit -S -n 256; exec "$@"', "sh", sys.executable, "-c", _PROGRAM, str(home)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        yield process, process.stdout.readline().strip()
        process.kill()


def test_the_server_does_not_tell_what_it_runs_on(server: tuple[subprocess.Popen[str], str]) -> None:
    _, address = server
    answer = httpx.get(f"{address}api/v1/city")
    assert "server" not in answer.headers
    assert answer.json()["id"] == "c"


def test_the_server_may_hold_as_many_connections_as_the_system_allows(
    server: tuple[subprocess.Popen[str], str],
) -> None:
    soft, hard = resource.prlimit(server[0].pid, resource.RLIMIT_NOFILE)
    assert soft == (hard if 0 < hard < _FILES else _FILES) > 256


def test_an_announced_upload_of_five_gigabytes_is_refused_without_reading_it(
    server: tuple[subprocess.Popen[str], str],
) -> None:
    _, address = server
    host, port = address.removeprefix("http://").rstrip("/").split(":")
    head = f"POST /api/v1/datasets HTTP/1.1\r\nHost: {host}\r\nContent-Length: 5000000000\r\n\r\n"
    with socket.create_connection((host, int(port)), timeout=5) as line:
        line.sendall(head.encode())
        assert line.recv(100).startswith(b"HTTP/1.1 413 ")


def test_a_taken_port_is_a_conflict_that_says_what_to_do() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(Conflict, match="Port"):
            _listen("127.0.0.1", taken.getsockname()[1])


def test_ctrl_c_stops_it_quickly_and_cleanly_though_a_stream_is_open(server: tuple[subprocess.Popen[str], str]) -> None:
    process, address = server
    assert address.startswith("http://127.0.0.1:")
    with httpx.stream("GET", f"{address}events", timeout=10) as stream:
        lines = stream.iter_lines()
        assert next(lines) == "retry: 3000"
        assert httpx.get(f"{address}healthz").json()["status"] == "ok"
        start = time.monotonic()
        process.send_signal(signal.SIGINT)
        list(lines)
    out, err = process.communicate(timeout=10)
    assert time.monotonic() - start < 3
    assert process.returncode == 0
    assert out == "closed\n"
    assert "Traceback" not in err


def test_a_page_older_than_its_sources_is_known_in_a_checkout_and_never_looked_for_elsewhere(tmp_path: Path) -> None:
    builder, source = tmp_path / "tools" / "build_page.py", tmp_path / "page" / "src" / "main.ts"
    site = tmp_path / "src" / "lifang" / "doors" / "page" / "site"
    assert not is_page_behind(builder)
    for folder in (builder.parent, source.parent, site):
        folder.mkdir(parents=True)
    shutil.copy(Path(__file__).parents[3] / "tools" / "build_page.py", builder)
    source.write_text("first")
    assert is_page_behind(builder)  # it was never built
    (site / "source.sha256").write_text(runpy.run_path(str(builder))["source_hash"]())
    assert not is_page_behind(builder)
    source.write_text("second")
    assert is_page_behind(builder)
