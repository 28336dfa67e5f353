"""Registers of machines that speak Modbus/TCP: meters, pumps, lamps, controllers."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, Literal, Self

from pydantic import Field, model_validator
from pymodbus import ModbusException
from pymodbus.client import ModbusTcpClient

from lifang.core import BadInput, Unavailable, to_micros
from lifang.outside import Guarded, permitted_addresses
from lifang.sensing.connectors.mapping import Issue, Part, Record
from lifang.sensing.connectors.running.model import ConnectorSpec, Context, Portion

_WORDS = {
    "int16": ("h", 1),
    "uint16": ("H", 1),
    "int32": ("i", 2),
    "uint32": ("I", 2),
    "float32": ("f", 2),
    "int64": ("q", 4),
    "uint64": ("Q", 4),
    "float64": ("d", 4),
}
_REGISTERS_MAX, _BITS_MAX = 125, 2000  # of one request: Modbus Application Protocol V1.1b3 §6.1, §6.3
_GAP = 8  # unasked registers between two that are read together
_BITS = frozenset({"coil", "discrete"})


class Register(Part):
    """Keys of ``[[source.registers]]``."""

    name: str = Field(min_length=1, max_length=64, description="The field's name.")
    table: Literal["holding", "input", "coil", "discrete"] = Field("holding", description="Which of the four tables.")
    address: int = Field(ge=0, le=65_535, description="The address as sent, from 0 (not 40001).")
    type: Literal["int16", "uint16", "int32", "uint32", "float32", "int64", "uint64", "float64", "bool"] = Field(
        "uint16", description="How the registers are read; coils and discrete inputs are `bool`."
    )
    word_order: Literal["big", "little"] = Field("big", description="Which register of several comes first.")
    byte_order: Literal["big", "little"] = Field("big", description="Which byte of a register comes first.")

    @property
    def size(self) -> int:
        """How many addresses it takes."""
        return 1 if self.table in _BITS else _WORDS[self.type][1]

    @model_validator(mode="after")
    def _check_type(self) -> Self:
        if (self.table in _BITS) != (self.type == "bool"):
            raise BadInput(
                f"A {self.table} cannot be {self.type}.", mend="Coils and discrete inputs are bool, only they."
            )
        if self.address + self.size > 65_536:
            raise BadInput("The register lies beyond the last address.", mend="Addresses are 0 to 65535.")
        return self


class Options(Guarded):
    """Keys of ``[source]``."""

    host: str = Field(min_length=1, max_length=253, description="The machine's name or address.")
    port: int = Field(502, ge=1, le=65_535, description="Its port.")
    device: int = Field(1, ge=0, le=255, description="The device (unit) behind that address.")
    timeout_s: float = Field(3.0, ge=0.1, le=60, description="Seconds to wait for one answer.")
    registers: list[Register] = Field(min_length=1, max_length=2000, description="What to read.")

    @model_validator(mode="after")
    def _check_names(self) -> Self:
        names = [each.name for each in self.registers]
        if len(set(names)) != len(names):
            raise BadInput("Two registers have one name.", mend="Give each its own.")
        return self


spec = ConnectorSpec(
    id="modbus",
    zh="Modbus/TCP 设备",
    en="Modbus/TCP machine",
    says=(
        "按寄存器表读取 Modbus/TCP 设备：四种表、整数与浮点、字序与字节序、比例；"
        "相邻寄存器合并读取，坏地址只影响自己。",
        "Reads a Modbus/TCP machine by a map of registers: the four tables, integers and floats, order of words and "
        "bytes, scale. Neighbours are read together; a bad address costs only itself.",
    ),
    options=Options,
    citation="Modbus Application Protocol Specification V1.1b3; Modbus Messaging on TCP/IP V1.0b",
    reads=("machine",),
    fields={"<register's name>": "its number"},
    example="""\
kind = "modbus"
zh = "一号泵站"
en = "Pumping station 1"
every_s = 5
classification = "shared"

[source]
host = "10.20.0.7"
allow = ["10.20.0.7"]
port = 502
device = 1

