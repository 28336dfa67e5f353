"""The registry's tables of harvests: the portals, and each dataset that came from one."""

from __future__ import annotations

import sqlalchemy as sa

from lifang.store.registry.columns import json, key, moment, moment_or_none, table, text
from lifang.store.registry.types import Truth, Whole

harvest_source = table(
    "harvest_source",
    key(),
    text("url"),
    text("kind"),
    text("title"),
    text("classification"),
    text("by"),
    moment("created"),
    moment_or_none("harvested"),
    text("cursor"),
    json("report"),
    sa.Column("every_days", Whole, nullable=False, server_default="0", default=0),
    sa.Column("active", Truth, nullable=False, server_default="1", default=True),
    moment_or_none("attempted"),
    json("trouble"),
    moment_or_none("removed"),
    sa.Index(None, "url"),
)
harvest_record = table(
    "harvest_record",
    key(),
    text("source", refers="harvest_source.id"),
    text("identifier"),
    text("dataset"),
    text("digest"),
    text("modified"),
    text("state"),
    moment("seen"),
    json("files", []),
    sa.Index(None, "source"),
    sa.Index(None, "dataset"),
)
