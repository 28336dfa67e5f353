"""A small simulated network for demonstrations, called simulated wherever it shows: poles along real roads.

Each pole carries a lamp that can be dimmed and a noise meter; a gateway speaks for all of them, over a few links. What
they measure is made up by who runs the gateway (``lifang sense simulate``), through the interfaces of any gateway.
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import shapely

from lifang.core import Conflict, NotFound
from lifang.guard import SYSTEM, Role
from lifang.operations import Threshold, ThresholdLevel
from lifang.sensing import Datastream, Thing, network, tasking

if TYPE_CHECKING:
    from lifang.app.city import City

GATEWAY = "sim-gateway"
PERSON = "simulated-gateway"
PERIOD_S = 900
POLES = 120
_ROADS_STYLE = "road"
_SEGMENTS = 2_000
_MARK = {"simulated": True}
_LEVEL = {
    "type": "DataRecord",
    "field": [
        {
            "name": "level",
            "label": "Brightness",
            "type": "Quantity",
            "uom": {"code": "%"},
            "constraint": {"type": "AllowedValues", "interval": [[0, 100]]},
        }
    ],
}
_DIMMED = {**_MARK, "labels": {"level": {"zh": "亮度", "en": "Brightness"}}}
_NOISE = Threshold(
    id="sim_noise",
    zh="道路交通噪声",
    en="road traffic noise",
    unit="dB",
    levels=(ThresholdLevel("yellow", 70, 66), ThresholdLevel("orange", 80, 76)),
    observed_property="sim-laeq",
    citation="GB 3096-2008, Table 1, class 4a by day: 70 dB(A); the higher level is the demonstration's own.",
)
_METER = network.DeviceModel(
    "sim-noise-meter",
    "noise-meter",
    "lifang",
    "模拟噪声监测仪",
    "Simulated noise meter",
    "HTTP",
    measures=({"property": "sim-laeq", "unit": "dB", "minimum": 20, "maximum": 130, "gap_after_s": 3 * PERIOD_S},),
    period_s=PERIOD_S,
)


@dataclass(frozen=True)
class _Pole:
    number: int
    lon: float
    lat: float

    @property
    def link(self) -> str:
        return f"sim-nb-{self.number % 3 + 1}"


def register_simulated(city: City, *, poles: int = POLES) -> int:
    """Return how many devices were registered: none again, and none where the city's map draws no roads."""
    places = _places(city, poles)
    if not places:
        return 0
    with suppress(Conflict):  # registered before
        city.identity.add_person(PERSON, secrets.token_urlsafe(24), roles=[Role.OPERATOR], by=SYSTEM)
    city.network.put_links(_links(), by=SYSTEM)
    city.network.put_models([_METER], by=SYSTEM)
    hub = Thing(GATEWAY, "模拟网关", "Simulated gateway", "gateway", places[0].lon, places[0].lat, properties=_MARK)
    city.sensing.register([hub, *_things(places)], _streams(places), by=SYSTEM)
    added, _ = city.network.put_devices([_gateway(city), *_devices(places)], by=SYSTEM)
    actuators = [
        tasking.Actuator(f"{lamp}-driver", lamp, "模拟调光器", "Simulated lamp driver", properties=_MARK)
        for lamp in map(_lamp, places)
    ]
    city.tasking.register(actuators, [_dimming(lamp) for lamp in map(_lamp, places)], by=SYSTEM)
    city.thresholds.put(_NOISE, by=SYSTEM)
    return added


