"""Code lists as data: each a CSV file with a TOML header that names its edition, source, licence and dates."""

from __future__ import annotations

import difflib
import re
import tomllib
from calendar import monthrange
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv
from numpy.typing import NDArray

from lifang.core import BadInput, Corrupt, NotFound, UnknownCode

_DATA = Path(__file__).parent / "data"
_COLUMNS = frozenset({"code", "zh", "en", "parent", "valid_from", "valid_to", "successor", "note"})
_PARTIAL_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")


@dataclass(frozen=True)
class Code:
    """One code: its names, parent, the first and last day on which it may hold, and the codes that came after it.

    A date of ``None`` is not known or not bounded; ``properties`` holds the list's own columns.
    """

    code: str
    zh: str
    en: str = ""
    parent: str = ""
    valid_from: date | None = None
    valid_to: date | None = None
    successor: tuple[str, ...] = ()
    note: str = ""
    properties: Mapping[str, str] = field(default_factory=dict)

    def holds(self, on: date) -> bool:
        """Return whether the code may hold on that day."""
        return (self.valid_from is None or self.valid_from <= on) and (self.valid_to is None or on <= self.valid_to)


class CodeList:
    """A published list of codes, read when first asked for."""

    def __init__(self, header: Mapping[str, Any]) -> None:
        self.id: str = header["id"]
        self.standard: str = header["standard"]
        self.title_zh: str = header["title_zh"]
        self.title_en: str = header["title_en"]
        self.edition: str = header["edition"]
        self.source: str = header["source"]
        self.licence: str = header["licence"]
        self.note: str = header.get("note", "")
        self.in_force_from: date | None = _day(header.get("in_force", {}).get("from", ""))
        self.in_force_to: date | None = _day(header.get("in_force", {}).get("to", ""), last=True)
        self._path = _DATA / str(header["file"])
        self._also: Mapping[str, str] = header.get("also", {})
        self._held: tuple[date | None, pa.Array | None] = (None, None)

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Code]:
        return (self._code(row) for row in range(len(self)))

    @property
    def codes(self) -> tuple[str, ...]:
        """Every code, old ones too, in the order of the list."""
        return tuple(self._rows)

    def get(self, code: str, *, on: date | None = None) -> Code:
        """Return the entry of ``code``; without ``on`` at whatever time it held.

        ``UnknownCode`` names the nearest code, or the successor or forerunner if the code does not hold on that day.
        """
        found = self._code(self._row(code))
        if on is None or found.holds(on):
            return found
        if found.valid_to is not None and on > found.valid_to:
            raise UnknownCode(
                f"{found.code} {found.zh} does not hold on {on} in {self._name}; it ended by {found.valid_to}.",
                mend=self._advice([self.get(each) for each in found.successor]),
            )
        forerunners = [self._code(row) for row in self._forerunners(found.code)]
        raise UnknownCode(
            f"{found.code} {found.zh} does not hold on {on} in {self._name}; it began in {found.valid_from}.",
            mend=self._advice(forerunners),
        )

    def contains(
        self, codes: Sequence[str | None] | pa.Array | pa.ChunkedArray, *, on: date | None = None
    ) -> NDArray[np.bool_]:
        """Return for each of ``codes`` (text or whole numbers) whether the list holds it (on that day); nulls: no."""
        values = _as_text(codes)
        return np.asarray(pc.is_in(values, value_set=self._holding(on)).to_numpy(zero_copy_only=False), dtype=np.bool_)

    def forward(self, code: str) -> list[Code]:
        """Return the codes of this edition that ``code`` became: itself if it still holds, several if it was split."""
        found, seen, current = [self.get(code)], {code}, []
        while found:
            each = found.pop()
            if not each.successor:
                current.append(each)
            for after in each.successor:
                if after not in seen:
                    seen.add(after)
                    found.append(self.get(after))
        return sorted(current, key=lambda each: each.code)

    @property
    def _name(self) -> str:
        return f"{self.standard} ({self.edition})"

    @cached_property
    def _table(self) -> dict[str, list[str]]:
        table = _read_csv(self._path)
        return {name: table[name].to_pylist() for name in table.column_names}

    @cached_property
    def _rows(self) -> dict[str, int]:
        rows = {code: row for row, code in enumerate(self._table["code"])}
        if len(rows) != len(self._table["code"]):
            raise Corrupt(f"Code list {self.id} holds a code twice.", where=str(self._path))
        return rows

    @cached_property
    def _other_forms(self) -> dict[str, int]:
        if not self._also:
            return {}
        pattern = re.compile(self._also["pattern"])
        forms = ((pattern.sub(self._also["replace"], code, count=1), row) for code, row in self._rows.items())
        return {form: row for form, row in forms if form not in self._rows}

    def _row(self, code: str) -> int:
        row = self._rows.get(code, self._other_forms.get(code))
        if row is None:
            raise UnknownCode(f"{code[:80]!r} is not in {self._name}.", mend=self._advice(self._near(code)))
        return row

    def _code(self, row: int) -> Code:
        entry = {name: column[row] for name, column in self._table.items()}
        return Code(
            code=entry["code"],
            zh=entry["zh"],
            en=entry.get("en", ""),
            parent=entry.get("parent", ""),
            valid_from=_day(entry.get("valid_from", "")),
            valid_to=_day(entry.get("valid_to", ""), last=True),
            successor=tuple(entry.get("successor", "").split()),
            note=entry.get("note", ""),
            properties={name: value for name, value in entry.items() if name not in _COLUMNS},
        )

    def _forerunners(self, code: str) -> list[int]:
        column = self._table.get("successor", [])
        return [row for row, after in enumerate(column) if code in after.split()]

    def _near(self, text: str) -> list[Code]:
        named = [row for row, zh in enumerate(self._table["zh"]) if zh == text]
        if named:
            return [self._code(row) for row in named[:3]]
        for length in range(min(len(text), 12), 0, -1):
            alike = [code for code in self._rows if code.startswith(text[:length])]
            if alike:
                return [self.get(code) for code in difflib.get_close_matches(text[:12], alike[:500], n=1, cutoff=0.5)]
        return []

    def _advice(self, codes: Sequence[Code]) -> str:
        if not codes:
            return f"Use a code of {self._name}."
        return f"Did you mean {' or '.join(f'{each.code} {each.zh}' for each in codes)}?"

    def _holding(self, on: date | None) -> pa.Array:
        dated = on if "valid_from" in self._table else None
        day, codes = self._held
        if codes is None or day != dated:
            holds = [dated is None or each.holds(dated) for each in self]
            rows = {**self._rows, **self._other_forms}
            codes = pa.array([code for code, row in rows.items() if holds[row]], pa.string())
            self._held = (dated, codes)
        return codes


