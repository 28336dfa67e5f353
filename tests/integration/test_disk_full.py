"""A disk that fills up under load: a clear error, nothing acknowledged lost, work again when space is freed."""

import gzip
import io
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa
import pytest

from lifang.catalogue import Catalogue
from lifang.core import ManualClock, Settings, Unavailable, owner_of
from lifang.guard import SYSTEM
from lifang.store import Entry, Observations, Store

START = datetime(2019, 1, 1, tzinfo=UTC)
ROWS = 2000
MICROS = 1_546_300_800_000_000
random = np.random.default_rng(7)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(disk)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.fail(f"This test mounts a small tmpfs and so needs root (CAP_SYS_ADMIN): {done.stderr.strip()}")
    yield disk
    subprocess.run(["umount", "-l", disk], check=True)


class Load:
    """Writes to every store and remembers what was acknowledged."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.batches: dict[int, np.ndarray] = {}
        self.settings: list[str] = []
        self.releases: list[int] = []
        self.blobs: list[str] = []
        self.tried = 0

    def append(self) -> None:
        self.tried += 1
        values = random.random(ROWS)
        times = np.full(ROWS, MICROS + self.tried, dtype=np.int64)
        sent = Observations(np.arange(ROWS, dtype=np.int32), times, values, np.zeros(ROWS, dtype=np.uint8))
        self.batches[self.store.lake.append(sent, subject="load")] = values

    def change(self) -> None:
        self.tried += 1
        with self.store.registry.transaction() as tx:
            tx.insert("setting", {"id": f"s{self.tried}", "value": {"pad": random.bytes(20_000).hex()}})
            tx.record(Entry("load", "set", f"setting:s{self.tried}"))
        self.settings.append(f"s{self.tried}")

    def release(self) -> None:
        self.tried += 1
        self.store.lake.write_release("noise", self.tried, pa.table({"n": random.random(40_000)}))
        self.releases.append(self.tried)

    def keep(self) -> None:
        self.blobs.append(self.store.blobs.put(io.BytesIO(random.bytes(200_000)), max_bytes=10**6).sha256)

    def check(self, store: Store) -> None:
        """Fail unless everything acknowledged is there, whole."""
        assert set(self.batches) <= {each.id for each in store.lake.batches(limit=10_000)}
        times = store.lake.many_series(range(ROWS), START, START + timedelta(days=1))
        found = {tuple(values) for values in times["value"].to_numpy().reshape(ROWS, -1).T.round(12).tolist()}
        assert {tuple(values.round(12).tolist()) for values in self.batches.values()} <= found
        assert set(self.settings) <= {row["id"] for row in store.registry.find("setting")}
        assert [store.lake.release("noise", number).count() for number in self.releases] == [40_000] * len(
            self.releases
        )
        assert all(store.blobs.intact(each) for each in self.blobs)
        assert store.ledger.verify().ok


def until_full(action: Callable[[], None], limit: int = 400) -> Unavailable:
    for _ in range(limit):
        try:
            action()
        except Unavailable as error:
            return error
    raise AssertionError("the disk never filled up")


def told_if_full(action: Callable[[], None]) -> None:
    """Do ``action``; the one error it may end in says that the disk is full."""
    try:
        action()
    except Unavailable as error:
        what = error.what
    else:
        return
    assert what == "The disk is full."


def fill(disk: Path) -> Path:
    """Return a file that leaves no byte of ``disk`` free."""
    ballast = disk / "ballast"
    with suppress(OSError), ballast.open("wb", buffering=0) as stream:
        while True:
            stream.write(b"\0" * 4096)
    return ballast


def test_a_full_disk_is_told_loses_nothing_and_is_got_over(small_disk: Path) -> None:
    store = Store.open(small_disk / "city", clock=ManualClock(START), memory_mb=64, threads=1)
    load = Load(store)
    for action in (load.append, load.change, load.release, load.keep):
        action()
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"\0" * (shutil.disk_usage(small_disk).free - 3_000_000))
    for action in (load.append, load.change, load.release, load.keep):
        error = until_full(action)
        assert error.what == "The disk is full."
        assert str(small_disk) in error.where
        assert "Free space" in error.mend
    load.check(store)
    for action in (load.append, load.change, load.release, load.keep):
        until_full(action)
    ballast.unlink()
    for action in (load.append, load.change, load.release, load.keep):
        action()
    load.check(store)
    store.close()
    with Store.open(small_disk / "city", clock=ManualClock(START), memory_mb=64, threads=1) as again:
        load.check(again)
        assert not list((small_disk / "city").rglob("*.part"))


def as_csv(rows: int) -> bytes:
    return b"a,b\n" + b"".join(b"%d,text number %d\n" % (k, k) for k in range(rows))


def as_geojson(rows: int) -> bytes:
    point = {"type": "Point", "coordinates": [104.1, 30.6]}
    features = [{"type": "Feature", "properties": {"n": k}, "geometry": point} for k in range(rows)]
    return orjson.dumps({"type": "FeatureCollection", "features": features})


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("big.csv", partial(as_csv, 1_000_000)),
        ("big.csv.gz", lambda: gzip.compress(as_csv(1_000_000), 1)),
        ("big.geojson", partial(as_geojson, 300_000)),
    ],
    ids=["plain", "packed", "read apart"],
)
def test_an_admission_that_fills_the_disk_leaves_nothing_and_says_what_to_free(
    small_disk: Path, tmp_path: Path, name: str, made: Callable[[], bytes]
) -> None:
    clock = ManualClock(START)
    (tmp_path / name).write_bytes(made())
    with Store.open(small_disk / "city", clock=clock, memory_mb=64, threads=1) as store:
        catalogue = Catalogue(store, clock, Settings("t", "测", "t", "0"))
        with pytest.raises(Unavailable, match="The disk is full") as caught:
            catalogue.add(tmp_path / name, by=SYSTEM)
        assert (caught.value.where, "Free several times" in caught.value.mend) == (name, True)
        assert not list((small_disk / "city/scratch").iterdir())
        assert store.registry.count("release") == store.registry.count("dataset") == 0
        (tmp_path / "small.csv").write_bytes(b"a,b\n1,2\n")
        assert catalogue.add(tmp_path / "small.csv", by=SYSTEM).rows == 1


def test_a_city_closes_and_opens_on_a_full_disk_or_says_why(small_disk: Path) -> None:
    clock = ManualClock(START)
    store = Store.open(small_disk / "city", clock=clock, memory_mb=64, threads=1)
    load = Load(store)
    for _ in range(20):
        load.append()
    load.change()
    ballast = fill(small_disk)
    told_if_full(store.close)
    assert owner_of(small_disk / "city") is None
    told_if_full(lambda: Store.open(small_disk / "city", clock=clock, memory_mb=64, threads=1).close())
    ballast.unlink()
    with Store.open(small_disk / "city", clock=clock, memory_mb=64, threads=1) as again:
        load.check(again)
