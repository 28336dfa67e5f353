"""A catalogue over a fresh city, with a clock that the tests own, and readers of files made in the tests."""

import io
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lifang.catalogue import Admission, Card, Catalogue
from lifang.catalogue.reading import Limits, Opened, open_source
from lifang.core import ManualClock, Settings
from lifang.guard import SYSTEM
from lifang.store import Store

EXTENT = (102.9, 30.05, 104.95, 31.5)
Add = Callable[..., Admission]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture
def settings() -> Settings:
    return Settings("t", "测", "t", "0", extent=EXTENT, upload_max_bytes=50_000_000)


@pytest.fixture
def store(tmp_path: Path, clock: ManualClock) -> Iterator[Store]:
    with Store.open(tmp_path / "city", clock=clock, threads=1) as opened:
        yield opened


@pytest.fixture
def catalogue(store: Store, clock: ManualClock, settings: Settings) -> Catalogue:
    return Catalogue(store, clock, settings)


@pytest.fixture
def add(catalogue: Catalogue, tmp_path: Path) -> Add:
    """Add bytes or text as a file; keywords are the card's fields."""

    def add_file(content: bytes | str | Path, *, file: str = "x.csv", **card: object) -> Admission:
        path = content if isinstance(content, Path) else tmp_path / file
        if isinstance(content, bytes | str):
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return catalogue.add(path, name=file, card=Card.from_mapping({"id": "x", **card}), by=SYSTEM)

    return add_file


@pytest.fixture
def read(tmp_path: Path):
    def open_bytes(content: bytes, name: str, limits: Limits | None = None) -> Opened:
        path = tmp_path / "received"
        path.write_bytes(content)
        scratch = tmp_path / f"scratch{len(list(tmp_path.iterdir()))}"
        scratch.mkdir()
        return open_source(path, name=name, scratch=scratch, limits=limits)

    return open_bytes


def table(opened: Opened) -> list[dict[str, str | None]]:
    return [row for batch in opened.batches() for row in batch.columns.to_pylist()]


def rows(opened: Opened) -> list[int]:
    return [int(row) for batch in opened.batches() for row in batch.rows]


def zipped(*members: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return sink.getvalue()
