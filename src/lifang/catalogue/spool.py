"""The middle of an admission: checked batches wait in a scratch file until it is known which rows repeat others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from lifang.catalogue.card import Card
from lifang.catalogue.checking import (
    REFUSED,
    Checked,
    Checker,
    Placed,
    Repeats,
    Sketches,
    filled_key,
    refusals,
    row_hashes,
)
from lifang.catalogue.reading import ROW
from lifang.core import BadInput

_BAD_CELLS_MAX = 1_000_000
_POSITIONS_MAX = 20_000
_POSITIONS_PER_BATCH = 2_000
_VALUE_MAX = 200
_MENDS = {
    "key": "Another row above has the same key: keep one of them.",
    "unique": "Another row above has the same value: it must be unique.",
    "duplicate": 'This row repeats one above: remove it, or set duplicates = "keep".',
}


class Spool:
    """Takes checked batches, then gives back the rows to release and the records of refused cells."""

    def __init__(self, path: Path, checker: Checker, card: Card, *, names: list[str]) -> None:
        self._path = path
        self._schema = checker.arrow_schema
        self._names = [name for name in names if not name.startswith("_")]
        self._sink = pa.OSFile(str(path), "wb")
        self._writer = pa.ipc.new_file(self._sink, self._schema.append(pa.field(ROW, pa.int64())))
        self._good: list[Any] = []
        self._refused: list[pa.Table] = []
        self._bad_cells = 0
        self._repeats = {(rule, columns): Repeats() for rule, columns in _uniqueness(card, self._names)}
        self._marked: dict[tuple[str, tuple[str, ...]], Any] = {}
        self._positions: list[Any] = []
        self._kinds: set[str] = set()
        self._bounds: list[Any] = []
        self.sketches = Sketches(self._names)
        self.rows = 0

    def add(self, checked: Checked) -> None:
        """Take one checked batch; ``BadInput`` once there are more bad cells than a person can mend."""
        self._writer.write_batch(checked.table)
        self.rows += checked.rows
        self._good.append(checked.good)
        self._bad_cells += checked.refused.num_rows
        if checked.refused.num_rows:
            self._refused.append(checked.refused)
        if self._bad_cells > _BAD_CELLS_MAX:
            self._give_up(checked.refused)
        self.sketches.add_hashes(checked.hashes, checked.good)
        for (rule, columns), repeats in self._repeats.items():
            repeats.add(row_hashes(checked, list(columns)))
            if rule == "unique":
                self._marked.setdefault((rule, columns), []).append(filled_key(checked, list(columns)))
        if checked.placed is not None:
            self._look_at(checked.placed, checked.good)

    def close(self) -> None:
        """Let go of the scratch file, so that its space is free at once when it is removed."""
        self._sink.close()

    @property
    def positions(self) -> Any:
        """Longitude, latitude of a sample of the good rows' vertices."""
        return np.concatenate(self._positions) if self._positions else np.empty((0, 2))

    @property
    def geometry_types(self) -> list[str]:
        """The kinds of geometry among the good rows, as GeoParquet names them."""
        return sorted(self._kinds)

    @property
    def bounds(self) -> list[float]:
        """West, south, east, north of the good rows; empty if they have no geometry."""
        if not self._bounds:
            return []
        sides = np.array(self._bounds)
        return [*sides[:, :2].min(axis=0).tolist(), *sides[:, 2:].max(axis=0).tolist()]

    def settle(self) -> tuple[Any, pa.Table]:
        """Return which rows are admitted and every refused cell, by row, once all batches are in."""
        self._writer.close()
        self.close()
        good = np.concatenate(self._good) if self._good else np.empty(0, bool)
        for (rule, columns), repeats in self._repeats.items():
            filled = self._marked.get((rule, columns))
            repeated = repeats.repeated(good if filled is None else good & np.concatenate(filled))
            if repeated.any():
                self._refused.append(self._explain(rule, columns, repeated))
                good &= ~repeated
        refused = pa.concat_tables(self._refused).combine_chunks() if self._refused else REFUSED.empty_table()
        return good, refused.sort_by("row")

    def admitted(self, good: Any, schema: pa.Schema) -> pa.RecordBatchReader:
        """Return the admitted rows as a stream; figures are taken as they pass."""

        def stream() -> Iterator[pa.RecordBatch]:
            start = 0
            for batch in self._batches():
                kept = good[start : start + batch.num_rows]
                start += batch.num_rows
                rows = batch if kept.all() else batch.filter(pa.array(kept))
                rows = pa.RecordBatch.from_arrays(rows.columns[: len(schema)], schema=schema)
                if rows.num_rows:
                    self.sketches.add_rows(rows)
                    yield rows

        return pa.RecordBatchReader.from_batches(schema, stream())

    def _batches(self) -> Iterator[pa.RecordBatch]:
        with pa.memory_map(str(self._path)) as source, pa.ipc.open_file(source) as file:
            for index in range(file.num_record_batches):
                yield file.get_batch(index)

    def _explain(self, rule: str, columns: tuple[str, ...], repeated: Any) -> pa.Table:
        start = 0
        tables = []
        for batch in self._batches():
            marked = pa.array(np.flatnonzero(repeated[start : start + batch.num_rows]))
            start += batch.num_rows
            if len(marked):
                rows = batch.take(marked)
                texts = [shown(rows.column(rows.schema.names.index(name))) for name in columns]
                joined = pc.binary_join_element_wise(*texts, ", ")
                values = pc.utf8_slice_codeunits(joined, 0, _VALUE_MAX)
                label = ", ".join(columns) if rule != "duplicate" else ""
                numbers = rows.column(rows.schema.names.index(ROW))
                tables.append(refusals(numbers, label, values, rule, _MENDS[rule]))
        return pa.concat_tables(tables)

    def _look_at(self, placed: Placed, good: Any) -> None:
        present = good & ~placed.missing
        if not present.any():
            return
        self._kinds |= placed.kinds(good)
        sides = placed.bounds[present]
        self._bounds.append([*sides[:, :2].min(axis=0), *sides[:, 2:].max(axis=0)])
        if sum(map(len, self._positions)) < _POSITIONS_MAX:
            self._positions.append(placed.sample(good, _POSITIONS_PER_BATCH))

    def _give_up(self, refused: pa.Table) -> None:
        first = refused.slice(0, 1).to_pylist()[0]
        raise BadInput(
            f"More than {_BAD_CELLS_MAX} cells break a rule; nothing was admitted.",
            where=f"for example row {first['row']}, column {first['column']!r}, rule {first['rule']!r}",
            mend=first["mend"],
        )


def _uniqueness(card: Card, names: list[str]) -> list[tuple[str, tuple[str, ...]]]:
    """Return what must not repeat: the key, each unique column, and whole rows where there is no key."""
    rules: list[tuple[str, tuple[str, ...]]] = [
        ("unique", (column.name,)) for column in card.columns if column.unique and column.type != "geometry"
    ]
    if card.key:
        return [("key", card.key), *rules]
    if card.duplicates == "refuse":
        return [("duplicate", tuple(names)), *rules]
    return rules


def shown(column: Any) -> Any:
    """Return the values of a column as text, as a report shows them."""
    if pa.types.is_binary(column.type):
        return pa.array(
            ["" if shape is None else shapely.to_wkt(shapely.from_wkb(shape)) for shape in column.to_pylist()]
        )
    return pc.fill_null(pc.cast(column, pa.string()), "")
