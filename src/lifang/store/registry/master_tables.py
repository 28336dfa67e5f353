"""The registry's tables of master data: sources, precedence rules, conflicts, duplicates, and the steps of both."""

from __future__ import annotations

import sqlalchemy as sa

from lifang.store.registry.columns import json, key, moment, moment_or_none, table, text, text_or_none

master_source = table(
    "master_source",
    key(),
    text("kind"),
    text("organisation"),
    json("columns", {}),
    moment("created"),
    sa.Index(None, "kind"),
)
master_rule = table(
    "master_rule",
    key(),
    text("kind"),
    text("element"),
    json("precedence", []),
    moment("updated"),
    sa.Index(None, "kind"),
)
master_conflict = table(
    "master_conflict",
    key(),
    text("kind"),
    text("record"),
    text("element"),
    json("said", []),
    text("state"),
    text_or_none("value"),
    text("reason"),
    text("settled_by"),
    moment("opened"),
    moment_or_none("settled"),
    sa.Index(None, "kind", "state"),
)
master_duplicate = table(
    "master_duplicate",
    key(),
    text("kind"),
    json("records", []),
    json("said", {}),
    text("state"),
    text("decision"),
    text("kept"),
    text("reason"),
    text("settled_by"),
    moment("opened"),
    moment_or_none("settled"),
    sa.Index(None, "kind", "state"),
)
master_step = table(
    "master_step",
    key(),
    text("item"),
    text("move"),
    text("by"),
    moment("recorded"),
    json("detail", {}),
    sa.Index(None, "item"),
)