[[source.registers]]
name = "level"
table = "input"
address = 10
type = "int16"

[[source.registers]]
name = "power"
table = "holding"
address = 20
type = "float32"
word_order = "little"

[[source.registers]]
name = "running"
table = "coil"
address = 0
type = "bool"

[thing]
id = "pump-1"
zh = "一号泵站"
en = "Pumping station 1"
kind = "pumping station"
lon = 104.06
lat = 30.57

[[values]]
field = "level"
zh = "水位"
en = "Water level"
unit = "m"
source_unit = "cm"
scale = 0.1
period_s = 5

[[values]]
field = "power"
zh = "功率"
en = "Power"
unit = "kW"
source_unit = "W"

[[values]]
field = "running"
zh = "运行"
en = "Running"
unit = "1"
""",
)


def pull(options: Options, checkpoint: Mapping[str, Any], context: Context) -> Iterator[Portion]:
    """Yield one record: what every register says now."""
    del checkpoint
    where = f"{options.host}:{options.port}"
    address = permitted_addresses(options.host, options.port, options.networks)[0]
    client: Any = ModbusTcpClient(address, port=options.port, timeout=options.timeout_s, retries=0)
    fields: dict[str, Any] = {}
    issues: list[Issue] = []
    try:
        if not client.connect():
            raise Unavailable("The machine does not answer.", where=where, mend="Check its power, cable and address.")
        for block in _blocks(options.registers):
            context.check()
            _read(client, block, options.device, fields, issues, where)
    except (ModbusException, OSError) as error:
        if isinstance(error, Unavailable):
            raise
        raise Unavailable(f"The machine stopped answering: {error}.", where=where, mend="It is tried again.") from error
    finally:
        client.close()
    if not fields:
        raise BadInput("The machine knows none of these registers.", where=where, mend=issues[0].mend)
    yield Portion(where, records=[Record(1, fields, to_micros(context.clock.now()))], issues=issues)


def _blocks(registers: Sequence[Register]) -> Iterator[list[Register]]:
    """Yield registers that one request reads: of one table, near each other, not too many."""
    ordered = sorted(registers, key=lambda each: (each.table, each.address))
    for table, group in groupby(ordered, key=lambda each: each.table):
        most = _BITS_MAX if table in _BITS else _REGISTERS_MAX
        block: list[Register] = []
        for each in group:
            near = block and each.address - _end(block) <= _GAP and each.address + each.size - block[0].address <= most
            if block and not near:
                yield block
                block = []
            block.append(each)
        yield block


def _end(block: Sequence[Register]) -> int:
    return max(each.address + each.size for each in block)


def _read(
    client: Any,
    block: Sequence[Register],
    device: int,
    fields: dict[str, Any],
    issues: list[Issue],
    where: str,
) -> None:
    """Read a block; if the machine refuses it, read its registers one by one, so that only the bad one is missing."""
    start, table = block[0].address, block[0].table
    ask = {
        "holding": client.read_holding_registers,
        "input": client.read_input_registers,
        "coil": client.read_coils,
        "discrete": client.read_discrete_inputs,
    }[table]
    answer = ask(start, count=_end(block) - start, device_id=device)
    if not answer.isError():
        told = answer.bits if table in _BITS else answer.registers
        fields |= {each.name: _number(each, told[each.address - start :]) for each in block}
    elif len(block) > 1:
        for each in block:
            _read(client, [each], device, fields, issues, where)
    else:
        each = block[0]
        mend = f"The machine refused {table} {each.address} (exception {getattr(answer, 'exception_code', '?')})."
        issues.append(
            Issue(where, 1, each.name, str(each.address), "register", f"{mend} Correct the map of registers.")
        )


def _number(register: Register, told: Sequence[Any]) -> Any:
    if register.table in _BITS:
        return bool(told[0])
    sign, size = _WORDS[register.type]
    words = list(told[:size])
    if register.word_order == "little":
        words.reverse()
    packed = struct.pack(f"{'>' if register.byte_order == 'big' else '<'}{size}H", *words)
    return struct.unpack(f">{sign}", packed)[0]
