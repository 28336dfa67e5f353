"""Settings: what several change at once keeps every change; a change that raises changes nothing."""

from __future__ import annotations

import threading
from functools import partial

import pytest

from lifang.core import Conflict
from lifang.store import Entry, Store, change_setting, read_setting, write_setting


def test_changes_at_once_are_all_kept(store: Store) -> None:
    begin = threading.Barrier(6)

    def with_name(name: str, held: dict[str, bool] | None) -> dict[str, bool]:
        return {**(held or {}), name: True}

    def add(number: int) -> None:
        begin.wait()
        for name in range(number, 60, 6):
            change_setting(store, "held", partial(with_name, str(name)))

    threads = [threading.Thread(target=add, args=(number,)) for number in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(read_setting(store, "held")) == 60


def test_a_change_that_raises_leaves_value_and_ledger_as_they_were(store: Store) -> None:
    def refuse(value: object) -> object:
        raise Conflict(f"Not after {value}.")

    write_setting(store, "held", 1)
    before = store.ledger.head()
    with pytest.raises(Conflict, match="Not after 1"):
        change_setting(store, "held", refuse, entry=Entry("ann", "set", "setting:held"))
    assert (read_setting(store, "held"), store.ledger.head()) == (1, before)
