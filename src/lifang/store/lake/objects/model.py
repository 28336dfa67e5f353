"""The words of the store of objects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import pyarrow as pa

from lifang.core import Box, to_micros
from lifang.store.expression import Expression

FOREVER = to_micros(datetime(9999, 12, 31, tzinfo=UTC))  # the end of what has no end yet

GEOMETRY = pa.list_(
    pa.struct(
        [
            ("lod", pa.string()),
            ("kind", pa.string()),
            ("wkb", pa.binary()),
            ("base_m", pa.float64()),
            ("top_m", pa.float64()),
            ("detail", pa.string()),
        ]
    )
)
CONTENT = (
    ("model", pa.string()),
    ("class", pa.string()),
    ("category", pa.string()),
    ("level", pa.uint8()),
    ("stage", pa.string()),
    ("parent", pa.string()),
    ("name", pa.string()),
    ("west", pa.float64()),
    ("south", pa.float64()),
    ("east", pa.float64()),
    ("north", pa.float64()),
    ("bottom_m", pa.float64()),
    ("top_m", pa.float64()),
    ("cell", pa.int64()),
    ("geometry", GEOMETRY),
    ("properties", pa.string()),
    ("classification", pa.string()),
)
COLUMNS = pa.schema([("id", pa.string()), *CONTENT, ("valid_from", pa.int64()), ("valid_to", pa.int64())])
LINK_COLUMNS = pa.schema(
    [
        ("object", pa.string()),
        ("kind", pa.string()),
        ("target", pa.string()),
        ("role", pa.string()),
        ("name", pa.string()),
        ("source", pa.string()),
        ("classification", pa.string()),
        ("valid_from", pa.int64()),
        ("valid_to", pa.int64()),
    ]
)


@dataclass(frozen=True)
class ObjectChange:
    """One durable change: its number, when it was recorded and for whom.

    ``rows`` versions were taken in, ``replaced`` earlier ones no longer hold, ``unchanged`` said nothing new, ``ended``
    objects or links have no version any more from some moment on.
    """

    number: int
    recorded: datetime
    subject: str
    rows: int
    replaced: int
    unchanged: int
    ended: int = 0

    @property
    def is_one(self) -> bool:
        """Whether anything is other than before."""
        return bool(self.rows or self.replaced)


@dataclass(frozen=True)
class ObjectQuery:
    """Which objects: every condition that is given must be met.

    ``valid`` and ``recorded`` are the moments in the city and of our knowledge, in microseconds UTC (``recorded`` of
    ``None``: what is known now). ``cells`` are keys of the grid, ``after`` the id that a page goes on from; ``shaped``
    leaves out what has no geometry of its own, ``across_deg`` what is smaller, but not single points, of which then the
    first by id stays in each square of ``apart_deg``. ``largest`` keeps no more than so many.
    With ``until`` what held at any moment from ``valid`` up to that one meets it, each in its last version then.
    ``named`` are names of which it has one, by whose order objects are then read; ``linked`` is a link that leads from
    the object.
    ``without`` are ids, ``without_models`` models that are left out. ``where`` is a condition on columns and
    properties.
    """

    valid: int
    recorded: int | None = None
    ids: Sequence[str] | None = None
    parents: Sequence[str] | None = None
    models: Sequence[str] | None = None
    classes: Sequence[str] | None = None
    classifications: Sequence[str] | None = None
    cells: Sequence[int] | None = None
    box: Box | None = None
    text: str = ""
    shaped: bool = False
    after: str | None = None
    limit: int | None = None
    across_deg: float = 0.0
    apart_deg: float = 0.0
    largest: int | None = None
    levels: Sequence[int] | None = None
    stages: Sequence[str] | None = None
    named: Sequence[str] | None = None
    linked: LinkQuery | None = None
    without: Sequence[str] | None = None
    without_models: Sequence[str] | None = None
    until: int | None = None
    where: Expression | None = None


@dataclass(frozen=True)
class LinkQuery:
    """Which links: every condition that is given must be met; times as in :class:`ObjectQuery`.

    ``of`` are the objects that they lead from; ``after`` is object, kind and target of the last link before the page.
    """

    valid: int
    recorded: int | None = None
    objects: Sequence[str] | None = None
    targets: Sequence[str] | None = None
    kinds: Sequence[str] | None = None
    sources: Sequence[str] | None = None
    classifications: Sequence[str] | None = None
    of: ObjectQuery | None = None
    after: tuple[str, str, str] | None = None
    limit: int | None = None
