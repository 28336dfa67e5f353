"""The bookkeeper: everything that changes the tables, one thing at a time, and the book that tells of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from threading import Lock, RLock
from time import monotonic

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lifang.store.lake.engine import Engine
from lifang.store.lake.model import DELETED, Observations, ends_of, rising
from lifang.store.lake.observed.ageing import DAY_US, RECENT_ROWS, Aged, Ages, step
from lifang.store.lake.observed.book import Book, Versions
from lifang.store.lake.observed.described import Described, Numbers
from lifang.store.lake.observed.folding import count_again, fold, load_book, mark, save_book
from lifang.store.lake.observed.freshening import freshen
from lifang.store.lake.observed.levels import STEP_US
from lifang.store.lake.observed.log import Log
from lifang.store.lake.observed.pending import Block, Waiting, matching
from lifang.store.lake.observed.reading import Reader
from lifang.store.lake.observed.settling import settle
from lifang.store.lake.observed.summing import Summing
from lifang.store.lake.observed.sums import adopt, advance, make_sum_tables, spoil
from lifang.store.lake.observed.tables import make_tables, tables_there
from lifang.store.lake.query import AggregateQuery, Tally

FOLD_ROWS = 500_000
FRESHEN_S = 5.0  # stale sums are made anew no more often than that: until then they are read as values
_SUM_ROWS = 3_000_000  # summed up in one transaction
SAVE_ROWS = 2_000_000  # folded since the book was saved: what an opening after a crash has to count again


class Bookkeeper:
    """Folds what waits, keeps the book, settles; ``lock`` is held while the tables change."""

    def __init__(
        self, engine: Engine, reader: Reader, waiting: Waiting, log: Log, *, zone_name: str, ages: Ages
    ) -> None:
        self._engine, self._reader, self._waiting, self._log = engine, reader, waiting, log
        self.lock = RLock()
        self._state = Lock()  # the book and what waits beside it, of one moment
        self._unsaved_rows = self._recent_rows = 0
        with engine.session() as session:
            there = tables_there(session)
            make_tables(session, there)
            reader.cold.open(session)
            self.folded = mark(session, "folded") or 0
            self._book = load_book(session, reader) if self.folded else Book()
        with self._changing() as session:
            used = make_sum_tables(session, there, zone_name)
            version = mark(session, "described") or 0
        self.told, self._describing, self._news = Described(), Lock(), False
        self.summing = Summing(reader, zone_name, used, version)
        self._fresh_at = 0.0
        self._ages, self._aged_to = ages, 0
        self.given_up: Callable[[Aged], None] = lambda _: None

    @property
    def book(self) -> Book:
        """The book of what is in the tables."""
        return self._book

    def fold(self) -> bool:
        """Put what waits into the tables, in transactions of about ``FOLD_ROWS`` rows; return whether anything did."""
        last = self._waiting.blocks[-1:]
        while last and self.folded < last[0].batch.id:
            with self.lock:
                self._fold(self._waiting.next(FOLD_ROWS))
        return bool(last)

    def _fold(self, blocks: tuple[Block, ...]) -> None:
        if not blocks:
            return
        until = blocks[-1].batch.id
        with self._changing() as session:
            self._catch_up(session)
            blocks = tuple(block for block in blocks if block.batch.id > self.folded)
            if not blocks:
                return
            settled, ends = fold(session, self._reader, blocks)
            spoil(session, self.summing.used, *_rows_of(blocks))
        with self._state:
            gone = settled.enter(self._book)
            self._book.mend(np.union1d(gone, settled.deleted()).astype(np.int32), ends)
            self.folded = until
            self._waiting.drop(until)
        rows = sum(len(block.observations) for block in blocks)
        self._unsaved_rows += rows
        self._recent_rows += rows
        self._log.forget(until)

    def _catch_up(self, session: duckdb.DuckDBPyConnection) -> None:
        """Read the book anew if the tables hold more than it tells: a commit that failed had been done after all."""
        folded = mark(session, "folded") or 0
        if folded > self.folded:
            book = load_book(session, self._reader)
            with self._state:
                self._book, self.folded = book, folded
                self._waiting.drop(folded)

    @contextmanager
    def _changing(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Yield a session in a transaction that is committed at the end, undone when the block raises."""
        with self._engine.session() as session:
            session.execute("BEGIN")
            yield session
            session.execute("COMMIT")

    def save(self, *, least_rows: int = 0) -> None:
        """Save the book if more than ``least_rows`` rows were folded since it last was."""
        with self.lock:
            if self._unsaved_rows > least_rows:
                with self._changing() as session:
                    self._catch_up(session)
                    save_book(session, self._book)
                self._unsaved_rows = 0

    def settle(self, before: int) -> int:
        """Return how many rows of times before ``before`` (microseconds) moved to the settled, sorted table."""
        self.fold()
        with self.lock, self._changing() as session:
            self._catch_up(session)
            moved = settle(session, before)
            if moved:
                save_book(session, self._book)
                self._unsaved_rows = 0
        return moved

    def age(self) -> bool:
        """Let rows settle, become cold, be given up; at most a day's worth at once; return whether more is left."""
        with self.lock:
            now = self._present()
            if now is None or (now // DAY_US == self._aged_to and self._recent_rows < RECENT_ROWS):
                return False
            with self._changing() as session:
                self._catch_up(session)
                aged = step(session, self._reader.cold, self._ages, now)
                book = count_again(session, self._reader, self._book) if aged.given_up else self._book
                if aged.anything:
                    save_book(session, book)
            if not aged.anything:
                self._aged_to = now // DAY_US
                return False
            self._unsaved_rows = 0
            if aged.settled:
                self._recent_rows = max(0, self._recent_rows - aged.settled)
            if aged.given_up:
                with self._state:
                    self._book = book
                self.given_up(aged)
        return True

    def _present(self) -> int | None:
        """Return the time that most datastreams have come to, in microseconds: the clock of a few may run ahead."""
        with self._state:
            last = self._book.last[self._book.count > 0]
        return int(np.partition(last, place := len(last) * 19 // 20)[place]) if len(last) else None

    def describe(self, numbers: Numbers, properties: Numbers, periods_s: Numbers) -> None:
        """Take in what datastreams measure and how often; the sums go by it from the next time on."""
        with self._describing:
            self.told.take_in(numbers, properties, periods_s)
            self._news = True

    def freshen(self) -> None:
        """Make stale sums anew at the next summing up, however soon that is."""
        self._fresh_at = 0.0

    def sum_up(self) -> bool:
        """Bring the sums closer to the present and make stale ones anew; return whether more is left."""
        with self.lock:
            self.adopt()
            if (present := self._present()) is None:
                return False
            with self._state:
                first = self._book.first[self._book.count > 0]
                total = int(self._book.count.sum())
            begin, until = int(first.min()), present - STEP_US
            most_us = max(STEP_US, int((until - begin) * (_SUM_ROWS / total)))
            with self._changing() as session:
                self._catch_up(session)
                reader, used, zone_name = self._reader, self.summing.used, self.summing.zone
                more = advance(session, reader, used, zone_name=zone_name, first=begin, until=until, most_us=most_us)
            if not more and monotonic() >= self._fresh_at:
                with self._changing() as session:
                    freshen(session, self._reader, self.summing.used, self.summing.zone)
                self._fresh_at = monotonic() + FRESHEN_S
            return more

    def aggregate(self, query: AggregateQuery) -> pa.Table:
        """Return one row per group and bucket that holds a value."""
        self.adopt()
        while (found := self.summing.aggregate(query)) is None:
            with self.lock:  # whoever adopts what datastreams are told to be now is done with it
                self.adopt()
        return found

    def adopt(self) -> None:
        """Let the sums go by what datastreams are described as now."""
        if not self._news:
            return
        with self.lock:
            with self._describing:
                told, self._news = self.told.copy(len(self.summing.used)), False
            used = self.summing.used.copy(len(told))
            told = told.copy(len(used))
            told.adopt_unsaid(used)
            try:
                with self._changing() as session:
                    self._catch_up(session)
                    version = adopt(session, self._reader, used, told)
            except BaseException:
                self._news = True
                raise
            self.summing = replace(self.summing, used=told, version=version)

    def tally(self, numbers: NDArray[np.int32] | None) -> Tally:
        """Return count, first and last time, and end of each of ``numbers`` (``None``: every number from 0)."""
        found = self._tally(numbers, exact=False)
        if found is None:
            self.fold()
            found = self._tally(numbers, exact=True)
        return found if found is not None else self.tally(numbers)

    def total(self) -> int:
        """Return how many values there are."""
        with self._state:
            count, blocks = int(self._book.count.sum()), self._waiting.blocks
        if any(block.arrival.late.any() for block in blocks):
            return int(self.tally(None).count.sum())
        return count + sum(int(np.count_nonzero(block.observations.quality != DELETED)) for block in blocks)

    def _tally(self, numbers: NDArray[np.int32] | None, *, exact: bool) -> Tally | None:
        """Return the tally of this moment; ``None`` if late values wait, of which it is not known whether they are new.

        With ``exact`` it is that of the moment before the first of those.
        """
        with self._state:
            book = self._book.of_numbers(numbers)
            blocks = self._waiting.blocks
        wanted = None if numbers is None else rising(numbers)
        for block in blocks:
            mask = matching(block, wanted, None, None)
            late = block.arrival.late if mask is None else block.arrival.late[mask]
            if late.any():
                if exact:
                    break
                return None
            rows = block.observations
            order = block.arrival.order if mask is None else block.arrival.order[mask[block.arrival.order]]
            whole = Versions.of(vars(rows), ends_of(rows.extra)).pick(order)
            book.add(_renumbered(whole, wanted))
        return _told(book, numbers, wanted)

    def latest(self, numbers: Numbers | None = None) -> pa.Table:
        """Return ``datastream, time, value, quality, until`` of the newest value of all datastreams, or ``numbers``."""
        self.fold()
        with self._state:
            if numbers is None:
                numbers = np.flatnonzero(self._book.count > 0).astype(np.int32)
            else:
                numbers = numbers[numbers < len(self._book)]
                numbers = numbers[self._book.count[numbers] > 0]
            columns = {name: getattr(self._book, name)[numbers] for name in ("last", "value", "quality", "until")}
        return pa.table(
            {
                "datastream": numbers,
                "time": pa.array(columns["last"]).cast(pa.timestamp("us", "UTC")),
                "value": columns["value"],
                "quality": columns["quality"],
                "until": columns["until"],
            }
        )


def _rows_of(blocks: Sequence[Block]) -> tuple[Numbers, NDArray[np.int64]]:
    rows = Observations.concatenate([block.observations for block in blocks])
    return rows.datastream, rows.time


def _renumbered(rows: Versions, wanted: NDArray[np.int32] | None) -> Versions:
    if wanted is None:
        return rows
    return replace(rows, number=np.searchsorted(wanted, rows.number).astype(np.int32))


def _told(book: Book, numbers: NDArray[np.int32] | None, wanted: NDArray[np.int32] | None) -> Tally:
    place = slice(None) if numbers is None or wanted is None else np.searchsorted(wanted, numbers)
    return Tally(book.count[place], book.first[place], book.last[place], book.close[place])
