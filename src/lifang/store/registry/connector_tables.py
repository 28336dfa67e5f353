"""The registry's tables of connectors: their state, what they took, what they refused."""

from __future__ import annotations

import sqlalchemy as sa

from lifang.store.registry.columns import json, key, moment, moment_or_none, table, text, truth, whole

connector = table(
    "connector",
    key(),
    text("kind"),
    text("digest"),
    truth("paused"),
    json("checkpoint", {}),
    json("counts", {}),
    json("troubles", []),
    whole("failures"),
    moment_or_none("newest"),
    moment_or_none("attempted"),
    moment_or_none("succeeded"),
    moment("created"),
    moment("updated"),
)
connector_mark = table(
    "connector_mark",
    key(),
    text("connector", refers="connector.id"),
    text("name"),
    json("detail", {}),
    moment("recorded"),
    sa.Index(None, "connector"),
)
connector_issue = table(
    "connector_issue",
    key(),
    text("connector", refers="connector.id"),
    text("origin"),
    whole("line"),
    text("field"),
    text("value"),
    text("rule"),
    text("mend"),
    moment("recorded"),
    sa.Index(None, "connector"),
)
