"""The bodies of the sensing network: devices, links, health, gaps."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from lifang.doors.api.bodies.kinds import Asked, Json, Name, Said
from lifang.doors.api.bodies.sensing import Unit

Id = Annotated[str, Field(min_length=1, max_length=128)]
Text = Annotated[str, Field(max_length=200)]
Given = Annotated[dict[str, Any], Field(default_factory=dict)]
Class = Literal["open", "shared", "restricted"]
HealthWord = Literal["ok", "unknown", "explained", "suspect", "partial", "silent"]


class Kind(Said):
    """A code of a list, with its names."""

    code: str
    name: Name


class DeviceHealth(Said):
    """How a device is: shares are 0 to 1, null where nothing is known; ``clock_offset_s`` is how far it is behind."""

    state: HealthWord
    name: Name
    uptime: float | None
    uptime_all: float | None
    lag_s: float | None
    loss: float | None
    last: str | None
    arrived: str | None
    datastreams: int
    silent: int
    clock_offset_s: float
    doubted: int


class DeviceBody(Said):
    """A device: what it is, whose, where it hangs, how it is reached, how it is."""

    id: str
    number: int
    name: Name
    device_type: Kind
    model: str
    serial: str
    organisation: str
    installed: str | None
    mounted_on: str
    gateway: str
    link: str
    roles: list[Kind]
    lon: float | None
    lat: float | None
    district: Kind
    state: str
    firmware: str
    battery: float | None
    certificate: str
    certificate_issuer: str
    certificate_expires: str | None
    simulated: bool
    classification: str
    properties: Json
    health: DeviceHealth


class DevicePage(Said):
    """Devices, by number."""

    items: list[DeviceBody]
    next: str | None


class DeviceDetail(DeviceBody):
    """A device with what hangs on it and its datastreams."""

    mounted: list[DeviceBody]
    datastreams: list[str]


class DeviceEventBody(Said):
    """Something that changed on a device."""

    kind: str
    moment: str
    value: Any
    by: str


class DeviceHistory(Said):
    """What changed on a device, newest first."""

    items: list[DeviceEventBody]
    next: str | None


class NewDevice(Asked):
    """A device to register, with the thing that it is; ``device_type`` and ``roles`` are codes of device_types."""

    id: Id
    device_type: Id
    zh: Text = ""
    en: Text = ""
    lon: Annotated[float, Field(ge=-180, le=180)] | None = None
    lat: Annotated[float, Field(ge=-90, le=90)] | None = None
    model: Text = ""
    serial: Text = ""
    organisation: Text = ""
    installed: Text | None = None
    mounted_on: Text = ""
    gateway: Text = ""
    link: Text = ""
    roles: Annotated[list[Id], Field(max_length=50, default_factory=list)]
    period_s: Annotated[int, Field(ge=0, le=31_536_000)] = 0
    state: Literal["in_service", "maintenance", "retired"] = "in_service"
    firmware: Text = ""
    battery: Annotated[float, Field(ge=0, le=100)] | None = None
    certificate: Text = ""
    certificate_issuer: Text = ""
    certificate_expires: Text | None = None
    simulated: bool = False
    classification: Class = "open"


class NewDevices(Asked):
    """Devices to register; those there are already are changed."""

    devices: Annotated[list[NewDevice], Field(min_length=1, max_length=10_000)]


class DeviceReport(Asked):
    """A report of a device's upkeep; what is left out stays. ``moment``: when it was so, ISO 8601; now if not given."""

    firmware: Text | None = None
    battery: Annotated[float, Field(ge=0, le=100)] | None = None
    certificate: Text | None = None
    certificate_issuer: Text | None = None
    certificate_expires: Text | None = None
    state: Literal["in_service", "maintenance", "retired"] | None = None
    link: Text | None = None
    mounted_on: Text | None = None
    moment: Annotated[str, Field(max_length=64)] | None = None


class Refused(Said):
    """A row of a table that is no device, and why."""

    row: int
    reason: str


class ImportedBody(Said):
    """What became of a table of devices; ``refused`` names up to 100 rows."""

    rows: int
    added: int
    changed: int
    unchanged: int
    refused_count: int
    refused: list[Refused]


class FromDataset(Asked):
    """Devices to import from a dataset: ``mapping`` says which column is which field, ``defaults`` what it lacks."""

    dataset: Id
    mapping: Given
    defaults: Given


class LinkBody(Said):
    """A communication link: what it is declared to carry, what hangs on it, how it is."""

    id: str
    number: int
    name: Name
    kind: Kind
    medium: str
    capacity_mbps: float | None
    latency_ms: float | None
    uplink: str
    organisation: str
    state: str
    state_since: str | None
    down: bool
    simulated: bool
    classification: str
    properties: Json
    devices: int
    health: dict[str, int]
    uptime: float | None
    lag_s: float | None
    loss: float | None


class LinkPage(Said):
    """Links, by number."""

    items: list[LinkBody]
    next: str | None


class NewLink(Asked):
    """A link to register; ``kind`` is a code of link_kinds, ``uplink`` the link that it hangs on."""

    id: Id
    kind: Id
    zh: Text
    en: Text
    capacity_mbps: Annotated[float, Field(ge=0, le=1e8)] | None = None
    latency_ms: Annotated[float, Field(ge=0, le=1e6)] | None = None
    uplink: Text = ""
    organisation: Text = ""
    state: Literal["up", "down"] = "up"
    simulated: bool = False
    classification: Class = "open"
    properties: Given


class NewLinks(Asked):
    """Links to register; those there are already are changed."""

    links: Annotated[list[NewLink], Field(min_length=1, max_length=10_000)]


class Figures(Said):
    """Devices summed up: how many, in which health; mean uptime and lag, loss of all their values."""

    devices: int
    simulated: int
    health: dict[str, int]
    uptime: float | None
    lag_s: float | None
    loss: float | None


class Group(Figures):
    """One district, link, type or bureau, summed up."""

    code: str
    name: Name


class RuleBody(Said):
    """A rule of health or quality: its name, what it says, with which parameters."""

    rule: str
    text: Name
    parameters: Json


class QualityRulePage(Said):
    """The rules that flag values, with their parameters."""

    items: list[RuleBody]
    next: str | None


class HealthBody(Said):
    """How the network is: the city, its groups, and the rules by which it is judged."""

    moment: str
    by: str
    city: Figures
    links_down: int
    groups: list[Group]
    rules: list[RuleBody]


class GapBody(Said):
    """A gap in a datastream's values: between which values, how many are missing."""

    datastream: str
    start: str
    end: str
    missing: int


class Lacking(Said):
    """How much a datastream lacks over the period."""

    datastream: str
    expected: int
    missing: int
    share: float


class GapReport(Said):
    """The data gaps of a datastream, device or district over a period."""

    start: str
    end: str
    expected: int
    missing: int
    share: float
    datastreams: list[Lacking]
    items: list[GapBody]
    next: str | None


class InputName(Said):
    """Something that a figure is made from."""

    id: str
    name: Name


class InputBody(InputName):
    """An input with its value; null where nobody registered it."""

    value: float | None


class CoverageFigure(Said):
    """A figure of the dual-gigabit plan: formula, unit, sources, rule for missing data, and what is missing now."""

    id: str
    name: Name
    unit: Unit
    formula: Name
    missing: Name
    sources: list[str]
    standard: str
    classification: str
    value: float | None
    lacking: list[InputName]


class CoverageBody(Said):
    """The figures of the dual-gigabit plan that can be measured here; ``note`` says which cannot."""

    moment: str
    items: list[CoverageFigure]
    inputs: list[InputBody]
    note: Name
