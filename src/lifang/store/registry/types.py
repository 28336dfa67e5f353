"""Column kinds of the registry: text, numbers, truth, moments and JSON, alike on SQLite and PostgreSQL."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from lifang.core import BadInput, from_micros, to_micros

Text = sa.Text
Real = sa.REAL
Bytes = sa.LargeBinary
Whole = sa.BigInteger().with_variant(sa.INTEGER(), "sqlite")


class Moment(TypeDecorator[datetime]):
    """An aware moment, stored as microseconds since 1970 UTC."""

    impl = Whole
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> int | None:
        """Return the microseconds of ``value``; ``BadInput`` without a zone."""
        if value is None:
            return None
        if not isinstance(value, datetime) or value.tzinfo is None:
            raise BadInput(f"{value!r} is not a moment.", mend="Give an aware datetime.")
        return to_micros(value)

    def process_result_value(self, value: int | None, _dialect: Dialect) -> datetime | None:
        """Return the UTC moment."""
        return None if value is None else from_micros(value)


class Truth(TypeDecorator[bool]):
    """True or false, stored as 1 or 0."""

    impl = Whole
    cache_ok = True

    def process_bind_param(self, value: bool | None, _dialect: Dialect) -> int | None:
        """Return 1 or 0."""
        return None if value is None else int(value)

    def process_result_value(self, value: int | None, _dialect: Dialect) -> bool | None:
        """Return the truth value."""
        return None if value is None else bool(value)


class Json(TypeDecorator[Any]):
    """A JSON value, stored as text; ``None`` is stored as no value."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Any, _dialect: Dialect) -> str | None:
        """Return the JSON text of ``value``; ``BadInput`` if it has none."""
        return None if value is None else json_text(value)

    def process_result_value(self, value: str | None, _dialect: Dialect) -> Any:
        """Return the value."""
        return None if value is None else json.loads(value)


def json_text(value: Any) -> str:
    """Return ``value`` as canonical JSON (sorted keys, no spaces, finite numbers, UTF-8), or ``BadInput``."""
    try:
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        text.encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise BadInput(
            f"This cannot be written as JSON: {error}.", mend="Use text, finite numbers, lists, maps."
        ) from error
    return text
