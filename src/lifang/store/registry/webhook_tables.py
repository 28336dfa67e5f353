"""The registry's tables of webhooks: who is told of changes where, how far, and how each delivery went."""

from __future__ import annotations

import sqlalchemy as sa

from lifang.store.registry.columns import json, key, moment, moment_or_none, table, text, truth, whole

webhook = table(
    "webhook",
    key(),
    text("owner"),
    json("roles", []),
    text("purpose"),
    text("url"),
    json("datasets", []),
    text("state"),
    whole("told"),
    whole("failures"),
    moment_or_none("due"),
    text("last_status"),
    moment_or_none("last_success"),
    moment("created"),
    sa.Index(None, "owner"),
)
webhook_delivery = table(
    "webhook_delivery",
    key(),
    text("webhook"),
    text("kind"),
    whole("first"),
    whole("last"),
    moment("sent"),
    whole("took_ms"),
    text("status"),
    truth("arrived"),
    sa.Index(None, "webhook"),
)
