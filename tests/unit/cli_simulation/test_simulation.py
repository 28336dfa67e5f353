"""The simulated network says so wherever it shows, and its gateway sends and obeys over the public interface."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import shapely
import uvicorn

from lifang.app import GATEWAY, City, LinkView, lay_out_empty, open_city, register_simulated
from lifang.catalogue import Card
from lifang.core import ManualClock, Unavailable
from lifang.doors.api import create_app
from lifang.doors.cli.simulate import beside, playing
from lifang.doors.cli.simulation import lamp_level, noise_db
from lifang.guard import SYSTEM, Classification
from lifang.sensing import Quality, Replay
from lifang.sensing.network import Wanted
from lifang.sensing.tasking import Order

NIGHT, DAY = (datetime(2026, 1, 12, hour, tzinfo=UTC) for hour in (4, 16))
_LAYER = '\n[[layers]]\ndataset = "streets"\ngeometry = "line"\nstyle = "road"\n'


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    """A city with twenty road segments and a simulated pole on ten of them."""
    lay_out_empty(tmp_path / "city", city_id="small", name="小城", area_code="510100")
    with (tmp_path / "city" / "city.toml").open("a", encoding="utf-8") as file:
        file.write(_LAYER)
    lines = [shapely.LineString([(104 + n / 100, 30.6), (104 + n / 100, 30.61)]) for n in range(20)]
    features = ",".join(
        f'{{"type":"Feature","properties":{{"id":{n}}},"geometry":{shapely.to_geojson(line)}}}'
        for n, line in enumerate(lines)
    )
    path = tmp_path / "streets.geojson"
    path.write_text(f'{{"type":"FeatureCollection","features":[{features}]}}', "utf-8")
    opened = open_city(tmp_path / "city")
    opened.start(time_passes=False)
    card = Card.from_mapping({"id": "streets", "name": {"zh": "路", "en": "streets"}, "classification": "open"})
    opened.catalogue.add(path, name="streets.geojson", card=card, by=SYSTEM)
    assert register_simulated(opened, poles=10) == 31
    assert register_simulated(opened, poles=10) == 0
    yield opened
    opened.close()


def test_everything_simulated_is_called_so(city: City) -> None:
    everything = city.network.find(Wanted(), classes=list(Classification))
    assert city.network.find(Wanted(simulated=True), classes=list(Classification)).tolist() == everything.tolist()
    for thing in city.sensing.things():
        assert thing.properties["simulated"] is True
        assert "模拟" in thing.zh
        assert "imulated" in thing.en
    assert all(each.properties["simulated"] and "模拟" in each.zh for each in city.sensing.datastreams())
    assert all(each.simulated and "模拟" in each.zh for each in city.network.links())


def test_poles_stand_on_roads_and_carry_their_devices(city: City) -> None:
    pole = city.sensing.thing("sim-pole-001")
    assert pole.lat == pytest.approx(30.605)
    assert {each.id for each in city.network.mounted(pole.id)} == {"sim-lamp-001", "sim-noise-001"}
    assert city.network.gateway_of("sim-lamp-001") == GATEWAY


def test_what_is_made_up_follows_the_hour_and_is_the_same_again() -> None:
    assert (lamp_level(NIGHT), lamp_level(DAY)) == (80.0, 0.0)
    night = np.mean([noise_db(f"d{n}", NIGHT) for n in range(100)])
    day = np.mean([noise_db(f"d{n}", DAY) for n in range(100)])
    assert 46 < night < 50 < 62 < day < 66
    assert noise_db("d1", DAY) == noise_db("d1", DAY)


@contextmanager
def served(city: City) -> Iterator[str]:
    config = uvicorn.Config(create_app(city), port=0, host="127.0.0.1", log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(30)


@pytest.mark.slow
def test_recorded_values_go_through_the_door_in_the_name_of_a_machine(city: City) -> None:
    number = city.sensing.datastream("sim-noise-001.laeq").number
    columns = {
        "datastream": pa.array([number] * 3, pa.int32()),
        "time": pa.array([DAY + n * timedelta(hours=1) for n in (1, 2, 3)], pa.timestamp("us", "UTC")),
        "value": [61.0, 62.5, 63.0],
        "quality": pa.array([Quality.GOOD, Quality.ESTIMATED, Quality.GOOD], pa.uint8()),
    }
    clock = ManualClock(DAY)
    city.replay = Replay(city.sensing, pa.table(columns), clock=clock, start=DAY, speed=3600.0, name="test")
    with served(city) as url:
        player = playing(city, url)
        assert player is not None
        clock.advance(timedelta(seconds=2))
        assert city.replay.step() == 2
        person = city.identity.person("replay")
        for token in city.identity.tokens(person.id):
            city.identity.revoke_token(token.id, by=SYSTEM)
        clock.advance(timedelta(seconds=1))
        with pytest.raises(Unavailable, match="401"):
            city.replay.step()
        player.close()
    again = playing(city, url)
    assert again is not None
    with pytest.raises(Unavailable, match="could not be sent"):
        city.replay.step()
    again.close()
    city.replay.deliver_by(None)
    assert city.replay.step() == 1
    told = city.sensing.series(number, DAY, DAY + timedelta(days=1))
    assert told["value"].to_pylist() == [61.0, 62.5, 63.0]
    assert told["quality"].to_pylist() == [0, Quality.ESTIMATED, 0]
    batches = [each for each in city.store.ledger.records(limit=1000) if each.entry.resource.startswith("batch:")]
    assert [each.entry.subject for each in batches][-2:] == [person.id, SYSTEM.id]


@pytest.mark.slow
def test_the_gateway_sends_and_obeys_over_http_with_tokens_of_its_own(city: City) -> None:
    with served(city) as url:
        gateway = beside(city, url)
        _until(lambda: gateway.sent >= 19)
        command = city.tasking.submit(Order("sim-lamp-003.dim", {"level": 35.0}), by=SYSTEM)
        _until(lambda: city.tasking.command(command.id).state == "done")
        assert (city.folder / "simulated-gateway.txt").read_text("ascii").split() == [command.id]
        gateway.close()
    actions = {each.entry.subject for each in city.store.ledger.records() if each.entry.action == "command.done"}
    assert actions == {f"device:{GATEWAY}"}


@pytest.mark.slow
def test_rooms_of_a_packs_model_come_later_with_sensors_that_the_gateway_speaks_for(city: City, tmp_path: Path) -> None:
    pack = _pack_with_a_room(tmp_path / "pack")
    city.furnish_models_later(pack, simulate=True)
    (job,) = city.jobs.recent()
    assert city.jobs.wait(job.id).result == {"models": ["house"], "simulated_rooms": 1}
    thing = city.sensing.thing("sim-room-0BTBFw6f90Nfh9rP1dlXr$")
    assert (thing.properties["object"], thing.properties["simulated"]) == ("house:0BTBFw6f90Nfh9rP1dlXr$", True)
    city.furnish_models_later(pack, simulate=True)
    assert len(city.jobs.recent()) == 1, "nothing is left to do"
    view = LinkView(city.asker())
    with served(city) as url:
        gateway = beside(city, url)
        _until(lambda: all(each.current.value for each in view.states(parent="house:storey")[0]))
        gateway.close()
    live, _ = view.states(parent="house:storey")
    assert [(each.object, each.role) for each in live] == [
        ("house:0BTBFw6f90Nfh9rP1dlXr$", "room CO2"),
        ("house:0BTBFw6f90Nfh9rP1dlXr$", "room temperature"),
    ]
    assert all(each.current.datastream.properties["simulated"] for each in live)


def _pack_with_a_room(folder: Path) -> Path:
    """Return a pack whose one model has a storey with a room in it."""
    (folder / "models").mkdir(parents=True)
    corners = [[x, y, z] for z in (0, 3) for x, y in ((0, 0), (4, 0), (4, 5), (0, 5))]
    shell = [[[0, 3, 2, 1]], [[4, 5, 6, 7]], [[0, 1, 5, 4]], [[1, 2, 6, 5]], [[2, 3, 7, 6]], [[3, 0, 4, 7]]]
    solid = {"type": "Solid", "lod": "3", "boundaries": [shell]}
    room = "0BTBFw6f90Nfh9rP1dlXr$"
    document = {
        "type": "CityJSON",
        "version": "2.0",
        "metadata": {"referenceSystem": "https://www.opengis.net/def/crs/EPSG/0/4544"},
        "transform": {"scale": [1, 1, 1], "translate": [410_000, 3_394_000, 0]},
        "CityObjects": {
            "house": {"type": "Building", "children": ["storey"]},
            "storey": {"type": "BuildingStorey", "parents": ["house"], "children": [room]},
            room: {"type": "BuildingRoom", "parents": ["storey"], "geometry": [solid]},
        },
        "vertices": corners,
    }
    (folder / "house.json").write_text(json.dumps(document), "utf-8")
    card = 'file = "house.json"\nvalid_from = 2020-01-01T00:00:00Z\nclassification = "open"\nsimulated_rooms = true\n'
    (folder / "models" / "house.toml").write_text(card, "utf-8")
    return folder


def _until(holds: object, seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not holds():  # type: ignore[operator]
        assert time.monotonic() < end
        time.sleep(0.1)
