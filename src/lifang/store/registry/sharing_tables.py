"""The registry's tables of what a city agrees on: its own data standards, agreements to share data."""

from __future__ import annotations

import sqlalchemy as sa

from lifang.store.registry.columns import json, key, moment, moment_or_none, table, text, truth, whole

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
agreement = table(
    "agreement",
    key(),
    text("dataset"),
    text("subject"),
    text("applicant"),
    text("organisation"),
    truth("for_organisation"),
    text("purpose"),
    json("fields", []),
    json("rows", []),
    moment("until"),
    text("state"),
    text("reasons"),
    text("assessment"),
    text("reviewer"),
    moment("asked"),
    moment("due"),
    moment_or_none("since"),
    moment_or_none("reviewed"),
    moment_or_none("ended"),
    moment("updated"),
    sa.Index(None, "dataset", "state"),
    sa.Index(None, "subject"),
)

assessment = table(
    "assessment",
    key(),
    text("agreement", refers="agreement.id"),
    text("dataset"),
    whole("version"),
    text("form"),
    json("answers", {}),
    truth("acceptable"),
    text("subject"),
    moment("recorded"),
    sa.UniqueConstraint("agreement", "version"),
)
usage = table(
    "usage",
    key(),
    text("day"),
    text("dataset"),
    text("subject"),
    text("organisation"),
    text("agreement"),
    text("action"),
    whole("requests"),
    whole("rows"),
    whole("bytes"),
    moment("last"),
    sa.Index(None, "dataset", "day"),
    sa.Index(None, "subject", "day"),
)

__all__ = ["agreement", "assessment", "data_standard", "usage"]
