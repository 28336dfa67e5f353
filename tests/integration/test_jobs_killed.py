"""A serving city killed in the middle of long work: after a restart the job ends right, and nothing is left over."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.victims import Doors, Victim, serve_city

import lifang
from lifang.app import City
from lifang.store import Store

ROWS = 400_000
BLOBS, BLOB_BYTES = 12, 24 << 20
_DEADLINE_S = 120.0


class Served:
    """A city served by a process of its own, which can be killed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._victim = Victim(serve_city, folder)
        doors: Doors = self._victim.hear()
        self.http = httpx.Client(base_url=doors.url, headers={"Authorization": f"Bearer {doors.secret}"}, timeout=60)

    def kill(self) -> None:
        self._victim.kill()
        self.http.close()

    def end(self) -> None:
        self.http.close()
        self._victim.stop()
        self._victim.kill()

    def ended(self, job: str) -> dict[str, Any]:
        """Return the job once it has ended."""
        found: dict[str, Any] = {}

        def over() -> bool:
            found.update(self.http.get(f"/api/v1/jobs/{job}").json())
            return found["state"] not in {"queued", "running"}

        until(over)
        return found


def until(happened: Callable[[], Any]) -> None:
    deadline = time.monotonic() + _DEADLINE_S
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.002)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    home = tmp_path / "city"
    home.mkdir()
    settings = ('id = "x"', 'name_zh = "城"', 'name_en = "X"', 'area_code = "510100"', "extent = [103, 30, 105, 32]")
    (home / "city.toml").write_text("\n".join(settings), "utf-8")
    return home


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("table") / "meters.csv"
    with path.open("w", encoding="utf-8") as file:
        file.write("meter,reading,place\n")
        file.writelines(f"{n},{n % 977 / 7:.3f},place {n % 13}\n" for n in range(ROWS))
    return path


def leftovers(folder: Path) -> list[str]:
    """Return what half-done work may leave behind: waiting files, scratch, parts, staging folders."""
    found = [*(folder / "spool").glob("*"), *folder.rglob("*.part"), *(folder / "scratch").glob("*")]
    return sorted(str(each.relative_to(folder)) for each in [*found, *(folder / "backups").glob(".*")])


def check_whole(city: City) -> None:
    assert city.store.ledger.verify().ok
    assert all(finding.well for finding in city.examine() if finding.check in {"ledger", "releases"})


# What the city's folder shows when the admission has come so far.
_MOMENTS: dict[str, Callable[[Path], Iterator[Path]]] = {
    "checking": lambda folder: folder.glob("scratch/*/spool.arrow"),
    "writing": lambda folder: folder.glob("lake/releases/meters/**/*.part"),
    "written": lambda folder: folder.glob("lake/releases/meters/r1/r1.parquet"),
}


@pytest.mark.parametrize("moment", _MOMENTS)
def test_an_admission_that_was_killed_ends_with_one_release_and_no_orphan(
    folder: Path, table: Path, moment: str
) -> None:
    served = Served(folder)
    with table.open("rb") as file:
        job = served.http.post("/api/v1/datasets?filename=meters.csv", content=file).json()["id"]
    until(lambda: next(_MOMENTS[moment](folder), None))
    served.kill()
    assert leftovers(folder) != [], "the work was over before the kill"

    again = Served(folder)
    ended = again.ended(job)
    until(lambda: not leftovers(folder))
    again.end()
    assert (ended["state"], ended["result"]["unchanged"]) == ("done", False), ended
    assert (ended["result"]["rows"], ended["result"]["refused"]) == (ROWS, 0)
    with lifang.open(folder) as city:
        meters = city.dataset("meters")
        assert [release.number for release in meters.releases()] == [1]
        assert meters.rows().count() == ROWS
        assert len([*(folder / "lake" / "releases" / "meters").rglob("r*.parquet")]) <= 2
        assert len([each for each in (folder / "blobs").rglob("*") if each.is_file()]) == 1
        check_whole(city)
    assert leftovers(folder) == []


def test_a_backup_that_was_killed_ends_in_one_file_that_can_be_restored(folder: Path, tmp_path: Path) -> None:
    with lifang.open(folder) as city:
        for _ in range(BLOBS):
            with (tmp_path / "big").open("w+b") as file:
                file.write(os.urandom(BLOB_BYTES))
                file.seek(0)
                city.store.blobs.put(file, max_bytes=BLOB_BYTES)
    served = Served(folder)
    job = served.http.post("/api/v1/backups").json()["id"]
    until(lambda: any(part.stat().st_size > BLOB_BYTES for part in folder.glob("backups/*.part")))
    served.kill()
    assert any(each.endswith(".part") for each in leftovers(folder))

    again = Served(folder)
    ended = again.ended(job)
    again.end()
    assert ended["state"] == "done", ended
    assert [str(path) for path in (folder / "backups").iterdir()] == [ended["result"]["path"]]
    assert leftovers(folder) == []
    told = Store.restore(Path(ended["result"]["path"]), tmp_path / "restored")
    assert told.sha256 == ended["result"]["sha256"]
    with lifang.open(tmp_path / "restored") as city:
        check_whole(city)


def test_a_backup_that_is_cancelled_leaves_nothing(folder: Path, tmp_path: Path) -> None:
    with lifang.open(folder) as city:
        (tmp_path / "big").write_bytes(os.urandom(BLOBS * BLOB_BYTES))
        with (tmp_path / "big").open("rb") as file:
            city.store.blobs.put(file, max_bytes=BLOBS * BLOB_BYTES)
    served = Served(folder)
    job = served.http.post("/api/v1/backups").json()["id"]
    until(lambda: any(part.stat().st_size > BLOB_BYTES for part in folder.glob("backups/*.part")))
    served.http.delete(f"/api/v1/jobs/{job}")
    ended = served.ended(job)
    served.end()
    assert (ended["state"], ended["result"]) == ("cancelled", None)
    assert [*(folder / "backups").iterdir()] == []


def test_files_that_no_job_waits_for_leave_the_spool_at_the_next_start(folder: Path) -> None:
    (folder / "spool").mkdir()
    (folder / "spool" / "upload-orphan").write_text("a,b\n")
    with lifang.open(folder) as city:
        city.start(time_passes=False)
        assert [*city.spool.iterdir()] == []
