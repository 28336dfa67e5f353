"""An exchange killed by SIGKILL under load: what was receipted is settled after it, once, and the rows are right."""

from __future__ import annotations

import random
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from tests.victims import Victim

from lifang.catalogue import Catalogue
from lifang.core import Settings, SystemClock
from lifang.exchange import Exchange, FeedSpec, Manifest, verify
from lifang.guard import SYSTEM
from lifang.identity import Identity
from lifang.store import Store

KILLS = 4
ENOUGH = 5  # deliveries that are receipted before each kill
CARD = {"id": "meters", "key": ["code"], "columns": {"code": {}, "n": {"type": "integer"}}}
SPEC = {"id": "meters", "organisation": "water", "dataset": "meters", "card": CARD}


def exchange_in(folder: Path) -> tuple[Store, Exchange, Catalogue]:
    store = Store.open(folder / "city", clock=SystemClock(), memory_mb=64, threads=1)
    settings = Settings("t", "测", "t", "0", extent=(102.9, 30.05, 104.95, 31.5))
    catalogue = Catalogue(store, SystemClock(), settings)
    return store, Exchange(store, catalogue, SystemClock(), settings, folder=folder), catalogue


def change(tag: int) -> str:
    """Return the change called ``tag``: a row of its own, and one that every change writes anew."""
    return f"_change,code,n\nu,k{tag},{tag}\nu,last,{tag}\nd,k{tag - 3},\n"


def deliver(folder: Path, first: int, tell: Connection) -> None:
    """Deliver changes, one after another, until killed."""
    _, exchange, _ = exchange_in(folder)
    exchange.start(pulling=False)
    path = folder / "sent.csv"
    for tag in range(first, first + 1000):
        path.write_text(change(tag))
        manifest = Manifest(f"change-{tag}", "incremental", 3)
        sent = exchange.receive("meters", path, name="sent.csv", manifest=manifest, by=SYSTEM)
        tell.send((tag, sent.id))


def test_what_was_receipted_before_a_kill_is_settled_once_after_it(tmp_path: Path) -> None:
    store, exchange, _ = exchange_in(tmp_path)
    Identity(store, SystemClock()).add_organisation("water", zh="水务局", en="water", by=SYSTEM)
    exchange.put_feed(FeedSpec.from_mapping(SPEC), by=SYSTEM)
    whole = tmp_path / "whole.csv"
    whole.write_text("code,n\nlast,-1\n")
    exchange.receive("meters", whole, name="whole.csv", manifest=Manifest(), by=SYSTEM)
    exchange.work_off()
    exchange.close()
    store.close()
    told: list[Any] = []
    for kill in range(KILLS):
        with Victim(deliver, tmp_path, 10 + kill * 1000) as victim:
            told += [victim.hear() for _ in range(ENOUGH)]
            time.sleep(random.Random(kill).random() * 0.3)
            told += victim.kill()
    store, exchange, catalogue = exchange_in(tmp_path)
    exchange.work_off()
    found = {each.id: each for each in exchange.deliveries()}
    assert {name for _, name in told} <= found.keys()
    assert {each.state for each in found.values()} == {"admitted"}
    assert len(found) == len({each.reference for each in found.values()})
    releases = catalogue.dataset("meters").releases()
    assert len(releases) == len(found), "each delivery made one release, and no more"
    tags = [int(each.reference.removeprefix("change-")) for each in sorted(found.values(), key=lambda each: each.id)
            if each.kind == "incremental"]  # fmt: skip
    wanted = {"last": -1}
    for tag in tags:
        wanted |= {f"k{tag}": tag, "last": tag}
        wanted.pop(f"k{tag - 3}", None)
    rows = catalogue.dataset("meters").rows().select().to_pylist()
    assert {each["code"]: each["n"] for each in rows} == wanted
    for delivery in found:
        texts = [each.jws for each in exchange.receipts(delivery)]
        assert verify(texts, exchange.keys()).stages == ("received", "admitted")
    exchange.close()
    store.close()
