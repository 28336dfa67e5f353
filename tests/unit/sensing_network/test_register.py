"""Devices, models and links: registered once, their changes kept, imported in bulk again and again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from lifang.core import BadInput, Denied, NotFound, UnknownCode
from lifang.guard import SYSTEM, Role, Subject
from lifang.sensing.network import Device, DeviceModel

from .conftest import City

CITIZEN = Subject("person_1", "citizen", frozenset({Role.CITIZEN}))
EXPIRES = datetime(2027, 1, 1, tzinfo=UTC)


def test_what_changes_on_a_device_is_kept_with_its_moment(city: City) -> None:
    city.network.report("p1", {"firmware": "1.0", "battery": 90.0}, by=SYSTEM)
    city.clock.advance(timedelta(days=1))
    city.network.report("p1", {"battery": 80.0, "certificate": "ab", "certificate_expires": EXPIRES}, by=SYSTEM)
    city.network.report("p1", {"battery": 80.0}, by=SYSTEM)
    assert [event.value for event in city.network.history("p1", kind="battery")] == [80.0, 90.0]
    assert [event.value for event in city.network.history("p1", kind="firmware")] == ["1.0"]
    certificate = city.network.history("p1", kind="certificate")[0].value
    assert certificate == {"sha256": "ab", "issuer": "", "expires": "2027-01-01T00:00:00Z"}
    assert city.network.device("p1").battery == 80.0
    assert city.sensing.store.ledger.records()[-1].entry.resource == "device:*"


def test_registering_again_changes_nothing_and_leaves_no_record(city: City) -> None:
    head = city.sensing.store.ledger.head()
    devices = city.network.devices([1, 2, 3, 4])
    assert city.network.put_devices(devices, by=SYSTEM) == (0, 0)
    assert city.network.put_links(city.network.links(), by=SYSTEM) == 0
    assert city.sensing.store.ledger.head() == head


def test_a_pole_knows_what_is_mounted_on_it(city: City) -> None:
    pole = Device("p1", "multi-function-pole", roles=("lamp", "camera"))
    city.network.put_devices([pole, Device("p2", "lamp", mounted_on="p1")], by=SYSTEM)
    assert [each.id for each in city.network.mounted("p1")] == ["p2"]
    assert city.network.device("p1").roles == ("lamp", "camera")


@pytest.mark.parametrize(
    "change",
    [{"device_type": "toaster"}, {"roles": ("toaster",)}, {"state": "lost"}, {"battery": 101.0}, {"mounted_on": "p1"}],
)
def test_what_no_device_can_be_is_refused(city: City, change: dict[str, object]) -> None:
    with pytest.raises((BadInput, UnknownCode)):
        replace(city.network.device("p1"), **change)  # type: ignore[arg-type]


def test_models_say_what_a_device_measures(city: City) -> None:
    measures = ({"property": "noise", "unit": "dB", "minimum": 30, "maximum": 130, "period_s": 60},)
    model = DeviceModel(
        "nm-1", "noise-meter", "某厂", "噪声仪", "noise meter", "NB-IoT", measures, 60, battery_low=20.0
    )
    assert city.network.put_models([model], by=SYSTEM) == 1
    assert city.network.put_models([model], by=SYSTEM) == 0
    assert city.network.models() == [model]


def test_only_operators_and_administrators_register(city: City) -> None:
    with pytest.raises(Denied):
        city.network.put_devices([Device("p1", "lamp")], by=CITIZEN)
    with pytest.raises(Denied):
        city.network.put_links(city.network.links(), by=CITIZEN)
    with pytest.raises(NotFound):
        city.network.device("nobody")


TABLE = pa.table(
    {
        "编号": ["x1", "x2", "x2", "x3", "x4", "x5", "x6"],
        "类型": ["multi-function-pole", "lamp", "lamp", "toaster", "lamp", "camera", "lamp"],
        "lon": ["104.01", "104.02", "104.02", "104.0", "104.0", None, "204"],
        "lat": ["30.6", "30.6", "30.6", "30.6", None, None, "30.6"],
        "杆": ["", "", "", "", "", "x1", ""],
        "firmware": ["1"] * 7,
    }
)
MAPPING = {"id": "编号", "device_type": "类型", "mounted_on": "杆"}


def test_a_table_of_devices_is_imported_row_by_row_and_again_changes_nothing(city: City) -> None:
    first = city.network.import_devices(TABLE, MAPPING, by=SYSTEM, defaults={"organisation": "城管", "simulated": True})
    assert (first.rows, first.added, first.changed, first.refused_count) == (7, 3, 0, 4)
    assert [row for row, _ in first.refused] == [3, 4, 5, 7]
    again = city.network.import_devices(TABLE, MAPPING, by=SYSTEM, defaults={"organisation": "城管", "simulated": True})
    assert (again.added, again.changed, again.as_json()["unchanged"]) == (0, 0, 3)
    camera = city.sensing.thing("x5")
    assert (camera.lon, camera.lat) == (104.01, 30.6)
    assert camera.properties == {"simulated": True}
    city.clock.advance(timedelta(minutes=1))
    changed = city.network.import_devices(
        TABLE.set_column(5, "firmware", pa.array(["2"] * 7)), MAPPING, by=SYSTEM,
        defaults={"organisation": "城管", "simulated": True},
    )  # fmt: skip
    assert (changed.added, changed.changed) == (0, 3)
    assert [event.value for event in city.network.history("x1", kind="firmware")] == ["2", "1"]


@pytest.mark.parametrize("mapping", [{"colour": "编号"}, {"id": "nowhere"}, {}])
def test_a_mapping_that_does_not_fit_is_refused_whole(city: City, mapping: dict[str, str]) -> None:
    with pytest.raises(BadInput):
        city.network.import_devices(TABLE, mapping, by=SYSTEM)


def test_a_models_limits_judge_what_its_devices_measure_unless_they_declare_their_own(city: City) -> None:
    measures = ({"property": "noise", "minimum": 30, "maximum": 120, "max_step": 40},)
    city.network.put_models([DeviceModel("nm-1", "noise-meter", "某厂", "仪", "meter", measures=measures)], by=SYSTEM)
    city.network.put_devices([Device("p1", "noise-meter", model="nm-1"), Device("p2", "noise-meter")], by=SYSTEM)
    city.network.state()
    assert city.sensing.limits_of("p1.noise") == {"minimum": 30, "maximum": 120, "max_step": 40}
    assert city.sensing.limits_of("p2.noise") == {}
    with pytest.raises(BadInput):
        DeviceModel("nm-2", "noise-meter", "某厂", "仪", "meter", measures=({"minimum": "low"},))
