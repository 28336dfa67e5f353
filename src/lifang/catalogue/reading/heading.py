"""Where a table begins and ends on a sheet made for people: title, units, column names in one or two rows, footnotes.

Nothing is guessed in silence: each row that is no data is told in a note, and ``header_row`` in the card overrules.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

Row = tuple[int, list[Any]]  # its number as the sheet shows it, and its cells ("" for an empty one)
Merge = tuple[tuple[int, int], tuple[int, int]]  # first and last row number and column index that one cell spans

HEAD_ROWS = 60
_LOOK_AHEAD = 5
_UNIT_LENGTH_MAX = 15
_SHOWN_MAX = 40
_YEARS = range(1900, 2101)
_UNIT_WORD = re.compile(r"^\s*(?:计量)?单位\s*$|^\s*units?\s*$", re.IGNORECASE)
_PLAIN_NUMBER = re.compile(r"^\s*[+-]?[\d,]+(?:\.\d+)?%?\s*$")
_NOTE = re.compile(
    r"^\s*[（(【\[]?\s*(?:附?注|备注|说明|资料来源|数据来源|来源|填表人|填报人|制表|审核|统计负责人|单位负责人|联系人|联系电话"
    r"|报出日期|填报日期|notes?|sources?|remarks?)(?:\s*\d{0,2})\s*[:：.、)）】\]]",
    re.IGNORECASE,
)
_MARK = re.compile(r"^\s*[*※①②③]")


@dataclass(frozen=True)
class Heading:
    """The column names, the last row above the data, and what to tell of the rows that are no data."""

    names: list[str]
    last: int
    notes: tuple[str, ...] = ()


@dataclass
class Footnotes:
    """Takes the rows below the names one by one, and knows which at the end are notes to the table, not rows of it."""

    width: int
    rows: list[Row] = field(default_factory=list)
    _before: int = 0

    def add(self, number: int, cells: list[Any]) -> None:
        """Take the next filled row."""
        texts = [cell for cell in cells if cell != ""]
        alone = len(texts) == 1 and isinstance(texts[0], str)
        written = bool(texts) and all(isinstance(text, str) for text in texts) and bool(_NOTE.match(texts[0]))
        set_apart = alone and self.width > 2 and bool(self._before) and number - self._before > 1
        note = (written and len(texts) <= max(1, self.width // 2 + 1)) or (
            alone and (bool(self.rows) or set_apart or bool(_MARK.match(texts[0])))
        )
        if note and self.width > 1:
            self.rows.append((number, cells))
        else:
            self.rows.clear()
        self._before = number

    @property
    def notes(self) -> tuple[str, ...]:
        """What to tell of them."""
        return (f"Left out as notes below the table: {_shown(self.rows)}.",) if self.rows else ()


def find_heading(rows: Sequence[Row], merges: Sequence[Merge], *, stated: int = 0) -> Heading | None:
    """Return the heading among the first filled rows of a sheet, or of row ``stated``; ``None`` if there is none.

    The names stand in the first row that fills at least half of the table's width with words or years; one cell alone
    above it is a title. Where no row does, the first filled one is taken. A row below it whose words stand under names
    that span several columns is their second level; one with words only over columns of numbers holds units.
    """
    if not rows:
        return None
    at = next((i for i, (number, _) in enumerate(rows) if number == stated), None) if stated else _first(rows, merges)
    if at is None:
        return None
    number, cells = rows[at]
    names, last = [_text(cell) for cell in cells], at
    notes = [f"Left out above the column names in row {number}: {_shown(rows[:at])}."] if at else []
    if not stated and not _is_heading(rows[at], _width(rows), merges) and _width(rows) > 1:
        notes.append(f"No row looks like column names; row {number} is taken. State header_row in dataset.toml.")
    if at + 1 < len(rows) and _is_second_level(rows[at + 1], rows[at], merges):
        names, last = _joined(names, rows[at + 1][1], merges, number), at + 1
        notes.append(f"The column names stand in rows {number} and {rows[last][0]}; they are joined.")
    if last + 2 < len(rows) and (units := _units(rows, last + 1, names)):
        last += 1
        told = ", ".join(f"{name}: {unit}" for name, unit in units)[:300]
        notes.append(f"Row {rows[last][0]} holds units and is left out ({told}); declare unit in dataset.toml.")
    return Heading(names, rows[last][0], tuple(notes))


def _first(rows: Sequence[Row], merges: Sequence[Merge]) -> int | None:
    width = _width(rows)
    for at, row in enumerate(rows):
        if width == 1 or _is_heading(row, width, merges):
            return at
        if not _is_above(row, width):
            break
    return 0


def _is_heading(row: Row, width: int, merges: Sequence[Merge]) -> bool:
    number, cells = row
    filled = [cell for cell in cells if cell != ""]
    covered = sum(_span(number, index, merges) for index, cell in enumerate(cells) if cell != "")
    named = len(filled) > 1 and covered * 2 >= width
    return named and all(_is_name(cell) for cell in filled) and not _is_form_line(filled, width)


def _is_above(row: Row, width: int) -> bool:
    """Return whether a row may stand above the names: one cell, or few with no number in them."""
    filled = [cell for cell in row[1] if cell != ""]
    few = len(filled) * 2 < width or _is_form_line(filled, width)
    return len(filled) == 1 or (few and all(isinstance(cell, str) for cell in filled))


def _is_form_line(filled: list[Any], width: int) -> bool:
    """Return whether these cells are those of a form, as 填报单位：… and 单位：万元, rather than names."""
    colons = sum(isinstance(cell, str) and ("：" in cell or ":" in cell) for cell in filled)
    return len(filled) < width and colons * 2 >= len(filled)


def _is_second_level(row: Row, above: Row, merges: Sequence[Merge]) -> bool:
    number, cells = row
    first = next(index for index, cell in enumerate(above[1]) if cell != "")
    filled = [index for index, cell in enumerate(cells) if cell != ""]
    under = any(above[1][index] == "" or _span(above[0], index, merges) > 1 for index in filled)
    return number == above[0] + 1 and under and filled[0] > first and all(_is_name(cells[index]) for index in filled)


def _joined(names: list[str], below: list[Any], merges: Sequence[Merge], number: int) -> list[str]:
    """Return the names of two levels joined: a name stands over the empty cells that follow it."""
    result, over, reach = [], "", 0
    for index, (name, cell) in enumerate(zip(names, below, strict=True)):
        if name:
            over, reach = name, index + _span(number, index, merges)
        spans = not any(first[0] == number for first, _ in merges) or index < reach
        result.append(" ".join(filter(None, [name or (over if spans and cell != "" else ""), _text(cell)])))
    return result


def _units(rows: Sequence[Row], at: int, names: list[str]) -> list[tuple[str, str]]:
    """Return names and units if row ``at`` holds units: short words, and only over columns of numbers."""
    _, cells = rows[at]
    units = []
    for index, cell in enumerate(cells):
        if cell == "" or (isinstance(cell, str) and _UNIT_WORD.match(cell)):
            continue
        below = [row[index] for _, row in rows[at + 1 : at + 1 + _LOOK_AHEAD] if row[index] != ""]
        numbers = sum(_is_number(each) for each in below)
        if not isinstance(cell, str) or len(cell.strip()) > _UNIT_LENGTH_MAX or _is_number(cell):
            return []
        if not below or numbers * 2 <= len(below) or not names[index]:
            return []
        units.append((names[index], cell.strip("()（） ")))
    labelled = next((index for index, name in enumerate(names) if name), 0)
    spare = cells[labelled] == "" or bool(_UNIT_WORD.match(_text(cells[labelled])))
    return units if spare else []


def _is_name(cell: Any) -> bool:
    if isinstance(cell, str):
        return not _PLAIN_NUMBER.match(cell) or _is_year(cell.strip())
    return _is_year(cell) or isinstance(cell, dt.date)


def _is_year(cell: Any) -> bool:
    number = cell if isinstance(cell, int | float) and not isinstance(cell, bool) else None
    if isinstance(cell, str) and cell.isdecimal():
        number = int(cell)
    return number is not None and number in _YEARS


def _is_number(cell: Any) -> bool:
    if isinstance(cell, str):
        return bool(_PLAIN_NUMBER.match(cell))
    return isinstance(cell, int | float) and not isinstance(cell, bool)


def _span(number: int, index: int, merges: Sequence[Merge]) -> int:
    return next((last[1] - first[1] + 1 for first, last in merges if first == (number, index)), 1)


def _width(rows: Sequence[Row]) -> int:
    return max(len([cell for cell in cells if cell != ""]) for _, cells in rows)


def _text(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return " ".join(str(cell).split())


def _shown(rows: Sequence[Row]) -> str:
    told = [
        f"row {number} {_text(next(cell for cell in cells if cell != ''))[:_SHOWN_MAX]!r}" for number, cells in rows
    ]
    return ", ".join(told[:5]) + (f" and {len(told) - 5} more rows" if len(told) > 5 else "")
