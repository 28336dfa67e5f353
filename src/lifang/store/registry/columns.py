"""How the registry declares a table: its metadata, and a function for each kind of column."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from lifang.store.registry.types import Bytes, Json, Moment, Real, Text, Truth, Whole

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def key() -> sa.Column[str]:
    """Return the column of a row's id."""
    return sa.Column("id", Text, primary_key=True)


def text(name: str, *, unique: bool = False, refers: str = "") -> sa.Column[str]:
    """Return a column of text, empty if not given; ``refers`` names the column it points to."""
    keys = [sa.ForeignKey(refers, deferrable=True, initially="DEFERRED")] if refers else []
    return sa.Column(name, Text, *keys, nullable=False, unique=unique, default=None if unique or refers else "")


def text_or_none(name: str) -> sa.Column[str]:
    """Return a column of text that may be missing."""
    return sa.Column(name, Text, nullable=True)


def json(name: str, empty: Any = None) -> sa.Column[Any]:
    """Return a column of JSON values."""
    return sa.Column(name, Json, nullable=True, default=empty)


def moment(name: str) -> sa.Column[Any]:
    """Return a column of moments."""
    return sa.Column(name, Moment, nullable=False)


def moment_or_none(name: str) -> sa.Column[Any]:
    """Return a column of moments that may be missing."""
    return sa.Column(name, Moment, nullable=True)


def whole(name: str, *, unique: bool = False) -> sa.Column[int]:
    """Return a column of whole numbers, 0 if not given."""
    return sa.Column(name, Whole, nullable=False, unique=unique, default=None if unique else 0)


def real(name: str, *, nullable: bool = False) -> sa.Column[float]:
    """Return a column of numbers."""
    return sa.Column(name, Real, nullable=nullable)


def truth(name: str) -> sa.Column[bool]:
    """Return a column of truth values, true if not given."""
    return sa.Column(name, Truth, nullable=False, default=True)


def table(name: str, *columns: sa.Column[Any] | sa.Index | sa.UniqueConstraint) -> sa.Table:
    """Return a table of the registry."""
    return sa.Table(name, metadata, *columns, sqlite_strict=True)


def body(name: str) -> sa.Column[bytes]:
    """Return a column of bytes."""
    return sa.Column(name, Bytes, nullable=False)
