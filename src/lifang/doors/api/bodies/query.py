"""Bodies of queries."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from lifang.doors.api.bodies.kinds import Asked, Said


class QueryBody(Asked):
    """SQL over the datasets the asker may query; each is a table under its id."""

    sql: Annotated[str, Field(min_length=1, max_length=100_000)]
    limit: Annotated[int, Field(ge=1, le=100_000)] = 1000


class ColumnType(Said):
    """A result column."""

    name: str
    type: str


class QueryAnswer(Said):
    """Rows of a query; ``truncated`` says that there were more."""

    columns: list[ColumnType]
    rows: list[list[Any]]
    truncated: bool
