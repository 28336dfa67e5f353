"""The registry's tables of the life of datasets: its state, legal holds, destructions, and what changed when."""

from __future__ import annotations

import sqlalchemy as sa

from lifang.store.registry.columns import json, key, moment, moment_or_none, table, text
from lifang.store.registry.types import Whole

life = table(  # the id is the dataset's
    "life",
    key(),
    text("state"),
    moment("since"),
    text("by"),
    text("reason"),
    text("successor"),
    text("submitted_by"),
    text("destruction_asked_by"),
    sa.Index(None, "state"),
)
legal_hold = table(
    "legal_hold",
    key(),
    text("dataset", refers="dataset.id"),
    text("reason"),
    text("authority"),
    text("placed_by"),
    moment("placed"),
    text("lifted_by"),
    moment_or_none("lifted"),
    text("lifted_reason"),
    sa.Index(None, "dataset"),
)
destruction = table(
    "destruction",
    key(),
    text("dataset", refers="dataset.id"),
    text("asked_by"),
    moment("asked"),
    text("asked_reason"),
    text("outcome"),
    text("decided_by"),
    moment_or_none("decided"),
    text("decided_reason"),
    json("manifest", {}),
    moment_or_none("completed"),
    json("certificate"),
    sa.Index(None, "dataset"),
)
change = table(
    "change",
    sa.Column("seq", Whole, primary_key=True, autoincrement=False),
    text("dataset"),
    text("kind"),
    text("by"),
    moment("recorded"),
    text("audience"),
    json("detail", {}),
    sa.Index(None, "dataset"),
)
