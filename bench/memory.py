"""Memory and second start of a served Chengdu: run ``python -m bench.memory``. Linux only (reads /proc)."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx

_CALLS = (
    "/",
    "/api/v1/city",
    "/api/v1/datasets",
    "/api/v1/datasets/districts/rows?format=geojson",
    "/api/v1/datasets/roads/rows?format=geojson",
    "/api/v1/datasets/air_hourly_2019/rows?format=csv",
    "/api/v1/scenes/air_quality_early_warning",
    "/api/v1/observations?datastream=cnemc-1431a.pm2.5&points=500",
)
_LIVES_S = 30


def _memory_mb(pid: int) -> dict[str, float]:
    lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    found = dict(line.split(":", 1) for line in lines)
    return {name: int(found[name].split()[0]) / 1000 for name in ("VmRSS", "VmHWM")}


def _start(folder: str, port: int) -> tuple[subprocess.Popen[bytes], float]:
    command = [Path(sys.executable).with_name("lifang"), "demo", "chengdu", "--dir", folder, "--port", str(port)]
    begun = time.monotonic()
    process = subprocess.Popen([*command, "--speed", "3600", "--no-browser"], stdout=subprocess.DEVNULL)
    while process.poll() is None:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=1).status_code == 200:
                return process, time.monotonic() - begun
        except httpx.TransportError:
            time.sleep(0.05)
    raise SystemExit("lifang demo ended")


def main() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        for turn in ("first", "second"):
            process, took_s = _start(folder, port)
            print(f"{turn} start: {took_s:.1f} s")
            if turn == "second":
                for path in _CALLS * 3:
                    httpx.get(f"http://127.0.0.1:{port}{path}", timeout=60).raise_for_status()
                time.sleep(_LIVES_S)
                memory = _memory_mb(process.pid)
                print(f"memory of the served city: {memory['VmRSS']:.0f} MB now, {memory['VmHWM']:.0f} MB at most")
            process.send_signal(signal.SIGINT)
            process.wait(timeout=30)


if __name__ == "__main__":
    main()
