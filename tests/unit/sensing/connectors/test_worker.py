"""Workers: backing off, bounded, apart from each other; what is created on demand, and what is not."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from lifang.core import BadInput, Conflict, Denied, Unavailable
from lifang.guard import SYSTEM, Role, Subject
from lifang.sensing import Datastream, Sensing, Thing
from lifang.sensing.connectors import Connectors
from lifang.sensing.connectors import folder as folder_kind
from lifang.sensing.connectors.mapping import Record
from lifang.sensing.connectors.running import Context, Portion
from lifang.sensing.connectors.running.config import Head
from lifang.sensing.connectors.running.worker import wait_s
from lifang.store import Store

from .conftest import Room

_CONFIG = """
kind = "folder"
every_s = 0.1
limit_s = {limit_s}
retry_s = 1
retry_max_s = 10
{more}
[source]
path = "x"
[time]
field = "t"
format = "unix_s"
[thing]
id = "s-{{s}}"
lon = 104.0
lat = 30.6
[[values]]
field = "v"
unit = "mm"
"""
CONFIG = _CONFIG.format(more="", limit_s=60)
HURRIED = _CONFIG.format(more="", limit_s=0.2)


def test_waits_double_to_a_bound_and_are_shortened_by_up_to_half_by_chance() -> None:
    head = Head(kind="x", every_s=60.0, retry_s=5.0, retry_max_s=900.0)
    assert wait_s(head, 0, lambda: 0.9) == 60.0
    assert [wait_s(head, n, lambda: 0.0) for n in (1, 2, 3, 8, 9, 1000)] == [5, 10, 20, 640, 900, 900]
    assert [wait_s(head, n, lambda: 1.0) for n in (1, 2, 3, 1000)] == [2.5, 5, 10, 450]


@pytest.fixture
def pulling(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[..., Iterator[Portion]]], None]:
    """Return a function that lets the kind ``folder`` pull by another function."""

    def use(pull: Callable[..., Iterator[Portion]]) -> None:
        monkeypatch.setattr(folder_kind, "pull", pull)

    return use


def one(number: int = 1, *, thing: str = "a", **more: Any) -> Portion:
    return Portion("here", records=[Record(1, {"s": thing, "t": 1_700_000_000 + number, "v": number}, 0)], **more)


def test_what_was_stored_is_kept_with_its_checkpoint_and_then_acknowledged(room: Room, pulling: Any) -> None:
    told: list[tuple[int, dict[str, Any]]] = []

    def pull(_o: Any, checkpoint: Mapping[str, Any], _c: Context) -> Iterator[Portion]:
        for number in range(checkpoint.get("next", 0), 3):
            seen = lambda: told.append((len(room.series("s-a.v")), dict(row(room)["checkpoint"])))  # noqa: E731
            yield one(number, checkpoint={"next": number + 1}, acknowledge=seen)

    pulling(pull)
    room.add(CONFIG)
    assert room.pull().counts["values"] == 3
    assert told == [(1, {"next": 1}), (2, {"next": 2}), (3, {"next": 3})]
    assert room.pull().counts["values"] == 3


def row(room: Room) -> dict[str, Any]:
    found = room.sensing.store.registry.get("connector", "feed")
    assert found is not None
    return found


def test_what_the_store_does_not_take_is_neither_kept_nor_acknowledged(
    room: Room, pulling: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    acknowledged: list[int] = []
    pulling(lambda *_: iter([one(checkpoint={"next": 1}, acknowledge=lambda: acknowledged.append(1))]))
    room.add(CONFIG)

    def full(*_: Any, **__: Any) -> Any:
        raise Unavailable("The disk is full.", where="disk", mend="Free space.")

    monkeypatch.setattr(room.sensing, "ingest", full)
    status = room.pull()
    assert (status.state, status.troubles[0].what, row(room)["checkpoint"]) == ("failing", "The disk is full.", {})
    assert acknowledged == []
    monkeypatch.undo()


@pytest.mark.parametrize("error", [Unavailable("gone", mend="wait"), KeyError("x"), MemoryError(), SystemExit(3)])
def test_whatever_a_source_throws_is_kept_as_a_failure_and_ends_nothing(
    room: Room, pulling: Any, error: BaseException
) -> None:
    def pull(*_: Any) -> Iterator[Portion]:
        yield one()
        raise error

    pulling(pull)
    room.add(CONFIG)
    status = room.pull()
    assert (status.state, status.failures, status.counts["values"]) == ("failing", 1, 1)
    assert status.troubles[0].mend
    assert room.pull().failures == 2
    assert len(room.connectors.status("feed").troubles) == 1  # the same again only renews its moment
    pulling(lambda *_: iter([one(2)]))
    room.connectors.add("feed", CONFIG, by=SYSTEM, replace=True)
    status = room.pull()
    assert (status.state, status.failures, status.counts["failures"]) == ("running", 0, 2)


def test_a_stuck_connector_holds_up_no_other_and_is_overdue(room: Room, pulling: Any) -> None:
    release = threading.Event()

    def pull(_o: Any, _p: Any, context: Context) -> Iterator[Portion]:
        if context.id == "stuck":
            release.wait(60)
        yield one(int(time.monotonic() * 1000) % 1_000_000)

    pulling(pull)
    room.add(HURRIED, "stuck")
    room.add(CONFIG, "well")
    room.connectors.start()
    deadline = time.monotonic() + 60
    while room.connectors.status("well").counts["values"] < 5 or room.connectors.status("stuck").state != "overdue":
        assert time.monotonic() < deadline, room.connectors.statuses()
        time.sleep(0.02)
    release.set()


def test_a_pull_that_takes_too_long_keeps_what_it_has_and_fails(room: Room, pulling: Any) -> None:
    def pull(*_: Any) -> Iterator[Portion]:
        for number in range(1000):
            time.sleep(0.02)
            yield one(number, checkpoint={"next": number})

    pulling(pull)
    room.add(HURRIED)
    status = room.pull()
    assert status.state == "failing"
    assert "longer" in status.troubles[0].what
    assert 1 <= status.counts["values"] < 100
    assert row(room)["checkpoint"]["next"] == status.counts["values"] - 1


def test_things_and_datastreams_are_made_once_and_only_if_allowed(room: Room, pulling: Any) -> None:
    pulling(lambda *_: iter([one(thing="a"), one(thing="b")]))
    room.add(_CONFIG.format(more="create = false", limit_s=60))
    status = room.pull()
    assert (status.counts["values"], status.counts["refused"]) == (0, 2)
    assert room.issues()[0].rule == "unknown datastream"
    room.add(_CONFIG.format(more="create_max = 1", limit_s=60))
    status = room.pull()
    assert (status.counts["values"], status.counts["datastreams"]) == (1, 1)
    assert any("create_max" in each.mend for each in room.issues())
    room.add(CONFIG)
    assert room.pull().counts["datastreams"] == 2
    subjects = {each.entry.subject for each in room.sensing.store.ledger.records(limit=1000)}
    assert "connector:feed" in subjects


def test_a_thing_that_is_there_already_is_left_as_it_is(room: Room, pulling: Any) -> None:
    there = Thing("s-a", "老站", "old", "gauge", 103.0, 30.0)
    room.sensing.register([there], [], by=SYSTEM)
    pulling(lambda *_: iter([one()]))
    room.add(CONFIG)
    assert room.pull().counts["values"] == 1
    assert room.sensing.thing("s-a").zh == "老站"


def test_values_take_the_unit_of_the_datastream_that_is_there(room: Room, pulling: Any) -> None:
    thing = Thing("s-a", "站", "site", "gauge", 103.0, 30.0)
    stream = Datastream("s-a.v", "s-a", "v", "v", "v", "rain", "cm", 0)
    room.sensing.register([thing], [stream], by=SYSTEM)
    pulling(lambda *_: iter([one(25)]))
    room.add(CONFIG)
    room.pull()
    assert [value for value, _ in room.series("s-a.v").values()] == [2.5]
    room.add(CONFIG.replace('unit = "mm"', 'unit = "s"'))
    assert "cm" in room.pull().troubles[0].what


def test_issues_are_kept_up_to_a_bound(room: Room, pulling: Any) -> None:
    bad = [Record(number, {"s": "a", "t": 1, "v": "x"}, 0) for number in range(1, 1501)]
    pulling(lambda *_: iter([Portion("here", records=bad)]))
    room.add(CONFIG)
    status = room.pull()
    assert status.counts["refused"] == 1500
    kept = room.issues()
    assert (len(kept), kept[0].row) == (1000, 1500)


def test_state_outlives_a_restart(opening: Callable[[], Room], pulling: Any) -> None:
    pulling(lambda *_: iter([one(checkpoint={"at": 7})]))
    room = opening()
    room.add(CONFIG)
    room.pull()
    room.connectors.pause("feed", by=SYSTEM)
    again = opening()
    status = again.connectors.status("feed")
    assert (status.state, status.counts["values"], row(again)["checkpoint"]) == ("paused", 1, {"at": 7})
    again.connectors.start()
    assert again.connectors.status("feed").last_attempt == status.last_attempt


def test_a_file_put_there_by_hand_is_taken_up_and_on_record_and_a_bad_one_is_told(
    opening: Callable[[], Room], tmp_path: Path
) -> None:
    folder = tmp_path / "city" / "connectors"
    folder.mkdir(parents=True)
    (folder / "byhand.toml").write_text(CONFIG, "utf-8")
    (folder / "bad.toml").write_text("kind = 'folder'\nnonsense = 1\n", "utf-8")
    (folder / "latin.toml").write_bytes(b"kind = '\xff'")
    (folder / "Bad Name.toml").write_text(CONFIG, "utf-8")
    room = opening()
    room.connectors.start()
    states = {each.id: each.state for each in room.connectors.statuses()}
    assert states["byhand"] in {"running", "failing"}
    assert {states[each] for each in ("bad", "latin", "Bad Name")} == {"refused"}
    bad = room.connectors.status("bad")
    assert "nonsense" in bad.troubles[0].where
    entries = [each.entry for each in room.sensing.store.ledger.records(limit=100)]
    assert [each.resource for each in entries if each.action == "manage"] == ["connector:byhand"]
    with pytest.raises(BadInput):
        room.connectors.resume("bad", by=SYSTEM)
    room.add(CONFIG, "bad")
    assert room.connectors.status("bad").state in {"running", "failing"}


def test_python_is_asked_for_the_same_rights_as_everyone(room: Room) -> None:
    operator = Subject("o", "o", frozenset({Role.OPERATOR}))
    analyst = Subject("a", "a", frozenset({Role.ANALYST}))
    with pytest.raises(Denied):
        room.connectors.add("feed", CONFIG, by=operator)
    room.add(CONFIG)
    for act in (room.connectors.pause, room.connectors.resume, room.connectors.pull, room.connectors.test):
        with pytest.raises(Denied):
            act("feed", by=analyst)
    with pytest.raises(Denied):
        room.connectors.remove("feed", by=operator)
    assert room.connectors.pause("feed", by=operator).state == "paused"


def test_a_backup_holds_connectors_and_their_state_but_no_secret(room: Room, pulling: Any, tmp_path: Path) -> None:
    pulling(lambda *_: iter([one(checkpoint={"at": 7})]))
    room.add(CONFIG.replace('path = "x"', 'path = "${where}"'), secrets={"where": "behind the wall"})
    room.pull()
    room.sensing.store.backup(tmp_path / "city.tar")
    assert b"behind the wall" not in (tmp_path / "city.tar").read_bytes()
    Store.restore(tmp_path / "city.tar", tmp_path / "new")
    store = Store.open(tmp_path / "new", clock=room.clock, memory_mb=128, threads=1)
    sensing = Sensing(store, room.clock)
    connectors = Connectors(
        store, sensing, room.clock, folder=tmp_path / "new", city_zone="Asia/Shanghai", centre=(0.0, 0.0)
    )
    status = connectors.status("feed")
    assert (status.counts["values"], status.secrets) == (1, ("where",))
    assert "not known" in connectors.pull("feed", by=SYSTEM).troubles[0].what
    sensing.close()
    store.close()


def test_another_kind_under_the_same_id_begins_anew(room: Room, pulling: Any) -> None:
    pulling(lambda *_: iter([one(checkpoint={"at": 7})]))
    room.add(CONFIG)
    room.pull()
    with pytest.raises(Conflict):
        room.connectors.add("feed", CONFIG, by=SYSTEM)
    room.add('kind = "gtfs"\n[source]\npath = "feed.zip"\n')
    status = room.connectors.status("feed")
    assert (status.kind, status.counts["values"], row(room)["checkpoint"]) == ("gtfs", 0, {})
