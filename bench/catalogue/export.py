"""A full CSV export over HTTP of 1,000,000 rows x 6 columns, beside Datasette streaming the same rows in one run.

Run ``python -m bench.catalogue.export [rows]``. Datasette is put into a temporary virtual environment by pip; with
``LIFANG_BENCH_DATASETTE`` set to a python that has it, that one is taken. Both serve on loopback, one client reads;
memory is the server's peak (VmHWM) before and after. At the end lifang's server is killed in the middle of an export,
which the client must be able to tell from a whole one.
"""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import IncompleteRead
from pathlib import Path
from urllib.request import urlopen

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

import lifang
from bench._peers.city import served
from bench._peers.processor import cost_of
from lifang.app import lay_out_empty
from lifang.catalogue import Card
from lifang.guard import SYSTEM

_PIECE = 1 << 20
CARD = {
    "id": "bench",
    "classification": "open",
    "columns": {
        "code": {"type": "text"},
        "time": {"type": "time"},
        "area": {"type": "text"},
        "value": {"type": "number"},
        "count": {"type": "integer"},
        "note": {"type": "text"},
    },
}


def rows_of(count: int) -> pa.Table:
    draw = np.random.default_rng(7)
    index = np.arange(count)
    return pa.table(
        {
            "code": [f"CD{number:08d}" for number in index],
            "time": pa.array(index * 1_000_000 + 1_546_300_800_000_000, pa.timestamp("us", tz="UTC")),
            "area": pa.array(np.array(["510104", "510105", "510106"])[draw.integers(0, 3, count)]),
            "value": np.round(draw.gamma(4, 15, count), 1),
            "count": draw.integers(0, 5000, count),
            "note": pa.array([f"观测 note {number % 977}" for number in index]),
        }
    )


def peak_mb(pid: int) -> float:
    line = next(each for each in Path(f"/proc/{pid}/status").read_text().splitlines() if each.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def read(url: str) -> tuple[float, int, int, str]:
    """Return seconds, lines without the head, bytes, and the number of rows that the answer tells."""
    start, lines, size = time.perf_counter(), 0, 0
    with urlopen(url, timeout=600) as answer:
        told = answer.headers.get("X-Lifang-Rows", "")
        while piece := answer.read(_PIECE):
            lines, size = lines + piece.count(b"\n"), size + len(piece)
    return time.perf_counter() - start, lines - 1, size, told


def interrupted(url: str, pid: int) -> str:
    """Return how an export ends for the client when the server is killed in the middle of it."""
    lines = 0
    with urlopen(url, timeout=60) as answer:
        told = int(answer.headers["X-Lifang-Rows"])
        try:
            while piece := answer.read(_PIECE):
                lines += piece.count(b"\n")
                if lines > told / 4:
                    os.kill(pid, signal.SIGKILL)
        except (IncompleteRead, ConnectionError) as error:
            return (
                f"told by the protocol ({type(error).__name__}) after about {lines:,} of the {told:,} rows that it said"
            )
    return f"NOT TOLD by the protocol: {lines:,} lines came, {told:,} rows were said"


@contextmanager
def datasette(table: pa.Table, folder: Path) -> Iterator[tuple[str, int]]:
    """Yield address and process id of a Datasette that serves the rows, streaming allowed without bound."""
    python = os.environ.get("LIFANG_BENCH_DATASETTE", "")
    if not python:
        venv.create(folder / "venv", with_pip=True)
        python = str(folder / "venv" / "bin" / "python")
        subprocess.run([python, "-m", "pip", "install", "--quiet", "datasette"], check=True)
    connection = sqlite3.connect(folder / "peer.db")
    connection.execute("CREATE TABLE bench (code TEXT, time TEXT, area TEXT, value REAL, count INTEGER, note TEXT)")
    columns = [each.to_pylist() for each in table.set_column(1, "time", table["time"].cast(pa.string())).columns]
    connection.executemany("INSERT INTO bench VALUES (?, ?, ?, ?, ?, ?)", zip(*columns, strict=True))
    connection.commit()
    connection.close()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--setting", "max_csv_mb", "0", "--setting", "allow_csv_stream", "on", "-p", str(port)]
    server = subprocess.Popen([python, "-m", "datasette", "serve", str(folder / "peer.db"), *options],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    try:
        for _ in range(300):
            try:
                urlopen(f"http://127.0.0.1:{port}/-/versions.json", timeout=2).close()
                break
            except OSError:
                time.sleep(0.1)
        yield f"127.0.0.1:{port}", server.pid
    finally:
        server.terminate()
        server.wait(60)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    peer_count = min(count, int(sys.argv[2]) if len(sys.argv) > 2 else 200_000)
    table = rows_of(count)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        lay_out_empty(folder / "city", city_id="bench", name="bench", area_code="510100")
        with lifang.open(folder / "city") as city:
            pa_csv.write_csv(table, folder / "bench.csv")
            city.catalogue.add(folder / "bench.csv", name="bench.csv", card=Card.from_mapping(CARD), by=SYSTEM)
        with served(folder / "city", folder / "log") as (address, pid):
            url = f"http://{address}/api/v1/datasets/bench/rows?format=csv"
            read(f"{url}&limit=1000")
            before, cost = peak_mb(pid), cost_of([pid])
            runs = [read(url) for _ in range(3)]
            after, busy_s = peak_mb(pid), (cost_of([pid]) - cost).busy_ms / 1000 / len(runs)
            cut = interrupted(url, pid)
        best = min(runs)
        with datasette(table.slice(0, peer_count), folder) as (address, pid):
            read(f"http://{address}/peer/bench.csv?_size=100")
            cost = cost_of([pid])
            theirs = read(f"http://{address}/peer/bench.csv?_stream=on")
            peer_busy_s = (cost_of([pid]) - cost).busy_ms / 1000
            peer_memory = peak_mb(pid)
    assert best[1] == count == int(best[3])
    assert theirs[1] == peer_count
    rate, peer_rate = count / best[0], peer_count / theirs[0]
    print(f"lifang: {count:,} rows x 6 columns, {best[2] / 1e6:.0f} MB in {best[0]:.2f} s (best of {len(runs)}): "
          f"{rate:,.0f} rows/s (at least 1,000,000 wanted), {count / busy_s:,.0f} per second of CPU")  # fmt: skip
    print(f"lifang server's peak memory: {after:.0f} MB, {before:.0f} MB before the exports")
    print(f"Datasette: {peer_count:,} of the rows in {theirs[0]:.2f} s: {peer_rate:,.0f} rows/s, {peer_memory:.0f} MB")
    by_cpu = (count / busy_s) / (peer_count / peer_busy_s)
    print(f"ratio (rows/s, lifang / Datasette): {rate / peer_rate:.1f}; by processor time {by_cpu:.1f}")
    print(f"an interrupted export: {cut}")


if __name__ == "__main__":
    main()
