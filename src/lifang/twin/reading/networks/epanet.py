"""The water network that an EPANET input file tells: its nodes and links in SI units, each with its line.

Source: Rossman et al., EPANET 2.2 User Manual (EPA/600/R-20/133), appendix A (units) and C.2 (the input file).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lifang.core import BadInput, check_crs
from lifang.twin.reading.ground import Bed
from lifang.twin.reading.model import Fault, ModelFile
from lifang.twin.reading.networks.laying import laid
from lifang.twin.reading.networks.model import Heights, Line, Network, Node, number

_FT_M, _INCH_MM = 0.3048, 25.4
_US_L_S = {"CFS": 28.316846592, "GPM": 0.0630901964, "MGD": 43.8126363889, "IMGD": 52.6168042, "AFD": 14.2764101568}
_SI_L_S = {"LPS": 1.0, "LPM": 1 / 60, "MLD": 1e6 / 86_400, "CMH": 1 / 3.6, "CMD": 1 / 86.4, "CMS": 1000.0}
_MIL_FT_MM = 0.3048
_ROUGHNESS = {"H-W": "roughness_hazen_williams", "D-W": "roughness_mm", "C-M": "roughness_manning"}
_NODES = {"JUNCTIONS": "junction", "RESERVOIRS": "reservoir", "TANKS": "tank"}
_LINKS = {"PIPES": "pipe", "PUMPS": "pump", "VALVES": "valve"}
_HEADING = re.compile(r"\[\s*([A-Za-z]+)")
_BEGINNING = re.compile(rb"^\s*\[(?:TITLE|JUNCTIONS)\]", re.IGNORECASE | re.MULTILINE)
_HEAD_BYTES = 4096
_HEIGHTS = Heights("elevation of nodes, as given")
_NO_PLACE = "Add it to [COORDINATES]."


def is_epanet(head: bytes) -> bool:
    """Return whether a file that begins with ``head`` (unpacked) is an input file of EPANET."""
    return bool(_BEGINNING.search(head[:_HEAD_BYTES]))


def read_epanet(content: bytes, *, prefix: str, crs: str, bed: Bed | None = None) -> ModelFile:
    """Return the network of an EPANET input file; ids are ``prefix:node:J-1`` and ``prefix:link:P-1``.

    ``crs`` is the coordinate system of its coordinates. Pipes lie in their ``bed``; without one, and where its ground
    is not known, straight between the elevations of their nodes: ``height_from`` of each says which. Properties are in
    SI units; ``from`` and ``to`` of a link are ids of objects; the ``axis`` of its shape is its way (longitude,
    latitude, metres). What lacks a place or is faulty is refused with its line. ``BadInput`` if the whole cannot be
    read.
    """
    if not crs:
        raise BadInput(
            "An EPANET file does not say in which coordinate system its coordinates are.",
            where="crs",
            mend="State it, such as EPSG:3547.",
        )
    return laid(_Told(_decoded(content)).network, prefix=prefix, system=check_crs(crs), bed=bed)


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


@dataclass(frozen=True)
class _Units:
    length_m: float
    diameter_mm: float
    flow_l_s: float
    roughness: str
    roughness_factor: float = 1.0

    @classmethod
    def of(cls, options: Mapping[str, tuple[str, int]]) -> _Units:
        flow, line = options.get("UNITS", ("GPM", 0))
        loss, at = options.get("HEADLOSS", ("H-W", 0))
        if flow not in _US_L_S and flow not in _SI_L_S:
            known = ", ".join((*_US_L_S, *_SI_L_S))
            raise BadInput(f"{flow[:40]!r} is no unit of flow.", where=f"line {line}", mend=f"Use {known}.")
        if loss not in _ROUGHNESS:
            mend = f"Use {', '.join(_ROUGHNESS)}."
            raise BadInput(f"{loss[:40]!r} is no formula of head loss.", where=f"line {at}", mend=mend)
        if flow in _US_L_S:
            return cls(_FT_M, _INCH_MM, _US_L_S[flow], _ROUGHNESS[loss], _MIL_FT_MM if loss == "D-W" else 1.0)
        return cls(1.0, 1.0, _SI_L_S[flow], _ROUGHNESS[loss])


class _Told:
    """The ``network`` that a file's text tells."""

    def __init__(self, text: str) -> None:
        self.network = Network(heights=_HEIGHTS, no_place=_NO_PLACE)
        self._nodes, self._links = self.network.nodes, self.network.lines
        lines = list(_told(text))
        options = {each[0].upper(): (each[1].upper(), at) for name, each, at in lines if name == "OPTIONS" and each[1:]}
        self._units = _Units.of(options)
        for sections, take in self._takers():
            for name, words, at in lines:
                if name in sections:
                    self._taken(take, name, words, at)
        if not self._nodes:
            raise BadInput("The network has no junctions.", where="[JUNCTIONS]", mend="Save it from EPANET again.")

    def _takers(self) -> list[tuple[tuple[str, ...], Callable[[str, list[str], int], None]]]:
        """Return who takes which sections, in the order in which they build on each other."""
        return [
            (tuple(_NODES), self._node),
            (tuple(_LINKS), self._link),
            (("DEMANDS",), self._demand),
            (("STATUS",), self._status),
            (("COORDINATES",), self._place),
            (("VERTICES",), self._bend),
        ]

    def _taken(self, take: Callable[[str, list[str], int], None], name: str, words: list[str], at: int) -> None:
        try:
            take(name, words, at)
        except (ValueError, IndexError, KeyError) as error:
            if isinstance(error, _Unfit):
                what = str(error)
            elif isinstance(error, KeyError):
                what = f"[{name}] names {str(error.args[0])[:40]!r}, which the network does not have."
            else:
                what = f"[{name}] does not hold what it should: {' '.join(words)[:80]!r}."
            self.network.faults.append(Fault(words[0], "syntax", what, "Correct that line.", f"line {at}"))

    def _node(self, name: str, words: list[str], at: int) -> None:
        _once(self._nodes, words[0], "node")
        metres = self._units.length_m
        told: dict[str, Any] = {"elevation_m": number(words[1]) * metres}
        if name == "RESERVOIRS":
            told = {"head_m": told["elevation_m"]}
        elif name == "TANKS":
            names = ("initial_level_m", "least_level_m", "greatest_level_m", "tank_diameter_m")
            told |= {each: number(word) * metres for each, word in zip(names, words[2:6], strict=True)}
        else:
            told["demand_l_s"] = (number(words[2]) if words[2:] else 0.0) * self._units.flow_l_s
        floor = told["head_m" if name == "RESERVOIRS" else "elevation_m"]
        self._nodes[words[0]] = Node("node", words[0], _NODES[name], f"line {at}", told, floor_m=floor)

    def _link(self, name: str, words: list[str], at: int) -> None:
        _once(self._links, words[0], "link")
        for each in words[1:3]:
            self._nodes[each]
        units, told = self._units, {}
        if name == "PIPES":
            told = {
                "length_m": _positive(words[3], "length") * units.length_m,
                "diameter_mm": _positive(words[4], "diameter") * units.diameter_mm,
                units.roughness: number(words[5]) * units.roughness_factor,
                "status": words[7] if words[7:] else "Open",
            }
        elif name == "VALVES":
            told = {"diameter_mm": _positive(words[3], "diameter") * units.diameter_mm, "valve": words[4].upper()}
        else:
            told = {"pump": " ".join(words[3:])}
        self._links[words[0]] = Line("link", words[0], _LINKS[name], f"line {at}", (words[1], words[2]), told)

    def _demand(self, _: str, words: list[str], _line: int) -> None:
        """A junction's demands stand in place of that of its own line, and add up."""
        told = self._nodes[words[0]].told
        before = told["demand_l_s"] if told.get("demand_from") else 0.0
        told |= {"demand_l_s": before + number(words[1]) * self._units.flow_l_s, "demand_from": "DEMANDS"}

    def _status(self, _: str, words: list[str], _line: int) -> None:
        self._links[words[0]].told["status"] = words[1]

    def _place(self, _: str, words: list[str], _line: int) -> None:
        self._nodes[words[0]].at = (number(words[1]), number(words[2]))

    def _bend(self, _: str, words: list[str], _line: int) -> None:
        self._links[words[0]].bends.append((number(words[1]), number(words[2])))


class _Unfit(ValueError):
    """A line that breaks a rule; the words say which."""


def _told(text: str) -> Iterator[tuple[str, list[str], int]]:
    """Yield the section, the words and the number of each line that says something."""
    section = ""
    for at, line in enumerate(text.splitlines(), start=1):
        said = line.partition(";")[0].strip()
        heading = _HEADING.match(said)
        if heading:
            section = heading[1].upper()
        if section == "END":
            return
        if said and not heading and section != "TITLE":
            yield section, said.split(), at


def _once(there: Mapping[str, Any], own_id: str, what: str) -> None:
    if own_id in there:
        raise _Unfit(f"There is a {what} {own_id[:40]!r} already, on {there[own_id].where}.")


def _positive(word: str, what: str) -> float:
    found = number(word)
    if found <= 0:
        raise _Unfit(f"The {what} is {found:g}.")
    return found
