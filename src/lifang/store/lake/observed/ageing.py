"""How rows age: recent ones settle once their day is over, settled ones become cold, cold ones may be given up."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from lifang.store.lake.names import sql
from lifang.store.lake.observed.cold import Cold
from lifang.store.lake.observed.folding import mark, set_mark
from lifang.store.lake.observed.settling import settle

DAY_US = 86_400_000_000
RECENT_ROWS = 20_000_000  # more of them are sorted before their day is over


@dataclass(frozen=True)
class Ages:
    """After how many days rows become cold, and after how many they are given up (0: never)."""

    hot_days: int = 400
    keep_raw_days: int = 0


@dataclass(frozen=True)
class Aged:
    """What one step did: rows settled, made cold, and given up with times before ``given_up_before``."""

    settled: int = 0
    cold: int = 0
    given_up: int = 0
    given_up_before: int = 0

    @property
    def anything(self) -> bool:
        """Whether anything was done."""
        return bool(self.settled or self.cold or self.given_up)


def step(session: duckdb.DuckDBPyConnection, cold: Cold, ages: Ages, now: int) -> Aged:
    """Return what was done in the transaction, at most a day's worth of one kind; ``now`` is by the rows' times."""
    today = now // DAY_US * DAY_US
    if (first := _first(session, "recent", today)) is not None:
        return Aged(settled=settle(session, min(today, (first // DAY_US + 1) * DAY_US)))
    rows = session.execute("SELECT count(*) FROM observations.recent").fetchone()
    if rows and rows[0] > RECENT_ROWS:
        return Aged(settled=settle(session, now - 15 * 60_000_000))
    if ages.keep_raw_days and (given_up := _give_up(session, cold, today - ages.keep_raw_days * DAY_US)).anything:
        return given_up
    if ages.hot_days and (first := _first(session, "settled", today - ages.hot_days * DAY_US)) is not None:
        day = first // DAY_US * DAY_US
        return Aged(cold=cold.move(session, day, day + DAY_US))
    return Aged()


def _first(session: duckdb.DuckDBPyConnection, table: str, before: int) -> int | None:
    row = session.execute(sql("SELECT min(time) FROM", f"observations.{table} WHERE time < ?"), [before]).fetchone()
    return None if row is None or row[0] is None else int(row[0])


def _give_up(session: duckdb.DuckDBPyConnection, cold: Cold, before: int) -> Aged:
    """Give up the rows of times before ``before``; the sums made of them stay, and are not made anew."""
    rows = cold.drop(session, before)
    found = session.execute("DELETE FROM observations.settled WHERE time < ?", [before]).fetchone()
    rows += int(found[0]) if found else 0
    if rows:
        session.execute("DELETE FROM observations.stale WHERE step < ?", [before])
        session.execute("DELETE FROM observations.city_stale WHERE step < ?", [before])
        if before > (mark(session, "given_up") or before - 1):
            set_mark(session, "given_up", before)
    return Aged(given_up=rows, given_up_before=before)
