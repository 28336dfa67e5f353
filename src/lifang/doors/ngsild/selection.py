"""Selection: which entities are asked for, by type, id, pattern, attributes, query and place; as rows of the roll."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from lifang.core import BadInput
from lifang.doors.ngsild.column import Bools
from lifang.doors.ngsild.context import Context
from lifang.doors.ngsild.facts import Facts
from lifang.doors.ngsild.geo import GeoQuery
from lifang.doors.ngsild.matching import has_any, matching, texts_match
from lifang.doors.ngsild.query import Query
from lifang.doors.ngsild.roll import Roll, Rows

_TYPES_MAX = 100


@dataclass(frozen=True)
class Chosen:
    """Entities of these types (none: any), with one of these ids, or whose id holds a match of the pattern."""

    types: frozenset[str] | None = None
    ids: tuple[str, ...] = ()
    pattern: str = ""

    def holds(self, roll: Roll) -> Bools:
        """Return which entities of the roll these are."""
        found = np.ones(len(roll), np.bool_)
        if self.types is not None:
            known = np.array([each in self.types for each in roll.types], np.bool_)
            found &= known[roll.kind] if len(known) else False
        if self.ids:
            found &= roll.rows_of(self.ids)
        if self.pattern:
            rows = np.flatnonzero(found)
            found[rows] = texts_match(roll.urns.take(pa.array(rows)), self.pattern)
        return found


@dataclass(frozen=True)
class Selection:
    """Entities that are one of ``chosen`` (none: any) and meet every other condition."""

    chosen: tuple[Chosen, ...] = ()
    attributes: frozenset[str] = frozenset()
    query: Query | None = None
    geo: GeoQuery | None = None

    def rows(self, facts: Facts) -> Rows:
        """Return the rows of the entities that the asker may read and that are asked for, rising."""
        roll = facts.roll
        found = np.ones(len(roll), np.bool_)
        if self.chosen:
            found = np.logical_or.reduce([each.holds(roll) for each in self.chosen])
        return self.among(facts, facts.seen(np.flatnonzero(found)))

    def among(self, facts: Facts, rows: Rows) -> Rows:
        """Return those of ``rows`` (rising) that meet the conditions beyond ``chosen``."""
        if self.geo is not None:
            rows = rows[self.geo.holds(facts.roll.lon[rows], facts.roll.lat[rows])]
        if self.attributes:
            rows = rows[has_any(self.attributes, facts, rows)]
        if self.query is not None:
            rows = rows[matching(self.query, facts, rows)]
        return rows


def read_types(text: str, context: Context) -> frozenset[str] | None:
    """Return the types that a type selection admits (CIM 009 clause 4.17); ``None`` for ``*``, any type.

    ``A,B`` or ``A|B`` is either; ``(A;B)`` is both at once, which holds only where both mean one type.
    """
    if text == "*":
        return None
    found: set[str] = set()
    parts = text.replace("|", ",").split(",")
    if len(parts) > _TYPES_MAX:
        raise BadInput(f"More than {_TYPES_MAX} types are asked for.", where="type", mend="Ask for fewer.")
    for part in parts:
        both = {context.inner(each) for each in part.strip("()").split(";") if each}
        if not both:
            raise BadInput(f"{text[:80]!r} names no type.", where="type", mend="Write type=Kind or type=KindA,KindB.")
        if len(both) == 1:
            found |= both
    return frozenset(found)


def names_in(texts: Sequence[str], context: Context, *, where: str) -> frozenset[str]:
    """Return attribute names as this door knows them; ``BadInput`` for an empty one."""
    if not all(texts):
        raise BadInput("An attribute has no name.", where=where, mend="Separate names by single commas.")
    return frozenset(context.inner(each) for each in texts)
