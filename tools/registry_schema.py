"""The registry's tables as one file of SQL: what all migrations come to."""

from __future__ import annotations

import re
import sqlite3

import sqlalchemy as sa

from lifang.store.registry.migrations import HEAD, migrate


def registry_schema() -> str:
    """Return the statements that lay out a new registry, an empty line between them."""
    kept = sqlite3.connect(":memory:")
    with sa.create_engine("sqlite://", creator=lambda: kept).begin() as connection:
        migrate(connection, HEAD)
    statements = [re.sub(r"\n\s*\n", "\n", each.strip()) for each in kept.iterdump()]
    kept.close()
    return "\n\n".join(each for each in statements if each not in {"BEGIN TRANSACTION;", "COMMIT;"}) + "\n"
