"""An exchange over a fresh city with two bureaus, and a clock that the tests own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from lifang.catalogue import Catalogue
from lifang.core import ManualClock, Settings
from lifang.exchange import Delivery, Exchange, FeedSpec, Manifest
from lifang.guard import SYSTEM
from lifang.identity import Identity
from lifang.store import Store

CARD: dict[str, Any] = {
    "id": "permits",
    "key": ["code"],
    "columns": {"code": {"source": "编号"}, "n": {"type": "integer", "minimum": 0}, "day": {"type": "date"}},
}
FULL = "编号,n,day\na,1,2026-01-01\nb,2,2026-01-02\nc,3,2026-01-03\n"
Send = Callable[..., Delivery]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture
def settings() -> Settings:
    return Settings("t", "测", "t", "0", extent=(102.9, 30.05, 104.95, 31.5), upload_max_bytes=50_000_000)


@pytest.fixture
def store(tmp_path: Path, clock: ManualClock) -> Iterator[Store]:
    with Store.open(tmp_path / "city", clock=clock, threads=1) as opened:
        people = Identity(opened, clock)
        for name in ("water", "housing"):
            people.add_organisation(name, zh=f"{name}局", en=f"{name} bureau", by=SYSTEM)
        yield opened


@pytest.fixture
def catalogue(store: Store, clock: ManualClock, settings: Settings) -> Catalogue:
    return Catalogue(store, clock, settings)


@pytest.fixture
def exchange(
    store: Store, catalogue: Catalogue, clock: ManualClock, settings: Settings, tmp_path: Path
) -> Iterator[Exchange]:
    made = Exchange(store, catalogue, clock, settings, folder=tmp_path)
    yield made
    made.close()


@pytest.fixture
def feed(exchange: Exchange) -> Callable[..., Any]:
    def put(source: dict[str, Any] | None = None, *, organisation: str = "water", **more: Any) -> Any:
        spec = {"id": f"{organisation}-permits", "organisation": organisation, "dataset": "permits", "card": CARD}
        dataset = f"permits_{organisation}" if organisation != "water" else "permits"
        spec |= {"dataset": dataset, "card": {**CARD, "id": dataset}, "source": source or {"kind": "upload"}}
        secrets = more.pop("secrets", None)
        return exchange.put_feed(FeedSpec.from_mapping({**spec, **more}), secrets=secrets, by=SYSTEM)

    return put


@pytest.fixture
def send(exchange: Exchange, feed: Callable[..., Any], tmp_path: Path) -> Send:
    """Deliver text to the water bureau's feed and settle it; keywords are the manifest's."""
    feed()

    def deliver(text: str | bytes, *, to: str = "water-permits", settle: bool = True, **manifest: Any) -> Delivery:
        path = tmp_path / "sent.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        delivery = exchange.receive(to, path, name="permits.csv", manifest=Manifest(**manifest), by=SYSTEM)
        if settle:
            exchange.work_off()
        return exchange.delivery(delivery.id)

    return deliver
