"""The power network that a JSON file of pandapower tells: busbars, cables, overhead lines, transformers.

Source: pandapower's documentation, "Datastructure and Elements" (columns and units of each table), and what its
``to_json`` writes, of versions 2 (places in tables of their own) and 3 (places as GeoJSON in the column ``geo``).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from lifang.core import BadInput, check_crs
from lifang.twin.reading.ground import Bed
from lifang.twin.reading.model import Fault, ModelFile
from lifang.twin.reading.networks.laying import laid
from lifang.twin.reading.networks.model import Heights, Line, Network, Node, number

_BEGINNING = re.compile(rb'"_class"\s*:\s*"pandapowerNet"')
_HEAD_BYTES = 4096
_DEGREES = "EPSG:4326"  # that of GeoJSON
_HEIGHTS = Heights("ground taken as at 0 m", cover_m=0.7)  # a cable's least depth in soil by GB 50217
_OVERHEAD_M = 10.0
_CABLE_MM = 100.0
_ASSUMED = "assumed: the file gives none"
_NO_PLACE = "Give the bus a place with pandapower.plotting.geo, and save it again."
_AGAIN = "Save it with pandapower.to_json again."
Columns = Mapping[str, tuple[str, float]]
_BUS: Columns = {"vn_kv": ("voltage_kv", 1.0)}
_LINE: Columns = {
    "length_km": ("length_m", 1000.0),
    "max_i_ka": ("greatest_current_a", 1000.0),
    "r_ohm_per_km": ("resistance_ohm_per_km", 1.0),
    "x_ohm_per_km": ("reactance_ohm_per_km", 1.0),
    "c_nf_per_km": ("capacitance_nf_per_km", 1.0),
    "parallel": ("parallel", 1.0),
}
_TRAFO: Columns = {
    "sn_mva": ("rated_mva", 1.0),
    "vn_hv_kv": ("high_voltage_kv", 1.0),
    "vn_lv_kv": ("low_voltage_kv", 1.0),
}
_AT_BUS = {"load": "load_mw", "sgen": "generation_mw", "gen": "generation_mw"}
_OF_LINE = {"l": "line", "t": "trafo"}  # what a switch stands at
_UNREAD = ("trafo3w", "impedance", "dcline", "ward", "xward", "storage", "motor", "shunt", "asymmetric_load")
Row = Mapping[str, Any]


def is_pandapower(head: bytes) -> bool:
    """Return whether a file that begins with ``head`` (unpacked) is a network of pandapower."""
    return bool(_BEGINNING.search(head[:_HEAD_BYTES]))


def read_pandapower(content: bytes, *, prefix: str, crs: str = "", bed: Bed | None = None) -> ModelFile:
    """Return the network of a JSON file of pandapower; ids are ``prefix:bus:58``, ``prefix:line:12``, ….

    Places are degrees on WGS 84 unless ``crs`` says otherwise; it must be given for a file of version 2. The file tells
    no heights: cables lie in their ``bed``, overhead lines hang over it, and without one the ground is taken as at 0 m;
    ``height_from`` says so. A busbar tells the loads and the generation on it, a line its type, its length, where it is
    switched off, and how loaded the file's own last calculation found it. What lacks a place or is faulty is refused
    with its row. ``BadInput`` if the whole cannot be read.
    """
    told = _Told(_net(content), crs)
    return laid(told.network, prefix=prefix, system=told.system, bed=bed)


def _net(content: bytes) -> Row:
    try:
        net = orjson.loads(content)["_object"]
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise BadInput(f"The file is no network of pandapower: {error}.", mend=_AGAIN) from None
    if not isinstance(net, dict):
        raise BadInput("The file is no network of pandapower.", where="_object", mend=_AGAIN)
    return net


class _Told:
    """The ``network`` that a file tells, its places in ``system``."""

    def __init__(self, net: Row, crs: str) -> None:
        self._net = net
        calculated = ("bus", "line", "trafo") if net.get("converged") is True else ()
        self._found = {each: dict(self._rows(f"res_{each}")) for each in calculated}
        self.network = Network(heights=_HEIGHTS, no_place=_NO_PLACE)
        self._places = {key: (row.get("x"), row.get("y")) for key, row in self._rows("bus_geodata")}
        self._ways = {key: row.get("coords") for key, row in self._rows("line_geodata")}
        if self._places and not crs:
            raise BadInput(
                "The file does not say in which coordinate system its places are.",
                where="crs",
                mend="State it, such as EPSG:31467.",
            )
        self.system = check_crs(crs or _DEGREES)
        self._open = self._open_switches()
        for key, row in self._rows("bus"):
            self._take("bus", key, row, self._bus)
        for key, row in self._rows("line"):
            self._take("line", key, row, self._line)
        for key, row in self._rows("trafo"):
            self._take("trafo", key, row, self._trafo)
        for key, row in self._rows("switch"):
            if row.get("et") == "b":
                self._take("switch", key, row, self._switch)
        if not self.network.nodes:
            why = self.network.faults[0].what if self.network.faults else "It has none."
            raise BadInput(f"The network has no busbars that stand anywhere. {why}", where="bus", mend=_AGAIN)
        self._hang_on()
        self._tell_unread()

    def _rows(self, name: str) -> Iterator[tuple[str, Row]]:
        """Yield the rows of a table, each with its index."""
        if (frame := self._net.get(name)) is None:
            return
        try:
            inner = frame["_object"]
            whole = orjson.loads(inner) if isinstance(inner, str) else inner
            columns = [str(each) for each in whole["columns"]]
            for key, row in zip(whole["index"], whole["data"], strict=True):
                yield str(key), dict(zip(columns, row, strict=True))
        except (KeyError, TypeError, ValueError) as error:
            what = f"The table {name!r} is not as pandapower writes it: {error}."
            raise BadInput(what, where=name, mend=_AGAIN) from None

    def _take(self, group: str, key: str, row: Row, take: Any) -> None:
        try:
            take(key, row)
        except _Unfit as error:
            what = str(error)
        except (ValueError, TypeError, KeyError) as error:
            what = f"It does not hold what it should: {str(error)[:80]}."
        else:
            return
        self.network.faults.append(Fault(f"{group}:{key}"[:80], "syntax", what, "Correct that row.", f"{group} {key}"))

    def _bus(self, key: str, row: Row) -> None:
        told = _numbers(row, _BUS) | self._result("bus", key, "vm_pu", "calculated_voltage_pu")
        told["in_service"] = bool(row.get("in_service", True))
        geo = _geometry(row.get("geo"), "Point")
        at = _pair(self._places.get(key) if geo is None else geo)
        self._check([at] if at else [])
        self.network.nodes[key] = Node("bus", key, "busbar", f"bus {key}", told, at, name=str(row.get("name") or ""))

    def _line(self, key: str, row: Row) -> None:
        overhead = row.get("type") == "ol"
        told = _numbers(row, _LINE) | self._result("line", key, "loading_percent", "calculated_loading_percent")
        told |= {"type": str(row.get("std_type") or ""), "in_service": bool(row.get("in_service", True))}
        if not overhead:
            told |= {"diameter_mm": _CABLE_MM, "diameter_from": _ASSUMED}
        geo = _geometry(row.get("geo"), "LineString")
        way = self._ways.get(key) if geo is None else geo
        ends = self._ends(row["from_bus"], row["to_bus"])
        bends = self._along([each for each in map(_pair, way or ()) if each], ends)
        self._check(bends)
        kind, above = ("overhead line", _OVERHEAD_M) if overhead else ("cable", None)
        self._join(Line("line", key, kind, f"line {key}", ends, told, bends, above, str(row.get("name") or "")))

    def _trafo(self, key: str, row: Row) -> None:
        told = _numbers(row, _TRAFO) | self._result("trafo", key, "loading_percent", "calculated_loading_percent")
        told |= {"type": str(row.get("std_type") or ""), "in_service": bool(row.get("in_service", True))}
        ends = self._ends(row["hv_bus"], row["lv_bus"])
        self._join(Line("trafo", key, "transformer", f"trafo {key}", ends, told, name=str(row.get("name") or "")))

    def _switch(self, key: str, row: Row) -> None:
        told = {"closed": bool(row.get("closed", True)), "type": str(row.get("type") or "")}
        ends = self._ends(row["bus"], row["element"])
        self._join(Line("switch", key, "switch", f"switch {key}", ends, told, name=str(row.get("name") or "")))

    def _join(self, line: Line) -> None:
        if line.id in self._open.get(line.group, {}):
            line.told["open_at"] = ", ".join(f"bus {each}" for each in self._open[line.group][line.id])
        self.network.lines[f"{line.group}:{line.id}"] = line

    def _ends(self, first: Any, last: Any) -> tuple[str, str]:
        for each in (first, last):
            if str(each) not in self.network.nodes:
                raise _Unfit(f"It names bus {str(each)[:40]!r}, which the network does not have.")
        return str(first), str(last)

    def _check(self, places: list[tuple[float, float]]) -> None:
        for lon, lat in places if self.system == _DEGREES else ():
            if not (abs(lon) <= 180 and abs(lat) <= 90):
                raise _Unfit(f"{lon:g}, {lat:g} are no longitude and latitude: state the file's coordinate system.")

    def _along(self, way: list[tuple[float, float]], ends: tuple[str, str]) -> list[tuple[float, float]]:
        """Return a line's way from its first node to its last, whichever way round the file has it."""
        start, end = (self.network.nodes[each].at for each in ends)
        if (
            way
            and start
            and end
            and _apart(way[0], end) + _apart(way[-1], start) < _apart(way[0], start) + _apart(way[-1], end)
        ):
            return way[::-1]
        return way

    def _result(self, table: str, key: str, column: str, ours: str) -> dict[str, Any]:
        """Return what the file's last calculation found, if it came to an end."""
        return _numbers(self._found.get(table, {}).get(key, {}), {column: (ours, 1.0)})

    def _open_switches(self) -> Mapping[str, Mapping[str, list[str]]]:
        found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        for _, row in self._rows("switch"):
            if row.get("closed") is False and row.get("et") in _OF_LINE:
                found[_OF_LINE[row["et"]]][str(row.get("element"))].append(str(row.get("bus")))
        return found

    def _hang_on(self) -> None:
        """Tell each busbar what hangs on it."""
        for table, ours in _AT_BUS.items():
            for key, row in self._rows(table):
                self._take(table, key, row, lambda _, row, ours=ours: self._add_power(ours, row))
        for key, row in self._rows("ext_grid"):
            self._take("ext_grid", key, row, lambda _, row: self._bus_of(row).told.update(external_grid=True))

    def _bus_of(self, row: Row) -> Node:
        return self.network.nodes[self._ends(row["bus"], row["bus"])[0]]

    def _add_power(self, ours: str, row: Row) -> None:
        told = self._bus_of(row).told
        scaling = row.get("scaling")
        power = number(row["p_mw"]) * (1.0 if scaling is None else number(scaling))
        if row.get("in_service", True):
            told[ours] = told.get(ours, 0.0) + power

    def _tell_unread(self) -> None:
        for name in _UNREAD:
            if count := sum(1 for _ in self._rows(name)):
                what = f"{count} rows of {name!r} are not read."
                mend = "Nothing need be done: they are not shown."
                self.network.faults.append(Fault(name, "unread", what, mend, name, "warning"))


class _Unfit(ValueError):
    """A row that breaks a rule; the words say which."""


def _numbers(row: Row, columns: Columns) -> dict[str, Any]:
    return {ours: number(row[each]) * by for each, (ours, by) in columns.items() if row.get(each) is not None}


def _geometry(told: Any, kind: str) -> Any:
    """Return the coordinates of a geometry in GeoJSON, which may be text; ``None`` if there is none."""
    geometry = orjson.loads(told) if isinstance(told, str) and told else told
    if not geometry:
        return None
    if geometry["type"] != kind:
        raise _Unfit(f"Its place is {str(geometry['type'])[:40]!r}, not {kind}.")
    return geometry["coordinates"]


def _pair(told: Any) -> tuple[float, float] | None:
    if not told or told[0] is None or told[1] is None:
        return None
    return number(told[0]), number(told[1])


def _apart(one: tuple[float, float], other: tuple[float, float]) -> float:
    return abs(one[0] - other[0]) + abs(one[1] - other[1])
