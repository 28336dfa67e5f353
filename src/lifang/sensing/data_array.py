"""SensorThings CreateObservations: a dataArray body (OGC 18-088, clause 14 "Data Array extension") as columns.

Strict: a body with one bad row is refused as a whole, naming that row as a JSON path. Read past, because lifang keeps
its own recorded time and makes no feature per observation: ``resultTime``, ``validTime``, ``parameters``,
``FeatureOfInterest/id``. An interval as ``phenomenonTime`` is refused: an observation here has one moment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, NoReturn

import numpy as np
import orjson
import pyarrow as pa
from numpy.typing import NDArray

from lifang.core import BadInput, parse_instant, to_micros
from lifang.sensing.codec import MAX_ROWS, WORD_OF, Decoded, check_rows, outside_years, refuse_row
from lifang.sensing.model import Codes, Micros, Quality, Values

_READ = ("phenomenonTime", "result", "resultQuality")
_READ_PAST = frozenset({"resultTime", "validTime", "parameters", "FeatureOfInterest/id", "FeatureOfInterest/@iot.id"})
_UTC_MICROS = pa.timestamp("us", "UTC")
_EXAMPLE = (
    '[{"Datastream": {"@iot.id": 1}, "components": ["phenomenonTime", "result"], '
    '"dataArray": [["2019-01-12T09:00:00+08:00", 35.0]]}]'
)
_NO_NUMBER = {
    type(None): ("null is no value", "Leave the observation out."),
    bool: ("true and false are no numbers", "Send 1 or 0."),
    str: ("Text is no number", "Send the number without quotes; NaN and Infinity are not values."),
    list: ("A list is no number", "Send one number per row."),
    dict: ("An object is no number", "Send one number per row."),
}


@dataclass
class _Run:
    """Consecutive groups with the same components, their rows in one list."""

    components: Sequence[str]
    first_group: int
    rows: list[list[Any]] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)

    def path(self, row: int, column: int | None = None) -> str:
        """Return the JSON path of a row, or of one entry of it."""
        for ahead, count in enumerate(self.counts):
            if row < count:
                entry = "" if column is None else f"[{column}] ({self.components[column]})"
                return f"[{self.first_group + ahead}].dataArray[{row}]{entry}"
            row -= count
        raise IndexError(row)


def decode_data_array(body: bytes, *, max_rows: int = MAX_ROWS) -> Decoded:
    """Return the observations of a CreateObservations body, in its order.

    ``references`` holds one entry per group, a number or an id. ``BadInput`` names the first fault as a JSON path;
    ``TooLarge`` above ``max_rows`` rows.
    """
    references: list[int | str] = []
    runs = list(_runs(_load(body), references, max_rows))
    times, values, qualities = zip(*(_columns(run) for run in runs), strict=True)
    counts = [count for run in runs for count in run.counts]
    return Decoded(
        references,
        np.repeat(np.arange(len(counts)), counts),
        np.concatenate(times),
        np.concatenate(values),
        np.concatenate(qualities),
    )


def _load(body: bytes) -> list[Any]:
    try:
        groups = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadInput(
            f"The body is not JSON: {error.msg}.", where=f"character {error.pos}", mend="Send UTF-8 JSON."
        ) from error
    if not isinstance(groups, list) or not groups:
        raise BadInput("The body is not a list of groups.", where="$", mend=f"Send {_EXAMPLE}")
    return groups


def _runs(groups: list[Any], references: list[int | str], max_rows: int) -> Iterator[_Run]:
    """Yield the runs of ``groups``; each group's reference is added to ``references``."""
    run: _Run | None = None
    total = 0
    for position, group in enumerate(groups):
        try:
            reference, components, rows = group["Datastream"]["@iot.id"], group["components"], group["dataArray"]
        except (KeyError, TypeError):
            _refuse_group(group, position)
        if (kind := type(reference)) is not int and kind is not str:
            raise BadInput(
                "A datastream is named by a number or a text.",
                where=f"[{position}].Datastream['@iot.id']",
                mend="Correct it.",
            )
        if type(rows) is not list or len(rows) != group.get("dataArray@iot.count", len(rows)):
            _refuse_rows(group, position)
        total += len(rows)
        check_rows(total, max_rows)
        if run is None or components != run.components:
            if run is not None:
                yield run
            run = _Run(_checked_components(components, position), position)
        references.append(reference)
        run.rows += rows
        run.counts.append(len(rows))
    if run is not None:
        yield run


def _refuse_group(group: Any, position: int) -> NoReturn:
    where = f"[{position}]"
    if not isinstance(group, dict):
        raise BadInput("A group is not a JSON object.", where=where, mend=f"Send {_EXAMPLE}")
    if "MultiDatastream" in group:
        raise BadInput("MultiDatastream is not supported.", where=where, mend="Send one group per Datastream.")
    missing = [key for key in ("Datastream", "components", "dataArray") if key not in group]
    what = f"The group has no {missing[0]}." if missing else 'Datastream is not written as {"@iot.id": …}.'
    raise BadInput(what, where=where, mend=f"Send {_EXAMPLE}")