def _places(city: City, poles: int) -> list[_Pole]:
    """Return where poles stand: on the middle of road segments, the widest first, evenly picked."""
    layer = next((each for each in city.settings.layers if each.get("style") == _ROADS_STYLE), None)
    try:
        rows = city.catalogue.dataset(str(layer["dataset"])).rows() if layer else None
    except NotFound:
        return []
    if rows is None:
        return []
    order = [each for each in ("lanes", "id") if any(each == column.name for column in rows.columns)]
    table = rows.select(["geometry"], order=order, descending=True, limit=_SEGMENTS)
    lines = [each for each in shapely.from_wkb(table["geometry"].to_pylist()) if each is not None]
    picked = lines[:: max(1, len(lines) // poles)][:poles]
    middles = [line.interpolate(0.5, normalized=True) for line in picked]
    return [_Pole(number, point.x, point.y) for number, point in enumerate(middles, start=1)]


def _lamp(pole: _Pole) -> str:
    return f"sim-lamp-{pole.number:03}"


def _links() -> list[network.Link]:
    core = network.Link("sim-core", "fibre", "模拟核心光纤", "Simulated core fibre", 10_000, 1.0, simulated=True)
    narrow = [
        network.Link(
            f"sim-nb-{n}", "nb-iot", f"模拟窄带链路{n}", f"Simulated NB-IoT link {n}", 0.25, 1500.0, "sim-core",
            simulated=True,
        )
        for n in (1, 2, 3)
    ]  # fmt: skip
    return [core, *narrow]


def _things(places: list[_Pole]) -> list[Thing]:
    named = (
        ("multi-function-pole", "pole", "模拟多功能杆", "Simulated pole"),
        ("lamp", "lamp", "模拟路灯", "Simulated lamp"),
        ("noise-meter", "noise", "模拟噪声仪", "Simulated noise meter"),
    )
    return [
        Thing(
            f"sim-{name}-{at.number:03}", f"{zh}{at.number}", f"{en} {at.number}", kind, at.lon, at.lat,
            properties=_MARK,
        )
        for at in places
        for kind, name, zh, en in named
    ]  # fmt: skip


def _streams(places: list[_Pole]) -> list[Datastream]:
    level = Datastream("x", "x", "sim-level", "模拟亮度", "Simulated brightness", "sim-level", "%", PERIOD_S)
    noise = Datastream("x", "x", "sim-laeq", "模拟等效声级", "Simulated LAeq", "sim-laeq", "dB", PERIOD_S)
    told = []
    for at in places:
        lamp, meter = _lamp(at), f"sim-noise-{at.number:03}"
        told.append(replace(level, id=f"{lamp}.level", thing=lamp, properties=_MARK))
        told.append(replace(noise, id=f"{meter}.laeq", thing=meter, properties=_MARK))
    return told


def _gateway(city: City) -> network.Device:
    """Return the gateway, whose certificate ends soon, so that its alert can be seen."""
    if city.network.is_registered(GATEWAY):
        return city.network.device(GATEWAY)
    return network.Device(
        GATEWAY, "gateway", link="sim-core", firmware="1.0", certificate="00" * 32, certificate_issuer="lifang demo",
        certificate_expires=city.now + timedelta(days=12), simulated=True, properties=_MARK,
    )  # fmt: skip


def _devices(places: list[_Pole]) -> list[network.Device]:
    told = []
    for at in places:
        pole, lamp, meter = (f"sim-{name}-{at.number:03}" for name in ("pole", "lamp", "noise"))
        reach: dict[str, Any] = {"gateway": GATEWAY, "link": at.link, "simulated": True, "properties": _MARK}
        roles = ("lamp", "noise-meter", *(("camera", "wlan-access-point") if at.number % 4 == 0 else ()))
        told.append(network.Device(pole, "multi-function-pole", roles=roles, **reach))
        told.append(network.Device(lamp, "lamp", mounted_on=pole, roles=("lamp",), **reach))
        told.append(network.Device(meter, "noise-meter", "sim-noise-meter", mounted_on=pole, **reach))
    return told


def _dimming(lamp: str) -> tasking.Capability:
    limits = {"state_of": {"level": f"{lamp}.level"}, "minimum_interval_s": 2, "deadline_s": 120}
    return tasking.Capability(
        f"{lamp}.dim", f"{lamp}-driver", lamp, "模拟调光", "Simulated dimming", _LEVEL, limits, properties=_DIMMED
    )
