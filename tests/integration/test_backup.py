"""Backup of a city that is being written to, restored elsewhere; archives that were tampered with are refused whole."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from lifang.core import BadInput, Conflict, Corrupt, ManualClock, NotFound
from lifang.store import BackupSummary, Entry, Observations, Store

NOW = datetime(2019, 1, 12, tzinfo=UTC)
MICROS = 1_546_300_800_000_000
Member = tuple[tarfile.TarInfo, bytes]


def opened(folder: Path) -> Store:
    return Store.open(folder, clock=ManualClock(NOW), memory_mb=64, threads=1)


def observe(store: Store, tag: int, rows: int = 200) -> int:
    number = np.arange(rows, dtype=np.int32)
    times = np.full(rows, MICROS + tag, dtype=np.int64)
    batch = store.lake.append_batch(
        Observations(number, times, np.full(rows, float(tag)), np.zeros(rows, dtype=np.uint8)), subject="t"
    )
    store.record_batch(batch)
    return batch.id


def admit(store: Store, number: int) -> None:
    blob = store.blobs.put(io.BytesIO(b"source %d" % number * 1000), max_bytes=10**6)
    store.lake.write_release("numbers", number, pa.table({"n": np.full(1000, number)}))
    with store.registry.transaction() as tx:
        if tx.get("dataset", "numbers") is None:
            tx.insert("dataset", {"id": "numbers", "created": NOW, "updated": NOW})
        row = {"id": f"numbers@{number}", "dataset": "numbers", "number": number, "recorded": NOW}
        tx.insert("release", row | {"source_sha256": blob.sha256})
        tx.record(Entry("t", "admit", f"dataset:numbers@{number}"))


@pytest.fixture
def city(tmp_path: Path) -> Iterator[Store]:
    with opened(tmp_path / "city") as store:
        (store.folder / "city.toml").write_text('id = "test"\n')
        observe(store, 1)
        admit(store, 1)
        yield store


@pytest.fixture
def archive(city: Store, tmp_path: Path) -> Path:
    return city.backup(tmp_path / "backup.tar").path


def test_a_city_that_is_written_to_is_backed_up_whole_and_restored(city: Store, tmp_path: Path) -> None:
    stop = threading.Event()
    counts = {"observe": 1, "admit": 1}
    failures: list[Exception] = []

    def repeat(action: Callable[[Store, int], object]) -> None:
        try:
            while not stop.is_set():
                counts[action.__name__] += 1
                action(city, counts[action.__name__])
        except Exception as error:  # noqa: BLE001 - handed to the test, which fails with it
            failures.append(error)

    threads = [threading.Thread(target=repeat, args=(action,)) for action in (observe, admit)]
    for thread in threads:
        thread.start()
    before = (len(city.lake.batches(limit=10_000)), city.registry.count("release"))
    heads = [city.ledger.head()]
    seen: list[float] = []
    summary = city.backup(tmp_path / "backup.tar", progress=seen.append)
    stop.set()
    for thread in threads:
        thread.join()
    assert not failures
    check_summary(summary, seen)
    told = Store.restore(summary.path, tmp_path / "elsewhere" / "city")
    assert (told.sha256, told.files) == (summary.sha256, summary.files)
    with opened(tmp_path / "elsewhere" / "city") as again:
        check_restored(again, *before)
        assert again.ledger.verify(heads[0][1]).ok
        assert observe(again, 10_000) == len(again.lake.batches(limit=10_000))
        admit(again, 10_000)
    assert (tmp_path / "elsewhere" / "city" / "city.toml").read_text() == 'id = "test"\n'


def check_summary(summary: BackupSummary, progress: list[float]) -> None:
    assert summary.sha256 == hashlib.sha256(summary.path.read_bytes()).hexdigest()
    assert summary.bytes == summary.path.stat().st_size
    assert progress == sorted(progress)
    assert progress[-1] == 1.0
    assert [each.name for each in summary.path.parent.iterdir() if each.name != "city"] == [summary.path.name]


def check_restored(store: Store, batches: int, releases: int) -> None:
    told = store.lake.batches(limit=10_000)
    rows = store.registry.find("release")
    assert len(told) >= batches
    assert len(rows) >= releases
    assert store.lake.observation_count() == 200 * len(told)
    for row in rows:
        assert store.lake.release("numbers", row["number"]).select()["n"].to_pylist() == [row["number"]] * 1000
        assert store.blobs.intact(row["source_sha256"])
    assert store.ledger.verify().ok


def test_what_only_the_log_holds_is_in_the_backup(city: Store, tmp_path: Path) -> None:
    city.lake._native._keeper.close()
    for tag in (2, 3):
        observe(city, tag)
    summary = city.backup(tmp_path / "backup.tar")
    with tarfile.open(summary.path) as tar:
        assert any(name.startswith("lake/log/") for name in tar.getnames())
    observe(city, 4)
    Store.restore(summary.path, tmp_path / "new")
    with opened(tmp_path / "new") as again:
        assert again.lake.observation_count() == 600
        assert again.lake.tally(np.array([0, 199], np.int32)).count.tolist() == [3, 3]
        assert observe(again, 5) == 4


def test_a_reader_half_way_hinders_no_backup(city: Store, tmp_path: Path) -> None:
    city.lake.write_release("long", 1, pa.table({"n": np.arange(300_000)}))
    reader = city.lake.release("long", 1).batches()
    rows = reader.read_next_batch().num_rows
    observe(city, 2)
    Store.restore(city.backup(tmp_path / "backup.tar").path, tmp_path / "new")
    assert rows + sum(batch.num_rows for batch in reader) == 300_000
    with opened(tmp_path / "new") as again:
        assert again.lake.observation_count() == 400
        assert again.lake.release("long", 1).count() == 300_000


def test_a_backup_does_not_give_up_the_databases_own_lock(city: Store, tmp_path: Path) -> None:
    def locks() -> int:
        inodes = {str(path.stat().st_ino) for path in (city.folder / "lake").glob("*.duckdb")}
        lines = Path("/proc/locks").read_text().splitlines()
        return sum(line.split()[5].rpartition(":")[2] in inodes and "POSIX" in line for line in lines)

    assert locks() == 1
    city.backup(tmp_path / "backup.tar")
    assert locks() == 1


def test_a_backup_overwrites_nothing_and_needs_a_place(city: Store, tmp_path: Path) -> None:
    (tmp_path / "there.tar").write_text("mine")
    with pytest.raises(Conflict):
        city.backup(tmp_path / "there.tar")
    for target in (tmp_path / "nowhere" / "x.tar", city.folder / "x.tar"):
        with pytest.raises(BadInput):
            city.backup(target)
    assert (tmp_path / "there.tar").read_text() == "mine"


def test_restoring_needs_an_empty_folder_and_an_archive(archive: Path, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").write_text("mine")
    with pytest.raises(Conflict):
        Store.restore(archive, tmp_path / "full")
    with pytest.raises(NotFound):
        Store.restore(tmp_path / "nothing.tar", tmp_path / "new")
    (tmp_path / "empty").mkdir()
    Store.restore(archive, tmp_path / "empty")
    opened(tmp_path / "empty").close()


def member(name: str, body: bytes = b"x", **more: object) -> Member:
    info = tarfile.TarInfo(name)
    info.size = len(body)
    for key, value in more.items():
        setattr(info, key, value)
    return info, body


def changed(members: list[Member], name: str, body: bytes) -> list[Member]:
    return [member(name, body) if info.name == name else (info, old) for info, old in members]


def toml_changed(members: list[Member]) -> list[Member]:
    return changed(members, "city.toml", b'id = "evil"\n')


def manifest_without(members: list[Member]) -> list[Member]:
    manifest = json.loads(members[-1][1])
    del manifest["files"]["city.toml"]
    return changed(members, "manifest.json", json.dumps(manifest).encode())


TAMPERED: dict[str, Callable[[list[Member]], list[Member]]] = {
    "another body": toml_changed,
    "a body longer than told": lambda m: changed(m, "city.toml", b'id = "test"\n#'),
    "a missing member": lambda m: [each for each in m if each[0].name != "city.toml"],
    "no manifest": lambda m: m[:-1],
    "no member at all": lambda _: [],
    "a manifest that is not JSON": lambda m: changed(m, "manifest.json", b"{"),
    "a manifest that is deep JSON": lambda m: changed(m, "manifest.json", b"[" * 100_000),
    "a manifest that is a list": lambda m: changed(m, "manifest.json", b"[]"),
    "a member the manifest does not tell of": manifest_without,
    "a member twice": lambda m: [m[0], *m],
    "a member after the manifest": lambda m: [*m, member("late")],
    "a path that climbs out": lambda m: [member("../evil"), *m],
    "a path that climbs out inside": lambda m: [member("lake/../../evil"), *m],
    "an absolute path": lambda m: [member("/tmp/lifang-evil"), *m],
    "a path with a dot": lambda m: [member("./evil"), *m],
    "a symbolic link": lambda m: [member("evil", b"", type=tarfile.SYMTYPE, linkname="/etc/passwd"), *m],
    "a hard link": lambda m: [member("evil", b"", type=tarfile.LNKTYPE, linkname="city.toml"), *m],
    "a device": lambda m: [member("evil", b"", type=tarfile.CHRTYPE), *m],
    "a folder": lambda m: [member("evil", b"", type=tarfile.DIRTYPE), *m],
    "a sparse file of a terabyte": lambda m: [
        member("evil", b"", pax_headers={"GNU.sparse.map": "", "GNU.sparse.size": str(10**12)}),
        *m,
    ],
    "a lock": lambda m: [member("lock"), *m],
}


@pytest.mark.parametrize("how", TAMPERED)
def test_a_tampered_archive_is_refused_and_leaves_nothing(archive: Path, tmp_path: Path, how: str) -> None:
    with tarfile.open(archive) as tar:
        members = [(info, tar.extractfile(info).read()) for info in tar]  # type: ignore[union-attr]
    with tarfile.open(archive, "w") as tar:
        for info, body in TAMPERED[how](members):
            tar.addfile(info, io.BytesIO(body))
    before = sorted(tmp_path.iterdir())
    with pytest.raises(Corrupt):
        Store.restore(archive, tmp_path / "new")
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("keep", [0, 100, 512, 5000, 0.5, 0.99, -11_000])
def test_an_archive_cut_short_is_refused_and_leaves_nothing(archive: Path, tmp_path: Path, keep: float) -> None:
    body = archive.read_bytes()
    archive.write_bytes(body[: int(len(body) * keep) if isinstance(keep, float) else keep])
    before = sorted(tmp_path.iterdir())
    with pytest.raises(Corrupt):
        Store.restore(archive, tmp_path / "new")
    assert sorted(tmp_path.iterdir()) == before


def test_a_flipped_bit_anywhere_in_a_body_is_found(archive: Path, tmp_path: Path) -> None:
    body = bytearray(archive.read_bytes())
    with tarfile.open(archive) as tar:
        where = [info.offset_data + info.size // 2 for info in tar if info.size]
    for position in where:
        body[position] ^= 1
        archive.write_bytes(body)
        body[position] ^= 1
        with pytest.raises(Corrupt):
            Store.restore(archive, tmp_path / "new")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("polls", [1, 2, 5])
def test_a_backup_that_is_told_to_stop_leaves_nothing(city: Store, tmp_path: Path, polls: int) -> None:
    asked: list[bool] = []

    def cancelled() -> bool:
        asked.append(len(asked) + 1 >= polls)
        return asked[-1]

    with pytest.raises(Conflict, match="cancelled"):
        city.backup(tmp_path / "backup.tar", cancelled=cancelled)
    assert [each.name for each in tmp_path.iterdir()] == ["city"]


def test_what_a_killed_backup_left_goes_when_it_is_tried_again_and_nothing_else(city: Store, tmp_path: Path) -> None:
    (tmp_path / ".backup.tar-abc").mkdir()
    (tmp_path / ".backup.tar-abc" / "registry.sqlite").write_text("half")
    (tmp_path / "backup.tar.xyz.part").write_text("half")
    (tmp_path / "other.tar.xyz.part").write_text("another's")
    city.backup(tmp_path / "backup.tar")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["backup.tar", "city", "other.tar.xyz.part"]