def _refuse_rows(group: dict[str, Any], position: int) -> NoReturn:
    if not isinstance(group["dataArray"], list):
        raise BadInput("dataArray is not a list of rows.", where=f"[{position}].dataArray", mend=f"Send {_EXAMPLE}")
    raise BadInput(
        f"dataArray has {len(group['dataArray'])} rows, dataArray@iot.count says {group['dataArray@iot.count']!r}.",
        where=f"[{position}]",
        mend="Send all rows, or leave the count out.",
    )


def _checked_components(components: Any, position: int) -> list[str]:
    where = f"[{position}].components"
    if not isinstance(components, list) or not all(isinstance(name, str) for name in components):
        raise BadInput("components is not a list of names.", where=where, mend=f"Send {_EXAMPLE}")
    if len(set(components)) < len(components):
        raise BadInput("components names a column twice.", where=where, mend="Name each column once.")
    for name in components:
        if name not in _READ and name not in _READ_PAST:
            known = ", ".join((*_READ, *sorted(_READ_PAST)))
            raise BadInput(f"{name[:80]!r} is no component of an Observation.", where=where, mend=f"Known: {known}.")
    for name in _READ[:2]:
        if name not in components:
            raise BadInput(f"components lacks {name}.", where=where, mend="Name phenomenonTime and result.")
    return components


def _columns(run: _Run) -> tuple[Micros, Values, Codes]:
    width, rows = len(run.components), run.rows
    if set(map(type, rows)) - {list} or set(map(len, rows)) - {width}:
        bad = next(n for n, row in enumerate(rows) if type(row) is not list or len(row) != width)
        raise refuse_row(
            f"A row has to be a list of {width} entries.", where=run.path(bad), mend="Send one per component."
        )

    def read(name: str, reader: Callable[[list[Any], _Run, int], NDArray[Any]]) -> NDArray[Any]:
        column = run.components.index(name)
        return reader(list(map(itemgetter(column), rows)), run, column)

    quality = read("resultQuality", _qualities) if "resultQuality" in run.components else np.zeros(len(rows), np.uint8)
    return read("phenomenonTime", _times), read("result", _values), quality


def _times(texts: list[Any], run: _Run, column: int) -> Micros:
    if set(map(type, texts)) <= {str}:
        try:
            micros: Micros = pa.array(texts, pa.string()).cast(_UTC_MICROS).cast(pa.int64()).to_numpy()
        except pa.ArrowInvalid:  # a form that Arrow does not read, or a fault: one by one
            micros = _times_one_by_one(texts, run, column)
    else:
        micros = _times_one_by_one(texts, run, column)
    if (outside := outside_years(micros)).any():
        bad = int(outside.argmax())
        raise refuse_row(
            f"{texts[bad]!r} lies outside the years 1900 to 2199.",
            where=run.path(bad, column),
            mend="Set the device's clock.",
        )
    return micros


def _times_one_by_one(texts: list[Any], run: _Run, column: int) -> Micros:
    micros = np.empty(len(texts), np.int64)
    for row, text in enumerate(texts):
        if type(text) is not str:
            raise refuse_row(
                "phenomenonTime is not a text.", where=run.path(row, column), mend="Write 2019-01-12T09:00:00+08:00."
            )
        if "/" in text:
            raise refuse_row(
                "An interval is not one moment.", where=run.path(row, column), mend="Send the moment it ends."
            )
        try:
            micros[row] = to_micros(parse_instant(text))
        except BadInput as error:
            raise refuse_row(error.what[:200], where=run.path(row, column), mend=error.mend) from error
    return micros


def _values(results: list[Any], run: _Run, column: int) -> Values:
    if not set(map(type, results)) <= {int, float}:
        bad, kind = next((n, type(each)) for n, each in enumerate(results) if type(each) not in {int, float})
        what, mend = _NO_NUMBER[kind]
        raise refuse_row(f"{what}.", where=run.path(bad, column), mend=mend)
    return np.array(results, dtype=np.float64)


def _qualities(marks: list[Any], run: _Run, column: int) -> Codes:
    try:
        return np.array([WORD_OF[mark] for mark in marks], dtype=np.uint8)
    except (KeyError, TypeError):
        bad = next(n for n, mark in enumerate(marks) if isinstance(mark, list | dict) or mark not in WORD_OF)
        raise refuse_row(
            f"{str(marks[bad])[:80]!r} is no quality.",
            where=run.path(bad, column),
            mend=f"Send one of {', '.join(each.word for each in Quality)}.",
        ) from None
