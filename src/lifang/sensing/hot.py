"""The hot state: place and latest value of every datastream, in NumPy columns by dense number.

Order of arrival does not matter: the later phenomenon time wins, of one start the interval that ends last, and of one
phenomenon time the value recorded last.
One writer (the committer), any readers: a lock held for the short copy keeps what a reader sees from one moment.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from lifang.core import Box
from lifang.guard import Classification
from lifang.sensing.model import Codes, Latest, Micros, Numbers, Values, pick
from lifang.sensing.placing import BLOCK, Places
from lifang.store import DELETED, NO_END, Observations, ends_of, rising

NEVER = np.iinfo(np.int64).min  # the time of a datastream without a value
GONE = 255  # the class of a datastream that was deleted
_CLASSES = list(Classification)


class HotState:
    """Latest values by dense number; number 0 stands for no datastream."""

    def __init__(self, capacity: int = 1024) -> None:
        self._lock = Lock()
        self._size = 1
        self._lon: Values = np.full(capacity, np.nan)
        self._lat: Values = np.full(capacity, np.nan)
        self._class: Codes = np.zeros(capacity, np.uint8)
        self._time: Micros = np.full(capacity, NEVER, np.int64)
        self._since: Micros = np.full(capacity, NEVER, np.int64)
        self._until: Micros = np.full(capacity, NO_END, np.int64)
        self._spans = False  # whether any latest value is, or was, an interval
        self._value: Values = np.full(capacity, np.nan)
        self._quality: Codes = np.zeros(capacity, np.uint8)
        self._places: Places | None = None  # sorted at the next box

    def __len__(self) -> int:
        return self._size - 1

    def place(self, numbers: Numbers, lon: Values, lat: Values, classes: Codes) -> None:
        """Set where datastreams ``numbers`` are (degrees, WGS 84) and how they are classified, growing as needed."""
        if not len(numbers):
            return
        with self._lock:
            self._reach(int(numbers.max()) + 1)
            self._lon[numbers] = lon
            self._lat[numbers] = lat
            self._class[numbers] = classes
            self._follow(numbers)

    def _follow(self, numbers: Numbers) -> None:
        if self._places is not None and not self._places.follow(numbers):
            self._places = None

    def _reach(self, size: int) -> None:
        capacity = len(self._time)
        if size > capacity:
            more = max(size, 2 * capacity) - capacity
            for name in ("_lon", "_lat", "_value"):
                setattr(self, name, np.concatenate([getattr(self, name), np.full(more, np.nan)]))
            for name, filler in (("_time", NEVER), ("_since", NEVER), ("_until", NO_END)):
                setattr(self, name, np.concatenate([getattr(self, name), np.full(more, filler, np.int64)]))
            for name in ("_class", "_quality"):
                setattr(self, name, np.concatenate([getattr(self, name), np.zeros(more, np.uint8)]))
        self._size = max(self._size, size)

    def forget(self, numbers: Numbers) -> None:
        """Let there be nothing of ``numbers`` any more: no place, no value."""
        with self._lock:
            self._lon[numbers], self._lat[numbers], self._class[numbers] = np.nan, np.nan, GONE
            self._time[numbers], self._since[numbers], self._until[numbers] = NEVER, NEVER, NO_END
            self._value[numbers] = np.nan
            self._follow(numbers)

    def update(self, observations: Observations) -> Numbers:
        """Take in committed observations, whose numbers are all placed; late ones change nothing.

        Return the datastreams whose latest value was deleted, or may have been: :meth:`show` has to be told what is
        the latest of each now.
        """
        gone = observations.quality == DELETED
        if not gone.any():
            self._take_in(observations)
            return np.zeros(0, np.int32)
        self._take_in(pick(observations, ~gone))
        deleted = pick(observations, gone)
        shown = deleted.time >= self._time[deleted.datastream]
        return rising(deleted.datastream[shown])

    def show(self, numbers: Numbers, newest: Observations) -> None:
        """Let ``newest`` be the latest values of ``numbers``; those of them that it does not hold have none."""
        with self._lock:
            self._time[numbers], self._since[numbers], self._until[numbers] = NEVER, NEVER, NO_END
            self._value[numbers], self._quality[numbers] = np.nan, 0
            self._time[newest.datastream] = self._since[newest.datastream] = newest.time
            self._value[newest.datastream] = newest.value
            self._quality[newest.datastream] = newest.quality
            if (ends := ends_of(newest.extra)) is not None:
                self._until[newest.datastream], self._spans = ends, True

    def _take_in(self, observations: Observations) -> None:
        ends = ends_of(observations.extra)
        self._spans |= ends is not None
        if ends is None and self._spans:
            ends = np.full(len(observations), NO_END)
        latest = self._time[observations.datastream]
        is_fresh = observations.time >= latest
        if ends is not None:
            is_fresh &= (observations.time > latest) | (ends >= self._until[observations.datastream])
        fresh = np.flatnonzero(is_fresh)
        if not len(fresh):
            return
        news = pick(observations, fresh)
        ends = None if ends is None else ends[fresh]
        rows = last_rows(news, ends)
        since = self.began(news)[rows]
        numbers = news.datastream[rows]
        with self._lock:
            self._time[numbers] = news.time[rows]
            self._since[numbers] = since
            self._value[numbers] = news.value[rows]
            self._quality[numbers] = news.quality[rows]
            if ends is not None:
                self._until[numbers] = ends[rows]

    def began(self, observations: Observations) -> Micros:
        """Return, per row, since when its datastream has shown that same value without a break, in microseconds UTC.

        A row older than the latest value begins with itself: what lies between is not known here.
        """
        numbers = observations.datastream
        return standing_since(observations, self._time[numbers], self._value[numbers], self._since[numbers])

    def latest(
        self, box: Box | None = None, *, classes: Collection[Classification] | None = None, with_empty: bool = False
    ) -> Latest:
        """Return the latest values inside ``box`` (all of the city without one), by number.

        ``classes`` leaves out datastreams classified otherwise; ``with_empty`` keeps those that never had a value.
        """
        numbers = np.arange(1, self._size) if box is None else self._inside(box)
        with self._lock:
            if classes is not None:
                wanted = _allowed(classes)
                numbers = numbers[wanted[self._class[numbers]]]
            elif with_empty:
                numbers = numbers[self._class[numbers] != GONE]
            time = self._time[numbers]
            if not with_empty and (empty := time == NEVER).any():
                numbers, time = numbers[~empty], time[~empty]
            value, quality = self._value[numbers], self._quality[numbers]
            return Latest(numbers.astype(np.int32), self._lon[numbers], self._lat[numbers], time, value, quality)

    def page(
        self,
        box: Box | None,
        wanted: NDArray[np.bool_] | None,
        classes: Collection[Classification],
        after: int,
        most: int,
    ) -> Latest:
        """Return the first ``most`` latest values inside ``box``, by number past ``after``; who has none is left out.

        ``wanted`` says, by number, which datastreams may be shown at all.
        """
        allowed = _allowed(classes)
        shown: list[NDArray[np.int64]] = []
        room = most
        inside = self._rising(box, after + 1, self._size if wanted is None else min(self._size, len(wanted)))
        while room > 0 and (numbers := next(inside, None)) is not None:
            kept = allowed[self._class[numbers]] & (self._time[numbers] != NEVER)
            if wanted is not None:
                kept &= wanted[numbers]
            shown.append(numbers[kept][:room])
            room -= len(shown[-1])
        with self._lock:
            return self._gather(np.concatenate([*shown, np.zeros(0, np.int64)]).astype(np.int32))

    def _rising(self, box: Box | None, begin: int, end: int) -> Iterator[NDArray[np.int64]]:
        """Yield the numbers in ``[begin, end)`` of datastreams inside ``box``, rising, some at a time."""
        places = self._places or self.sort()
        few = None if box is None else places.among_few(box, self._lon, self._lat)
        if few is not None:
            yield few[np.searchsorted(few, begin) : np.searchsorted(few, end)]
            return
        for start in range(begin - begin % BLOCK, end, BLOCK):
            if box is None:
                yield np.arange(max(start, begin), min(start + BLOCK, end))
            elif places.reaches(start // BLOCK, box):
                lon, lat = self._lon[start : start + BLOCK], self._lat[start : start + BLOCK]
                found = start + np.flatnonzero(box.contains(lon, lat))
                yield found[(found >= begin) & (found < end)]

    def _inside(self, box: Box) -> NDArray[np.int64]:
        """Return the numbers of the datastreams inside ``box``, rising."""
        few = (self._places or self.sort()).among_few(box, self._lon, self._lat)
        if few is not None:
            return few
        return np.flatnonzero(box.contains(self._lon[: self._size], self._lat[: self._size]))

    def sort(self) -> Places:
        """Return the places sorted for boxes: done ahead, the first box need not wait for it."""
        with self._lock:
            found = self._places = Places(self._lon[: self._size], self._lat[: self._size])
        return found

    def reached(self, numbers: Numbers, count: int, before: int | None) -> int | None:
        """Return the moment since when ``count`` of ``numbers`` have their latest value, of those before ``before``.

        ``None`` if there are not so many. Moments are in microseconds UTC.
        """
        with self._lock:
            times = self._time[numbers]
        times = times[times != NEVER if before is None else (times != NEVER) & (times < before)]
        return int(np.partition(times, -count)[-count]) if 0 < count <= len(times) else None

    def of(self, numbers: Numbers) -> Latest:
        """Return the latest values of ``numbers``, one each in that order; time is ``NEVER`` where there is none."""
        with self._lock:
            return self._gather(numbers)

    def _gather(self, numbers: Numbers) -> Latest:
        return Latest(
            numbers,
            self._lon[numbers],
            self._lat[numbers],
            self._time[numbers],
            self._value[numbers],
            self._quality[numbers],
        )


def _allowed(classes: Collection[Classification]) -> NDArray[np.bool_]:
    allowed = np.zeros(GONE + 1, np.bool_)
    allowed[class_codes(classes)] = True
    return allowed


def class_codes(classes: Collection[Classification]) -> Codes:
    """Return the code of each classification in the hot state."""
    return np.array([_CLASSES.index(each) for each in classes], dtype=np.uint8)


def standing_since(observations: Observations, time: Micros, value: Values, since: Micros) -> Micros:
    """Return :meth:`HotState.began` given, per row, the latest time, its value, and since when that stood there."""
    began: Micros = observations.time.copy()
    fresh = np.flatnonzero(observations.time >= time)
    if not len(fresh):
        return began
    order = fresh[np.lexsort((observations.time[fresh], observations.datastream[fresh]))]
    number, level = observations.datastream[order], observations.value[order]
    first = np.append(True, number[1:] != number[:-1])
    breaks = np.append(True, first[1:] | (level[1:] != level[:-1]))
    starts = np.flatnonzero(breaks)
    goes_on = first[starts] & (level[starts] == value[order[starts]]) & (time[order[starts]] != NEVER)
    run = np.where(goes_on, since[order[starts]], observations.time[order[starts]])
    began[order] = np.repeat(run, np.diff(np.append(starts, len(order))))
    return began


def last_rows(observations: Observations, ends: Micros | None = None) -> NDArray[np.int64]:
    """Return, for each datastream present, the row of its latest value; of equal times, the row that came last.

    With ``ends`` that of one time is the latest which ends last.
    """
    numbers, time = observations.datastream, observations.time
    keys = (time, numbers) if ends is None else (ends, time, numbers)
    order = np.lexsort(keys)  # stable: equal keys stay in order of arrival
    ordered = numbers[order]
    rows: NDArray[np.int64] = order[np.append(ordered[1:] != ordered[:-1], True)]
    return rows
