"""The bodies of the network as a picture needs it: columns of devices, cells, the flow of values."""

from __future__ import annotations

from lifang.doors.api.bodies.kinds import Said
from lifang.doors.api.bodies.network import Kind


class DeviceColumns(Said):
    """One value a device, in the order of ``id``; codes are places in the lists beside, times ms since 1970.

    What was not asked for is left out; what is not known is null.
    """

    zh: list[str] | None = None
    en: list[str] | None = None
    lon: list[float | None] | None = None
    lat: list[float | None] | None = None
    health: list[int] | None = None
    type: list[int] | None = None
    organisation: list[int] | None = None
    district: list[int] | None = None
    link: list[int] | None = None
    pole: list[int] | None = None
    state: list[int] | None = None
    battery: list[float | None] | None = None
    battery_low: list[float | None] | None = None
    certificate: list[int | None] | None = None
    uptime: list[float | None] | None = None
    lag_s: list[float | None] | None = None
    loss: list[float | None] | None = None
    last: list[int | None] | None = None


class CellColumns(Said):
    """Devices too many to be drawn: per cell its middle in degrees, and how many devices are in each health."""

    lon: list[float]
    lat: list[float]
    health: list[list[int]]


class DevicePicture(Said):
    """Every device that is asked for, in columns; or, where they are too many, how many lie where.

    ``poles`` names the devices that ``pole`` points at; place 0 of each list but ``healths`` stands for none.
    """

    moment: str
    total: int
    id: list[str]
    columns: DeviceColumns
    cells: CellColumns | None
    healths: list[Kind]
    types: list[Kind]
    organisations: list[str]
    districts: list[Kind]
    links: list[Kind]
    poles: list[str]
    states: list[str]


class FlowBody(Said):
    """How the whole network flows: values a second over ``rate_s`` seconds; lags in seconds over ``window_s``.

    ``values`` came within ``window_s``; ``silent`` of ``devices`` that were ever heard say nothing now.
    """

    moment: str
    rate: float
    rate_s: float
    values: int
    window_s: float
    lag_p50_s: float | None
    lag_p99_s: float | None
    devices: int
    silent: int
    silent_share: float | None
