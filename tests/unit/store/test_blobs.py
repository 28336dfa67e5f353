"""Blobs: the same bytes once, bounded, durable, found by their hash."""

import hashlib
import io
from pathlib import Path

import pytest

from lifang.core import BadInput, NotFound, TooLarge, Unavailable
from lifang.store import Blobs, Store


def test_bytes_come_back_under_their_hash_and_are_kept_once(store: Store) -> None:
    body = b"name,value\n" * 300_000
    first = store.blobs.put(io.BytesIO(body), max_bytes=len(body))
    again = store.blobs.put(io.BytesIO(body), max_bytes=len(body))
    assert first == again
    assert (first.sha256, first.bytes) == (hashlib.sha256(body).hexdigest(), len(body))
    with store.blobs.open(first.sha256) as stream:
        assert stream.read() == body
    assert store.blobs.exists(first.sha256)
    assert store.blobs.intact(first.sha256)
    assert [path.name for path in (store.folder / "blobs").rglob("*") if path.is_file()] == [first.sha256]


def test_too_many_bytes_leave_nothing(store: Store) -> None:
    with pytest.raises(TooLarge):
        store.blobs.put(io.BytesIO(b"12345"), max_bytes=4)
    assert not [path for path in (store.folder / "blobs").rglob("*") if path.is_file()]


def test_a_stream_that_breaks_leaves_nothing(store: Store) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise ConnectionResetError("gone")

    with pytest.raises(Unavailable):
        store.blobs.put(Broken(), max_bytes=10)
    assert not [path for path in (store.folder / "blobs").rglob("*") if path.is_file()]


def test_what_is_not_there_or_no_hash_is_refused(store: Store) -> None:
    with pytest.raises(NotFound):
        store.blobs.open("0" * 64)
    for name in ("../registry.sqlite", "A" * 64, ""):
        with pytest.raises(BadInput):
            store.blobs.path(name)


def test_half_written_files_of_a_dead_process_are_swept(tmp_path: Path) -> None:
    (tmp_path / "blob.x.part").write_bytes(b"half")
    Blobs(tmp_path)
    assert not list(tmp_path.iterdir())
