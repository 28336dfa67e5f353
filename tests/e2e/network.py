"""A city whose network can be looked at: devices on poles and links, values with flags and gaps, a pump to command."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

import lifang
from lifang.core import to_micros
from lifang.guard import SYSTEM
from lifang.sensing import Datastream, make_observations, tasking
from lifang.sensing.network import Link

CENTRE = (104.06, 30.66)
TYPES = ("noise-meter", "water-level-gauge", "manhole-sensor", "parking-sensor", "rain-gauge", "traffic-counter")
BUREAUS = ("市水务局", "市城管委", "市交通局", "市生态环境局")
LINKS = (
    Link("core", "fibre", "政务光纤环网", "Municipal fibre ring", capacity_mbps=10_000, latency_ms=2),
    Link("onu-1", "xgs-pon", "锦江区光纤接入", "Jinjiang fibre access", capacity_mbps=10_000, uplink="core",
         properties={"ports": 128, "users": 2_000, "users_500m": 900}),
    Link("nb-1", "nb-iot", "窄带物联网", "NB-IoT network", capacity_mbps=0.2, latency_ms=1_500),
    Link("lora-1", "lora", "青羊区 LoRa", "Qingyang LoRa", capacity_mbps=0.05, state="down"),
)  # fmt: skip
_SPECIAL = (
    {"id": "pole-1", "device_type": "multi-function-pole", "zh": "天府大道一号智慧杆", "en": "Smart pole 1",
     "lon": 104.066, "lat": 30.64, "roles": "lamp camera", "organisation": "市城管委"},
    {"id": "noise-p1", "device_type": "noise-meter", "zh": "一号杆噪声仪", "en": "Noise meter on pole 1",
     "mounted_on": "pole-1", "link": "onu-1", "battery": "64", "firmware": "2.0.0",
     "certificate_expires": "2026-12-01T00:00:00Z"},
    {"id": "pump-1", "device_type": "pump", "zh": "府河泵站一号泵", "en": "Fuhe pump 1", "lon": 104.09, "lat": 30.655,
     "organisation": "市水务局", "link": "core"},
)  # fmt: skip
UPDATES = 21  # of the pump's firmware
_PARAMETERS = {
    "type": "DataRecord",
    "field": [
        {"name": "speed", "label": "speed", "type": "Quantity", "uom": {"code": "%"},
         "constraint": {"type": "AllowedValues", "interval": [[0, 100]]}},
    ],
}  # fmt: skip
_LIMITS = {
    "ranges": {"speed": [0, 80]},
    "state_of": {"speed": "pump-1.speed"},
    "interlocks": [{"datastream": "pump-1.level", "must": "gt", "value": 0.5, "max_age_s": 86_400}],
}


def furnish(folder: Path, devices: int) -> None:
    """Register ``devices`` scattered devices, a third of them heard and some long ago, a pole and a pump."""
    with lifang.open(folder) as city:
        _register(city, devices)
        _hear(city, devices)


def _register(city: lifang.City, devices: int) -> None:
    city.network.put_links(LINKS, by=SYSTEM)
    rng = np.random.default_rng(3)
    lon, lat = rng.normal(CENTRE[0], 0.09, devices), rng.normal(CENTRE[1], 0.07, devices)
    rows = [
        {"id": f"dev-{i}", "device_type": TYPES[i % 6], "zh": f"设备 {i}", "en": f"Device {i}", "lon": str(lon[i]),
         "lat": str(lat[i]), "organisation": BUREAUS[i % 4], "link": LINKS[i % 4].id, "period_s": "600",
         "battery": str(i % 100), "simulated": "true"}
        for i in range(devices)
    ]  # fmt: skip
    for part in (rows, _SPECIAL):
        names = dict.fromkeys(name for row in part for name in row)
        table = pa.table({name: [row.get(name) and str(row[name]) for row in part] for name in names})
        made = city.network.import_devices(table, {}, by=SYSTEM)
        assert made.refused_count == 0, made.refused
    streams = [
        Datastream(f"dev-{i}.a", f"dev-{i}", "a", "数值", "value", "level", "m", 600) for i in range(0, devices, 3)
    ]
    streams += [
        Datastream("noise-p1.laeq", "noise-p1", "laeq", "等效声级", "Equivalent sound level", "noise", "dB", 60,
                   properties={"minimum": 20, "maximum": 90}),
        Datastream("noise-p2.laeq", "pole-1", "p2", "对照声级", "Reference sound level", "noise", "dB", 60),
        Datastream("pump-1.speed", "pump-1", "speed", "转速", "Speed", "speed", "%", 86_400),
        Datastream("pump-1.level", "pump-1", "level", "集水井水位", "Sump level", "level", "m", 86_400),
    ]  # fmt: skip
    city.sensing.register([], streams, by=SYSTEM)
    for version in range(UPDATES):
        city.network.report("pump-1", {"firmware": f"1.{version}"}, by=SYSTEM)
    city.tasking.register(
        [tasking.Actuator("drive-1", "pump-1", "变频器", "Drive")],
        [tasking.Capability("speed-1", "drive-1", "pump-1", "调节转速", "Set the speed", _PARAMETERS, _LIMITS)],
        by=SYSTEM,
    )


def _hear(city: lifang.City, devices: int) -> None:
    city.start(time_passes=False)
    now = to_micros(city.now)
    known = {stream.id: stream.number for stream in city.sensing.datastreams()}
    numbers = np.array([known[f"dev-{i}.a"] for i in range(0, devices, 3)])
    late = np.where(np.arange(len(numbers)) % 7 == 0, 7_200_000_000, 60_000_000)
    city.sensing.ingest(make_observations(numbers, now - late, np.ones(len(numbers))), by=SYSTEM).result()
    minutes = np.setdiff1d(np.arange(4_320), np.arange(2_000, 2_090))  # three days, an hour and a half of them missing
    times = now - minutes[::-1] * 60_000_000
    wave = 55 + 12 * np.sin(times / 1.3e10) + np.random.default_rng(5).normal(0, 2, len(times))
    wave[1_000:1_004] = 96.0
    for name, values in (("noise-p1.laeq", wave), ("noise-p2.laeq", wave - 4)):
        number = city.sensing.datastream(name).number
        city.sensing.ingest(make_observations(np.full(len(times), number), times, values), by=SYSTEM).result()
    for name, value in (("pump-1.speed", 30.0), ("pump-1.level", 2.1)):
        number = city.sensing.datastream(name).number
        city.sensing.ingest(
            make_observations(np.array([number]), np.array([now]), np.array([value])), by=SYSTEM
        ).result()
