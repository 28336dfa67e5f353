"""The registry's tables of what a city agrees on: its own data standards."""

from __future__ import annotations

import sqlalchemy as sa

from lifang.store.registry.columns import key, moment, table, text, whole

data_standard = table(
    "data_standard",
    key(),
    text("name"),
    whole("edition"),
    text("zh"),
    text("en"),
    text("theme"),
    text("sha256"),
    text("subject"),
    moment("recorded"),
    sa.Index(None, "name", "edition"),
)

__all__ = ["data_standard"]
