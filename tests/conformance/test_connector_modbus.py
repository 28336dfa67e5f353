"""Modbus against pymodbus's own simulator: types, orders of words and bytes, blocks, bad addresses."""

from __future__ import annotations

import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from connector_worlds.modbus import Machine, free_port
from pymodbus.simulator import DataType, SimData

from lifang.core import SystemClock
from lifang.sensing.connectors.modbus import Options, pull
from lifang.sensing.connectors.running import Context, Portion


def words(form: str, number: float) -> list[int]:
    packed = struct.pack(f">{form}", number)
    return [int.from_bytes(packed[place : place + 2], "big") for place in range(0, len(packed), 2)]


def swapped(values: list[int]) -> list[int]:
    return [(value >> 8) | ((value & 0xFF) << 8) for value in values]


REGISTERS = {
    0: words("h", -1234),
    1: words("H", 65_000),
    2: words("i", -70_000),
    4: list(reversed(words("I", 4_000_000_000))),
    6: words("f", 12.5),
    8: list(reversed(words("d", -0.1))),
    12: words("q", -(2**40)),
    16: swapped(words("f", 3.25)),
    60: words("H", 7),
}


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    number = free_port()
    blocks = [SimData(at, values=each, datatype=DataType.REGISTERS) for at, each in REGISTERS.items()]
    bits = [SimData(100, values=[True, False, True, False], datatype=DataType.BITS)]
    machine = Machine(number, (bits, bits, blocks, blocks))
    yield number
    machine.close()


def asked(port: int, *registers: dict[str, Any]) -> Portion:
    told = {"host": "127.0.0.1", "port": port, "allow": ["127.0.0.1"], "registers": list(registers), "timeout_s": 1.0}
    context = Context("m", Path(), SystemClock(), None, (0, 0), 10.0)  # type: ignore[arg-type]
    (portion,) = pull(Options.model_validate(told), {}, context)
    return portion


def register(name: str, address: int, kind: str, **more: str) -> dict[str, Any]:
    return {"name": name, "address": address, "type": kind, **more}


def test_every_type_and_order_is_read_as_the_machine_means_it(port: int) -> None:
    portion = asked(
        port,
        register("a", 0, "int16"),
        register("b", 1, "uint16"),
        register("c", 2, "int32"),
        register("d", 4, "uint32", word_order="little"),
        register("e", 6, "float32"),
        register("f", 8, "float64", word_order="little"),
        register("g", 12, "int64"),
        register("h", 16, "float32", byte_order="little"),
    )
    assert portion.records[0].data == {
        "a": -1234,
        "b": 65_000,
        "c": -70_000,
        "d": 4_000_000_000,
        "e": 12.5,
        "f": -0.1,
        "g": -(2**40),
        "h": 3.25,
    }
    assert portion.issues == []


def test_the_other_tables_are_read_too(port: int) -> None:
    portion = asked(
        port,
        register("input", 60, "uint16", table="input"),
        *(register(f"coil{n}", 100 + n, "bool", table="coil") for n in range(3)),
        register("discrete", 102, "bool", table="discrete"),
    )
    assert portion.records[0].data == {"input": 7, "coil0": True, "coil1": False, "coil2": True, "discrete": True}


def test_a_bad_address_costs_only_itself(port: int) -> None:
    portion = asked(port, register("good", 0, "int16"), register("bad", 19, "uint16"), register("far", 60, "uint16"))
    assert portion.records[0].data == {"good": -1234, "far": 7}
    (issue,) = portion.issues
    assert (issue.column, issue.value, issue.rule) == ("bad", "19", "register")


@pytest.mark.parametrize(
    "wrong",
    [
        {"registers": []},
        {"registers": [register("a", 0, "int16"), register("a", 1, "int16")]},
        {"registers": [register("a", 0, "bool")]},
        {"registers": [register("a", 0, "int16", table="coil")]},
        {"registers": [register("a", 65_535, "int32")]},
        {"registers": [register("a", 70_000, "int16")]},
        {"port": 0},
        {"device": 300},
        {"allow": ["broker.example"]},
    ],
)
def test_a_map_that_no_machine_has_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Options.model_validate({"host": "127.0.0.1", "registers": [register("a", 0, "int16")], **wrong})
