"""Every kind of connector keeps the promises of all: found by the registry, so that a new file is tested by itself."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from tests.victims import Victim

sys.path.insert(0, str(Path(__file__).parent))

from connector_worlds import FEED, Values, world_of

from lifang.core import BadInput, NotFound, Plugins, SystemClock, from_micros, unit
from lifang.guard import SYSTEM
from lifang.sensing import Sensing, connectors
from lifang.sensing.connectors import Connectors, Status
from lifang.sensing.connectors.running.config import read_config
from lifang.store import Store

PLUGINS = Plugins(connectors)
KINDS = sorted(spec.id for spec in PLUGINS.specs())
EVER = from_micros(0), from_micros(2**52)
PATIENCE_S = 30.0


@dataclass
class City:
    """A store with connectors at work, and the world outside."""

    folder: Path
    world: Any
    sensing: Sensing
    room: Connectors

    def values(self) -> Values:
        """Return every value stored, by datastream and microseconds."""
        found: Values = {}
        for stream in self.sensing.datastreams():
            try:
                table = self.sensing.series(stream.number, *EVER)
            except NotFound:
                continue  # registered this very moment: the registry tells of it a little before it can be asked for
            times = table["time"].cast(pa.int64()).to_pylist()
            assert len(set(times)) == len(times), f"{stream.id} has a value twice"
            found |= {(stream.id, at): value for at, value in zip(times, table["value"].to_pylist(), strict=True)}
        return found

    def wait(self, come: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not come():
            assert time.monotonic() < deadline, f"{what} did not come: {self.room.status(FEED)}"
            time.sleep(0.05)

    def status(self) -> Status:
        return self.room.status(FEED)

    def add(self) -> None:
        self.room.add(FEED, self.world.config, secrets=self.world.secrets, by=SYSTEM, replace=True)

    def listening(self) -> None:
        """Wait until the connector has reached its source once."""
        self.wait(lambda: self.status().last_success is not None, "the first success")

    def all_told(self) -> bool:
        """Return whether everything the world said is here."""
        things = self.world.things() <= {each.id for each in self.sensing.things()}
        return things and (
            self.world.expected().items() <= self.values().items() if self.world.timed else self._latest()
        )

    def _latest(self) -> bool:
        return bool(self.values()) and max(self.values().values()) == max(self.world.expected().values())


def opened(folder: Path, world: Any) -> City:
    clock = SystemClock()
    store = Store.open(folder, clock=clock, memory_mb=128, threads=1)
    sensing = Sensing(store, clock)
    sensing.start()
    room = Connectors(store, sensing, clock, folder=folder, city_zone="Asia/Shanghai", centre=(104.0, 30.6))
    return City(folder, world, sensing, room)


def shut(city: City) -> None:
    city.room.close()
    city.sensing.close()
    city.sensing.store.close()


@pytest.fixture(params=KINDS)
def city(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[City]:
    world = world_of(request.param, tmp_path / "city")
    made = opened(tmp_path / "city", world)
    made.room.start()
    yield made
    shut(made)
    world.close()


def spoiled(example: str, table: str, line: str) -> str:
    """Return the example with ``line`` in ``table``, in place of lines there that set the same keys."""
    for key in re.findall(r"^(\w+) =", line, re.MULTILINE) if table != "[[values]]" else ["only"]:
        example = re.sub(rf"^{key} = .*\n", "", example, flags=re.MULTILINE)
    if not table:
        return f"{line}\n{example}"
    if f"{table}\n" in example and table != "[[values]]":
        return example.replace(f"{table}\n", f"{table}\n{line}\n", 1)
    return f"{example}\n{table}\n{line}\n"


@pytest.mark.parametrize("kind", KINDS)
def test_a_connector_declares_itself_in_two_languages_with_an_example_that_is_valid(kind: str) -> None:
    module = PLUGINS.get(kind)
    spec = module.spec
    assert spec.zh
    assert spec.en
    assert all(spec.says)
    assert spec.citation
    assert spec.reads
    assert spec.writes
    assert all(field.description for field in spec.options.model_fields.values())
    with pytest.raises(AttributeError):
        spec.id = "other"
    config = read_config("example", spec.example, find=PLUGINS.get, city_zone="Asia/Shanghai")
    assert config.spec is spec
    assert bool(config.head.values) == spec.maps
    for rule in config.head.values:
        assert unit(rule.unit).quantity == unit(rule.speaks).quantity
    assert callable(module.pull)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("table", "line", "where"),
    [
        ("", "nonsense = 1", "nonsense"),
        ("", 'every_s = "often"', "every_s"),
        ("", "every_s = 0", "every_s"),
        ("", 'zone = "Mars/Olympus"', "zone"),
        ("", 'only = ["nonsense"]', "only"),
        ("", "= 1", "bad.toml"),
        ("[source]", 'nonsense = "x"', "source"),
        ("[source]", 'password = "in the clear"', "source.password"),
        ("[source]", "headers = { X-Api-Key = 'in the clear' }", "source.headers.X-Api-Key"),
        ("[source]", 'allow = ["localhost"]', "source"),
        ("[thing]", "nonsense = 1", "thing"),
        ("[time]", 'format = "%Q"', "time"),
        ("[[values]]", 'field = "a"\nunit = "furlong"\ndatastream = "x"', "values"),
        ("[[values]]", 'field = "a"\nunit = "m"\nsource_unit = "s"\ndatastream = "x"', "values"),
        ("[quality]", 'x = "splendid"', "quality"),
        ("[secrets]", "x = 1", "secrets"),
    ],
)
def test_a_bad_file_is_refused_with_what_where_and_how_to_mend(kind: str, table: str, line: str, where: str) -> None:
    text = spoiled(PLUGINS.get(kind).spec.example, table, line)
    with pytest.raises(BadInput) as refused:
        read_config("bad", text, find=PLUGINS.get, city_zone="Asia/Shanghai")
    assert refused.value.what
    assert refused.value.mend
    assert where in refused.value.where


def test_values_arrive_with_their_unit_their_moment_and_their_thing(city: City) -> None:
    city.add()
    if city.world.there:
        city.listening()
    city.world.say(7)
    city.wait(city.all_told, "what the world said")
    if city.world.timed:
        assert city.values() == city.world.expected()
    city.wait(lambda: city.status().state == "running" and not city.status().failures, "a pull that ended well")
    city.wait(lambda: city.status().counts["things"] >= len(city.world.things()) > 0, "the count of things")
    if city.world.timed and city.values():
        newest = from_micros(max(at for _, at in city.values()))
        city.wait(lambda: city.status().newest == newest, "the newest")
        lag = (SystemClock().now() - newest).total_seconds()
        assert city.status().lag_s == pytest.approx(lag, abs=10)
        told = len(city.world.expected())
        city.wait(lambda: city.status().counts["values"] >= told, "the count of values")
        assert city.status().counts["values"] == told  # what comes again unchanged is not news
    batches = {each.entry.subject for each in city.sensing.store.ledger.records(limit=10_000)}
    assert f"connector:{FEED}" in batches


def test_a_failing_source_is_told_of_backed_off_from_and_taken_up_again(city: City) -> None:
    city.add()
    if city.world.there:
        city.listening()
    city.world.say(2)
    city.wait(city.all_told, "the first values")
    city.world.fail()
    city.wait(lambda: city.status().failures >= 3, "failures")
    status = city.status()
    assert status.state == "failing"
    trouble = status.troubles[0]
    assert trouble.what
    assert trouble.where
    assert trouble.mend
    assert trouble.moment == status.troubles[0].moment
    assert status.counts["failures"] >= 3
    city.world.mend()
    city.world.say(2)
    city.wait(city.all_told, "the values after the repair")
    city.wait(lambda: city.status().state == "running", "running again")


def test_nonsense_is_reported_by_column_and_rule_and_costs_nothing_else(city: City) -> None:
    city.add()
    if city.world.there:
        city.listening()
    city.world.say(3)
    city.wait(city.all_told, "the good values")
    before = city.values()
    column, rule = city.world.say_nonsense()
    city.add()  # for a world whose nonsense is in the file
    city.wait(lambda: bool(city.room.issues(FEED)), "an issue")
    told = city.room.issues(FEED)[0].issue
    assert (told.column, told.rule) == (column, rule)
    assert told.where
    assert told.mend
    assert city.status().counts["refused"] >= 1
    assert before.items() <= city.values().items()


def test_a_paused_connector_rests_and_goes_on_where_it_stopped(city: City) -> None:
    city.add()
    if city.world.there:
        city.listening()
    city.world.say(2)
    city.wait(city.all_told, "the first values")
    assert city.room.pause(FEED, by=SYSTEM).state == "paused"
    pulls = city.status().counts["pulls"]
    city.world.say(2)
    time.sleep(0.5)
    assert city.status().counts["pulls"] == pulls
    assert not city.all_told()
    city.room.resume(FEED, by=SYSTEM)
    city.wait(city.all_told, "what was said meanwhile")


def test_a_trial_shows_what_would_come_and_stores_nothing(city: City) -> None:
    retained = {"retain": True} if city.world.config.count('kind = "mqtt_map"') else {}
    city.world.say(3, **retained)
    trial = city.room.try_out("tried", city.world.config, secrets=city.world.secrets, by=SYSTEM)
    assert trial.trouble is None
    assert not trial.issues
    assert {each.id for each in trial.things} == city.world.things()
    told = {each["datastream"] for each in trial.values}
    assert told == {name for name, _ in city.world.expected()}
    assert city.values() == {}
    assert city.sensing.things() == []
    assert city.room.statuses() == []


def test_a_removed_connector_leaves_its_values_and_nothing_else(city: City) -> None:
    city.add()
    if city.world.there:
        city.listening()
    city.world.say(2)
    city.wait(city.all_told, "values")
    city.room.remove(FEED, by=SYSTEM)
    values = city.values()
    assert city.room.statuses() == []
    left = [path.name for path in (city.folder / "connectors").rglob("*") if path.is_file()]
    assert left == []
    for table in ("connector", "connector_mark", "connector_issue"):
        assert city.sensing.store.registry.count(table) == 0
    time.sleep(0.3)
    assert city.values() == values
    told = [each.entry for each in city.sensing.store.ledger.records(limit=10_000)]
    mine = [each for each in told if each.resource == f"connector:{FEED}"]
    assert [each.detail.get("removed", False) for each in mine] == [False, True]


@pytest.mark.parametrize("kind", KINDS)
def test_killed_at_any_moment_it_resumes_without_loss_or_double(kind: str, tmp_path: Path) -> None:
    folder = tmp_path / "city"
    world = world_of(kind, folder)
    try:
        made = opened(folder, world)
        made.add()
        shut(made)
        if not world.there:
            world.say(1)
        for after_s in (0.02, 0.15, 0.4):
            killed_while_speaking(folder, world, after_s)
        made = opened(folder, world)
        made.room.start()
        try:
            made.wait(made.all_told, "everything that was said")
            if world.timed:
                assert made.values() == world.expected()
        finally:
            shut(made)
    finally:
        world.close()


def pulling(folder: Path, tell: Connection) -> None:
    """Run the connectors of a city and say when the one called feed has reached its source."""
    clock = SystemClock()
    store = Store.open(folder, clock=clock, memory_mb=128, threads=1)
    sensing = Sensing(store, clock)
    sensing.start()
    room = Connectors(store, sensing, clock, folder=folder, city_zone="Asia/Shanghai", centre=(104.0, 30.6))
    room.start()
    while room.status(FEED).last_success is None:
        time.sleep(0.02)
    tell.send("up")
    time.sleep(60)


def killed_while_speaking(folder: Path, world: Any, after_s: float) -> None:
    """Run a city in a process of its own, let the world speak, and kill the process ``after_s`` seconds later."""
    with Victim(pulling, folder) as victim:
        assert victim.hear() == "up"
        world.say(40)
        time.sleep(after_s)
        world.say(3)
