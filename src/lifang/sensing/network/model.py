"""What the network is made of: models of devices, devices, the links that carry them, what happened to each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import IntEnum
from typing import Any

from lifang.core import BadInput, format_instant
from lifang.guard import Classification, Resource
from lifang.sensing.model import UNNUMBERED, check_id
from lifang.sensing.quality import check_limits
from lifang.standards import code_list
from lifang.store import Row

DEVICE_STATES = ("in_service", "maintenance", "retired")
LINK_STATES = ("up", "down")
_MADE = frozenset({"created", "updated"})


class Health(IntEnum):
    """How a device is, as seen from what arrives; the worse the higher, but for ``EXPLAINED``."""

    OK = 0
    UNKNOWN = 1
    EXPLAINED = 2
    SUSPECT = 3
    PARTIAL = 4
    SILENT = 5

    @property
    def word(self) -> str:
        """The name in interfaces, such as ``silent``."""
        return self.name.lower()


HEALTH_NAMES: Mapping[Health, tuple[str, str]] = {
    Health.OK: ("正常", "well"),
    Health.UNKNOWN: ("无数据", "no values"),
    Health.EXPLAINED: ("链路中断", "silent because its link is down"),
    Health.SUSPECT: ("数据存疑", "its values or its clock are doubted"),
    Health.PARTIAL: ("部分失联", "some of its datastreams are silent"),
    Health.SILENT: ("失联", "silent"),
}


@dataclass(frozen=True)
class DeviceModel:
    """A make of device: what it measures, how often, by which protocol, within which limits.

    ``measures``: ``{property, unit, period_s}`` each, with limits for the quality rules (``minimum``, ``max_step`` …),
    which hold for datastreams that declare none themselves. ``battery_low`` in per cent.
    """

    id: str
    device_type: str
    manufacturer: str
    zh: str
    en: str
    protocol: str = ""
    measures: tuple[Mapping[str, Any], ...] = ()
    period_s: int = 0
    limits: Mapping[str, Any] = field(default_factory=dict)
    battery_low: float | None = None
    properties: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_id(self.id, what="device model")
        for measure in self.measures:
            check_limits(measure, where=f"device model {self.id}")
        code_list("device_types").get(self.device_type)

    @classmethod
    def from_row(cls, row: Row) -> DeviceModel:
        """Return the model in a registry row."""
        return cls(**{**_known(cls, row), "measures": tuple(row["measures"])})


@dataclass(frozen=True)
class Link:
    """A stretch of the communications network; ``uplink`` is the link it hangs on, ``kind`` a code of link_kinds.

    ``capacity_mbps`` in Mbit/s and ``latency_ms`` are declared. ``properties`` may hold counts of ports and users.
    """

    id: str
    kind: str
    zh: str
    en: str
    capacity_mbps: float | None = None
    latency_ms: float | None = None
    uplink: str = ""
    organisation: str = ""
    state: str = "up"
    state_since: datetime | None = None
    simulated: bool = False
    classification: Classification = Classification.OPEN
    properties: Mapping[str, Any] = field(default_factory=dict)
    number: int = UNNUMBERED

    def __post_init__(self) -> None:
        check_id(self.id, what="link")
        code_list("link_kinds").get(self.kind)
        if self.state not in LINK_STATES:
            raise BadInput(f"{self.state!r} is no state of a link.", where=self.id, mend=f"{', '.join(LINK_STATES)}.")
        for value in (self.capacity_mbps, self.latency_ms):
            if value is not None and not 0 <= value < 1e9:
                raise BadInput(f"{value} is no capacity or latency.", where=self.id, mend="Give a number, 0 or more.")

    @property
    def resource(self) -> Resource:
        """What the guard is asked about."""
        return Resource("link", self.id, self.classification)

    @classmethod
    def from_row(cls, row: Row) -> Link:
        """Return the link in a registry row."""
        return cls(**{**_known(cls, row), "classification": Classification(row["classification"])})


@dataclass(frozen=True)
class Device:
    """A thing that is a device: its type and model, who owns it, where it hangs, how it is reached, its upkeep.

    ``id`` is its thing's. ``mounted_on`` names the pole or cabinet that carries it, ``roles`` what it does there (codes
    of device_types). ``gateway`` is the device that speaks for it, ``link`` what carries it. ``battery`` in per cent;
    ``certificate`` is the SHA-256 fingerprint in hexadecimal. ``period_s`` is how often it should be heard (0: as its
    datastreams say).
    """

    id: str
    device_type: str
    model: str = ""
    serial: str = ""
    organisation: str = ""
    installed: datetime | None = None
    mounted_on: str = ""
    gateway: str = ""
    link: str = ""
    roles: tuple[str, ...] = ()
    period_s: int = 0
    state: str = "in_service"
    firmware: str = ""
    battery: float | None = None
    certificate: str = ""
    certificate_issuer: str = ""
    certificate_expires: datetime | None = None
    simulated: bool = False
    classification: Classification = Classification.OPEN
    properties: Mapping[str, Any] = field(default_factory=dict)
    number: int = UNNUMBERED

    def __post_init__(self) -> None:
        check_id(self.id, what="device")
        types = code_list("device_types")
        for code in (self.device_type, *self.roles):
            types.get(code)
        if self.state not in DEVICE_STATES:
            mend = f"{', '.join(DEVICE_STATES)}."
            raise BadInput(f"{self.state!r} is no state of a device.", where=self.id, mend=mend)
        if self.battery is not None and not 0 <= self.battery <= 100:
            raise BadInput(f"A battery at {self.battery} % is none.", where=self.id, mend="Give 0 to 100.")
        if self.period_s < 0 or self.id in {self.mounted_on, self.gateway}:
            raise BadInput("A device carries itself, or its period is negative.", where=self.id, mend="Correct it.")

    @property
    def resource(self) -> Resource:
        """What the guard is asked about."""
        return Resource("device", self.id, self.classification)

    def row(self) -> Row:
        """Return the row of the registry's ``device`` table, without its moments."""
        told = {**vars(self), "roles": list(self.roles), "classification": str(self.classification)}
        return {**told, "properties": dict(self.properties)}

    @classmethod
    def from_row(cls, row: Row) -> Device:
        """Return the device in a registry row."""
        kept = {**_known(cls, row), "roles": tuple(row["roles"])}
        return cls(**{**kept, "classification": Classification(row["classification"])})


@dataclass(frozen=True)
class DeviceEvent:
    """Something that changed on a device: ``kind`` (firmware, battery, certificate, link …), its new value, when."""

    device: str
    kind: str
    moment: datetime
    value: Any
    subject: str
    id: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the event as the doors show it."""
        return {"kind": self.kind, "moment": format_instant(self.moment), "value": self.value, "by": self.subject}


def _known(kind: Any, row: Row) -> Row:
    names = {each.name for each in fields(kind)}
    return {name: value for name, value in row.items() if name in names and name not in _MADE}
