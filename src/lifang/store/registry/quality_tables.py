"""The registry's tables of quality: runs of the standing checks, issues and what happened to them."""

from __future__ import annotations

import sqlalchemy as sa

from lifang.store.registry.columns import json, key, moment, moment_or_none, table, text, text_or_none, whole

quality_run = table(
    "quality_run",
    key(),
    text("dataset", refers="dataset.id"),
    whole("release"),
    moment("recorded"),
    json("checks", []),
    sa.Index(None, "dataset"),
)
issue = table(
    "issue",
    key(),
    text("dataset", refers="dataset.id"),
    whole("release"),
    text("row_key"),
    text("column"),
    text("dimension"),
    text("text"),
    text("state"),
    text("reporter"),
    text("assignee"),
    text_or_none("bureau"),
    moment_or_none("due"),
    moment("opened"),
    moment("updated"),
    sa.Index(None, "bureau"),
    sa.Index(None, "dataset"),
    sa.Index(None, "reporter", "opened"),
    sa.Index(None, "state"),
)
issue_event = table(
    "issue_event",
    key(),
    text("issue", refers="issue.id"),
    text("move"),
    text("by"),
    moment("recorded"),
    text("note"),
    sa.Index(None, "issue"),
)
