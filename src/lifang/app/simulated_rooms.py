"""Made-up sensors in the rooms of a model, called simulated wherever they show; bound to the rooms by their ids.

A room of an IFC model is known by its GlobalId, so the sensors stay with it when the model comes again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from lifang.guard import SYSTEM, Classification
from lifang.sensing import Datastream, Thing, network
from lifang.store import Store, read_setting, write_setting
from lifang.twin import CityObject

if TYPE_CHECKING:
    from lifang.app.city import City

_PREFIX = "sim-room-"
_MEASURES = ("temperature", "co2")
_SOURCE = "lifang: simulated sensors of rooms"
_ROOM = "BuildingRoom"
_TYPE = "indoor-climate-sensor"
_PERIOD_S = 900
_TOLD = {
    "temperature": ("模拟室内温度", "Simulated room temperature", "Cel", "room temperature"),
    "co2": ("模拟室内二氧化碳", "Simulated CO2 in the room", "[ppm]", "room CO2"),
}


def rooms_registered(store: Store, model: str) -> bool:
    """Return whether the rooms of a model have their made-up sensors."""
    return bool(read_setting(store, _key(model)))


def register_rooms(city: City, model: str) -> int:
    """Return how many rooms of a model have made-up sensors now; again changes nothing but what is new in the model."""
    query = city.twin.query(at=city.now, models=[model], classes=[_ROOM])
    rooms = [room for room in city.twin.objects(query) if room.classification == Classification.OPEN]
    if not rooms:
        return 0
    streams = [stream for room in rooms for stream in _streams(room)]
    city.sensing.register([_thing(room) for room in rooms], streams, by=SYSTEM)
    city.network.put_devices(
        [network.Device(_name(room), _TYPE, simulated=True, properties=_marks(room)) for room in rooms], by=SYSTEM
    )
    links = [
        {
            "object": room.id,
            "kind": "sensor",
            "target": f"datastream:{_name(room)}.{measure}",
            "role": _TOLD[measure][3],
        }
        for room in rooms
        for measure in _MEASURES
    ]
    city.twin.links.add(
        pa.Table.from_pylist(links),
        source=f"{_SOURCE} of {model}",
        classification=Classification.OPEN,
        valid_from=min(room.valid_from for room in rooms),
        whole=True,
        by=SYSTEM,
    )
    write_setting(city.store, _key(model), len(rooms))
    return len(rooms)


def _key(model: str) -> str:
    return f"rooms:{model}"


def _name(room: CityObject) -> str:
    return f"{_PREFIX}{room.id.partition(':')[2]}"


def _marks(room: CityObject) -> dict[str, object]:
    return {"simulated": True, "object": room.id}


def _thing(room: CityObject) -> Thing:
    lon, lat = room.box.centre
    zh, en = f"模拟室内传感器 {room.name}", f"Simulated room sensor {room.name}"
    return Thing(_name(room), zh, en, _TYPE, lon, lat, properties=_marks(room))


def _streams(room: CityObject) -> list[Datastream]:
    thing, marks = _name(room), _marks(room)
    return [
        Datastream(
            f"{thing}.{measure}", thing, measure, f"{zh} {room.name}", f"{en} {room.name}", f"sim-{measure}", unit,
            _PERIOD_S, properties=marks,
        )
        for measure, (zh, en, unit, _) in _TOLD.items()
    ]  # fmt: skip
