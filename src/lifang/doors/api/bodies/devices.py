"""Devices and links as the API shows them: records of the registry beside their health in columns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from lifang.app import Asker
from lifang.core import format_instant, from_micros
from lifang.doors.api.bodies.kinds import Name
from lifang.doors.api.bodies.network import DeviceBody, DeviceHealth, Kind, LinkBody
from lifang.guard import Action
from lifang.sensing import NEVER, network
from lifang.standards import code_list


def kind(list_id: str, code: str) -> Kind:
    """Return a code of a list with its names."""
    found = code_list(list_id).get(code)
    return Kind(code=found.code, name=Name(zh=found.zh, en=found.en))


def iso(moment: datetime | None) -> str | None:
    """Return a moment as ISO 8601, or ``None``."""
    return format_instant(moment) if moment else None


def _micros(time: int) -> str | None:
    return None if time == NEVER else format_instant(from_micros(time))


def device_bodies(asker: Asker, devices: Sequence[network.Device]) -> list[DeviceBody]:
    """Return devices with their names, places and health."""
    engine = asker.city.network
    state, names = engine.state(), engine.names([each.id for each in devices])
    return [_device(state, engine.districts, each, names.get(each.id, (each.id, each.id))) for each in devices]


def _device(
    state: network.State, districts: network.Districts, device: network.Device, names: tuple[str, str]
) -> DeviceBody:
    row = state.network.numbers.get(device.id, 0)
    code, zh, en = districts.names(int(state.network.district[row]))
    told = {
        **vars(device),
        "name": Name(zh=names[0], en=names[1]),
        "number": row,
        "device_type": kind("device_types", device.device_type),
        "roles": [kind("device_types", each) for each in device.roles],
        "installed": iso(device.installed),
        "certificate_expires": iso(device.certificate_expires),
        "classification": device.classification.value,
        "lon": network.known(state.network.lon[row], 7),
        "lat": network.known(state.network.lat[row], 7),
        "district": Kind(code=code, name=Name(zh=zh, en=en)),
        "properties": dict(device.properties),
        "health": _health(state.devices, row),
    }
    return DeviceBody(**{name: told[name] for name in DeviceBody.model_fields})


def _health(found: network.DevicesHealth, row: int) -> DeviceHealth:
    health = network.Health(int(found.health[row]))
    zh, en = network.HEALTH_NAMES[health]
    told = {
        "state": health.word,
        "name": Name(zh=zh, en=en),
        "uptime": network.known(found.uptime[row]),
        "uptime_all": network.known(found.uptime_all[row]),
        "lag_s": network.known(found.lag_s[row], 3),
        "loss": network.known(found.loss[row]),
        "last": _micros(int(found.last[row])),
        "arrived": _micros(int(found.arrival[row])),
        "datastreams": int(found.streams[row]),
        "silent": int(found.silent[row]),
        "clock_offset_s": float(found.offset_s[row]),
        "doubted": int(found.doubted[row]),
    }
    return DeviceHealth.model_validate(told)


def link_bodies(asker: Asker, links: Sequence[network.Link]) -> list[LinkBody]:
    """Return links with what hangs on them and how they are."""
    engine = asker.city.network
    state = engine.state()
    rows = engine.find(network.Wanted(), classes=asker.classes(Action.READ, "device"))
    size = len(state.network.links.ids)
    figures = network.summed_up(state.devices, state.network.simulated, state.network.link, size, rows)
    return [_link(state, figures, each) for each in links]


def _link(state: network.State, figures: network.Summary, link: network.Link) -> LinkBody:
    row = state.network.links.numbers.get(link.id, 0)
    told = {
        **vars(link),
        **figures.as_json(row),
        "name": Name(zh=link.zh, en=link.en),
        "kind": kind("link_kinds", link.kind),
        "medium": code_list("link_kinds").get(link.kind).properties["medium"],
        "state_since": iso(link.state_since),
        "down": bool(state.devices.links_down[row]),
        "simulated": link.simulated,
        "classification": link.classification.value,
        "properties": dict(link.properties),
    }
    return LinkBody(**{name: told[name] for name in LinkBody.model_fields})
