"""The folder lock: one owner at a time, named."""

import os
from pathlib import Path

import pytest

from lifang.core import Conflict, ManualClock, Owner, Unavailable, owner_of
from lifang.store import Store


def test_a_second_owner_is_refused_and_told_who_owns_it(store: Store, clock: ManualClock) -> None:
    with pytest.raises(Conflict, match=str(os.getpid())):
        Store.open(store.folder, clock=clock)


def test_the_owner_and_its_address_can_be_asked(store: Store, tmp_path: Path) -> None:
    assert owner_of(store.folder) == Owner(os.getpid())
    store.announce("http://127.0.0.1:8000/", "lfo_secret")
    assert owner_of(store.folder) == Owner(os.getpid(), "http://127.0.0.1:8000/", "lfo_secret")
    assert "lfo_secret" not in repr(owner_of(store.folder))
    store.close()
    assert owner_of(store.folder) is None
    assert owner_of(tmp_path / "nowhere") is None


def test_what_the_lock_says_is_for_its_owners_eyes_only(store: Store, clock: ManualClock) -> None:
    lock = store.folder / "lock"
    assert lock.stat().st_mode & 0o777 == 0o600
    store.close()
    lock.chmod(0o644)
    with Store.open(store.folder, clock=clock):
        assert lock.stat().st_mode & 0o777 == 0o600


def test_asking_for_the_owner_does_not_take_the_lock_away(store: Store, clock: ManualClock) -> None:
    for _ in range(3):
        owner_of(store.folder)
    with pytest.raises(Conflict):
        Store.open(store.folder, clock=clock)


def test_a_failed_opening_gives_the_folder_up(tmp_path: Path, clock: ManualClock) -> None:
    (tmp_path / "lake").write_text("no folder")
    with pytest.raises(Unavailable):
        Store.open(tmp_path, clock=clock)
    assert owner_of(tmp_path) is None


def test_a_closed_store_says_so(store: Store) -> None:
    store.close()
    with pytest.raises(Unavailable):
        store.lake.latest()
