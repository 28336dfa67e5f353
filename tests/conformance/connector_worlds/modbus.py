"""A machine whose first register counts up: pymodbus's own simulator."""

from __future__ import annotations

import asyncio
import socket
import threading
from pathlib import Path
from typing import Any

from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from connector_worlds import Values


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Machine:
    """A Modbus server on a thread of its own; holding registers as given, and 10 to 13 of its own."""

    def __init__(self, port: int, blocks: Any) -> None:
        self.port = port
        self._blocks = blocks
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),), daemon=True)
        self._thread.start()
        if not self._ready.wait(10):
            raise TimeoutError("the simulator did not start")

    async def _serve(self) -> None:
        device = SimDevice(1, simdata=self._blocks)
        self.server = ModbusTcpServer(device, address=("127.0.0.1", self.port))
        await self.server.serve_forever(background=True)
        self._stop = asyncio.Event()
        self._ready.set()
        await self._stop.wait()
        await self.server.shutdown()

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(timeout=10)
        self._loop.close()


class World:
    timed = False
    there = True
    secrets: dict[str, str] = {}  # noqa: RUF012

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.count = 0
        self.odd = False
        self.machine: Machine | None = None
        self.mend()

    @property
    def config(self) -> str:
        odd = '[[source.registers]]\nname = "odd"\naddress = 999\n' if self.odd else ""
        value = '[[values]]\nfield = "odd"\nunit = "1"\n' if self.odd else ""
        return f"""
kind = "modbus"
every_s = 0.1
limit_s = 5
retry_s = 0.1
retry_max_s = 0.4
classification = "open"
[source]
host = "127.0.0.1"
allow = ["127.0.0.1"]
port = {self.port}
timeout_s = 1
[[source.registers]]
name = "counter"
address = 10
type = "uint32"
{odd}
[thing]
id = "meter-1"
lon = 104.0
lat = 30.6
[[values]]
field = "counter"
unit = "kW"
source_unit = "W"
scale = 1000
{value}
"""

    def say(self, count: int) -> None:
        self.count += count
        self.fail()
        self.mend()

    def expected(self) -> Values:
        return {("meter-1.counter", number): float(number) for number in range(self.count + 1)}

    def things(self) -> set[str]:
        return {"meter-1"}

    def fail(self) -> None:
        if self.machine:
            self.machine.close()
            self.machine = None

    def mend(self) -> None:
        self.machine = Machine(self.port, [SimData(10, values=self.count, datatype=DataType.UINT32)])

    def say_nonsense(self) -> tuple[str, str]:
        self.odd = True
        return "odd", "register"

    def close(self) -> None:
        self.fail()
