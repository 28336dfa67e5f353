"""What becomes of a model is all or nothing, is in the ledger, and is told to who looks on."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from tests.unit.doors.test_twin import model

from lifang.core import BadInput, NotFound, SystemClock, Unavailable
from lifang.guard import SYSTEM, Classification
from lifang.store import Store
from lifang.twin import ModelFile, Twin, read_cityjson
from lifang.twin.reading.model import Belonging

SINCE = datetime(2026, 1, 1, tzinfo=UTC)
LATER = SINCE + timedelta(days=30)
NAMES = ("a", "b")


class Watched(Twin):
    """A twin, and the models that those who look on were told of."""

    def __init__(self, store: Store) -> None:
        super().__init__(store, SystemClock())
        self.store, self.told = store, list[str]()
        self.on_change(lambda model, _classification: self.told.append(model))

    def take(self, found: ModelFile, *, since: datetime = SINCE) -> int:
        return self.add("m", found, classification=Classification.OPEN, valid_from=since, by=SYSTEM).change.rows

    def ids(self, at: datetime) -> list[str]:
        return [each.id for each in self.objects(self.query(at=at))]

    def noted(self) -> list[dict[str, object]]:
        return [dict(each.entry.detail) for each in self.store.ledger.records() if each.entry.action == "admit"]


@pytest.fixture
def twin(tmp_path: Path) -> Iterator[Watched]:
    with Store(tmp_path / "store", clock=SystemClock()) as opened:
        yield Watched(opened)


def found(*names: str, belongings: tuple[Belonging, ...] = ()) -> ModelFile:
    return replace(read_cityjson(model(*names), prefix="m"), belongings=list(belongings))


def test_objects_are_not_in_without_what_their_file_tells_of_them(twin: Watched) -> None:
    with pytest.raises(BadInput, match="no kind of link"):
        twin.take(found(*NAMES, belongings=(Belonging("m:a", "marries", "m:b"),)))
    assert (twin.ids(SINCE), twin.told, twin.noted(), twin.version) == ([], [], [], 0)
    assert twin.take(found(*NAMES)) == 2
    assert (twin.ids(SINCE), twin.told, twin.version) == (["m:a", "m:b"], ["m"], 1)


def test_who_looks_on_is_told_where_only_groups_or_metadata_are_other(twin: Watched) -> None:
    twin.take(found(*NAMES))
    grouped = found(*NAMES, belongings=(Belonging("m:a", "group", "m:b"),))
    assert (twin.take(grouped), twin.told) == (0, ["m", "m"])
    told = replace(grouped, told={"metadata": {"title": "Another"}})
    assert (twin.take(told), twin.take(told), twin.told) == (0, 0, ["m"] * 3)
    assert [each.get("source", each.get("model")) for each in twin.noted()] == ["m", "model:m"]


def test_what_the_ledger_could_not_take_is_told_before_the_next_change(
    twin: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as full:
        full.setattr(twin.store.ledger, "append", _no_room)
        with pytest.raises(Unavailable):
            twin.take(found(*NAMES))
    assert (twin.ids(SINCE), twin.told, twin.noted()) == (["m:a", "m:b"], ["m"], [])
    assert twin.take(found(*NAMES)) == 0
    assert [(each["model"], each["rows"]) for each in twin.noted()] == [("m", 2)]


def test_a_model_ends_with_its_groups_and_stays_known_as_it_was(twin: Watched) -> None:
    twin.take(found(*NAMES, belongings=(Belonging("m:a", "group", "m:b"),)))
    twin.take(found("a", "b", "c"), since=LATER + timedelta(days=1))
    assert twin.end("m", at=LATER, by=SYSTEM).ended == 3
    assert [twin.ids(each) for each in (SINCE, LATER, LATER + timedelta(days=2))] == [["m:a", "m:b"], [], []]
    assert [len(twin.links.of(["m:a"], at=each)) for each in (SINCE, LATER)] == [1, 0]
    assert (len(twin.told), twin.end("m", at=LATER, by=SYSTEM).is_one, len(twin.told)) == (3, False, 3)
    with pytest.raises(NotFound, match="no model 'other'"):
        twin.end("other", at=LATER, by=SYSTEM)


def test_a_file_is_not_erased_between_its_coming_and_what_needs_it(twin: Watched, tmp_path: Path) -> None:
    sent, erased = tmp_path / "sent", threading.Event()
    sent.write_bytes(b"a model")
    blobs = twin.store.blobs

    def erase() -> None:
        with blobs.lock:
            if not twin.needing(sha256):
                blobs.erase(sha256)
        erased.set()

    with blobs.lock:  # as whoever puts files has it, see ``Blobs``
        with sent.open("rb") as stream:
            sha256 = blobs.put(stream, max_bytes=99).sha256
        other = threading.Thread(target=erase)
        other.start()
        assert not erased.wait(0.05)
        assert twin.originals.keep("m", sent) == sha256
    other.join(10)
    assert erased.is_set()
    assert blobs.exists(sha256)


def test_an_original_comes_in_once_nobody_asks_any_more_whether_it_is_needed(twin: Watched, tmp_path: Path) -> None:
    sent = tmp_path / "sent"
    sent.write_bytes(b"a model")
    with twin.store.blobs.lock:  # as who erases files has it
        keeping = threading.Thread(target=twin.originals.keep, args=["m", sent])
        keeping.start()
        keeping.join(0.2)
        assert not list((twin.store.folder / "blobs").rglob("[0-9a-f]*"))
    keeping.join(10)
    assert len([each for each in (twin.store.folder / "blobs").rglob("*") if each.is_file()]) == 1


def test_links_lead_to_what_is_registered(twin: Watched) -> None:
    twin.take(found(*NAMES))
    for target, says in {
        "datastream:nobody": "no datastream 'nobody'",
        "thing:nobody": "no thing 'nobody'",
        "dataset:nobody": "no dataset 'nobody'",
        "row:nobody/1": "no dataset 'nobody'",
    }.items():
        rows = pa.table({"object": ["m:a"], "kind": ["related"], "target": [target]})
        with pytest.raises(BadInput, match=says):
            twin.links.add(rows, source="survey", classification=Classification.OPEN, valid_from=SINCE, by=SYSTEM)


def _no_room(_entry: object) -> None:
    raise Unavailable("The disk is full.", where="registry.sqlite")