def _day(text: str, *, last: bool = False) -> date | None:
    if not text:
        return None
    match = _PARTIAL_DATE.fullmatch(text)
    if match is None:
        raise Corrupt(f"{text!r} is not a year, month or day.", where="code list")
    year, month = int(match[1]), int(match[2] or (12 if last else 1))
    return date(year, month, int(match[3] or (monthrange(year, month)[1] if last else 1)))


def _read_csv(path: Path) -> pa.Table:
    with pa.input_stream(path) as stream:
        names = arrow_csv.open_csv(stream).schema.names
    options = arrow_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False)
    return arrow_csv.read_csv(path, convert_options=options)


def _as_text(codes: Sequence[str | None] | pa.Array | pa.ChunkedArray) -> pa.Array:
    try:
        values = codes if isinstance(codes, pa.Array | pa.ChunkedArray) else pa.array(codes)
        if pa.types.is_floating(values.type):
            raise BadInput("Codes cannot be fractions.", mend="Give codes as text.")
        return values.cast(pa.string())
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
        raise BadInput(f"Codes cannot be read: {error}.", mend="Give codes as text.") from error


@lru_cache(maxsize=1)
def _headers() -> dict[str, CodeList]:
    headers = (tomllib.loads(path.read_text("utf-8")) for path in sorted(_DATA.glob("*.toml")))
    return {header["id"]: CodeList(header) for header in headers}


def code_lists() -> list[CodeList]:
    """Return every code list there is, by id: one for each TOML header in the data folder."""
    return list(_headers().values())


def code_list(list_id: str, /) -> CodeList:
    """Return the code list ``list_id``; ``NotFound`` names those there are."""
    try:
        return _headers()[list_id]
    except KeyError:
        raise NotFound(f"No code list {list_id!r}.", mend=f"Known: {', '.join(_headers())}.") from None
