"""The tables of the registry: one declaration, which the migrations must equal."""

from __future__ import annotations

import sqlalchemy as sa

from lifang.store.registry import (
    connector_tables,
    exchange_tables,
    harvest_tables,
    lifecycle_tables,
    master_tables,
    network_tables,
    quality_tables,
    sensing_tables,
    sharing_tables,
    webhook_tables,
)
from lifang.store.registry.columns import json as _json
from lifang.store.registry.columns import key as _key
from lifang.store.registry.columns import metadata
from lifang.store.registry.columns import moment as _moment
from lifang.store.registry.columns import moment_or_none as _moment_or_none
from lifang.store.registry.columns import real as _real
from lifang.store.registry.columns import table as _table
from lifang.store.registry.columns import text as _text
from lifang.store.registry.columns import text_or_none as _text_or_none
from lifang.store.registry.columns import truth as _truth
from lifang.store.registry.columns import whole as _whole
from lifang.store.registry.types import Real, Whole

__all__ = [
    "connector_tables",
    "exchange_tables",
    "harvest_tables",
    "lifecycle_tables",
    "master_tables",
    "metadata",
    "network_tables",
    "quality_tables",
    "sensing_tables",
    "sharing_tables",
    "webhook_tables",
]

organisation = _table("organisation", _key(), _text("zh"), _text("en"), _moment("created"))
person = _table(
    "person",
    _key(),
    _text("name", unique=True),
    _text("display_name"),
    _text("password_hash"),
    _json("roles", []),
    _text("organisation"),
    _truth("active"),
    _moment("created"),
)
session = _table("session", _key(), _text("person", refers="person.id"), _moment("expires"), _moment("created"))
token = _table(
    "token",
    _key(),
    _text("hash", unique=True),
    _text("person", refers="person.id"),
    _text("label"),
    _json("roles", []),
    _moment("created"),
    _moment_or_none("expires"),
    _moment_or_none("revoked"),
)
dataset = _table(
    "dataset",
    _key(),
    _text("zh"),
    _text("en"),
    _text("theme"),
    _json("metadata", {}),
    _text("classification"),
    _moment("created"),
    _moment("updated"),
)
release = _table(
    "release",
    _key(),
    _text("dataset", refers="dataset.id"),
    _whole("number"),
    _moment("recorded"),
    _text("source_sha256"),
    _text("source_name"),
    _whole("rows"),
    _whole("refused"),
    _whole("bytes"),
    _text("sha256"),
    _json("schema", {}),
    _json("quality", {}),
    _json("provenance", {}),
    sa.UniqueConstraint("dataset", "number"),
)
offered_file = _table(
    "offered_file",
    _key(),
    _text("dataset", refers="dataset.id"),
    _whole("release"),
    _text("format"),
    _whole("bytes"),
    _text("sha256"),
    _text("made_by"),
    _moment("recorded"),
    sa.Index(None, "dataset"),
)
resource_code = _table(
    "resource_code",
    _key(),
    _text("front"),
    _whole("serial"),
    sa.UniqueConstraint("front", "serial"),
)
lineage = _table(
    "lineage",
    _key(),
    _text("source"),
    _text("target"),
    _text("activity"),
    _moment("recorded"),
    _json("detail", {}),
    sa.Index(None, "source"),
    sa.Index(None, "target"),
)
alert = _table(
    "alert",
    _key(),
    _text("scene"),
    _text("rule"),
    _text("resource"),
    _text("severity"),
    _text("state"),
    _moment("opened"),
    _moment_or_none("fired"),
    _moment_or_none("cleared"),
    _moment_or_none("acknowledged"),
    _text_or_none("acknowledged_by"),
    _moment_or_none("closed"),
    _text_or_none("closed_by"),
    _real("value", nullable=True),
    _text("zh"),
    _text("en"),
    _json("detail", {}),
    _text("classification"),
    _moment("updated"),
    sa.Index(None, "state", "updated"),
    sa.Index(None, "rule", "resource"),
)
indicator = _table("indicator", _key(), _text("zh"), _text("en"), _text("unit"), _json("spec", {}))
indicator_value = _table(
    "indicator_value",
    _key(),
    _text("indicator", refers="indicator.id"),
    _moment("moment"),
    _real("value", nullable=True),
    _text("quality"),
    _json("sources", []),
    _moment("recorded"),
    sa.Index(None, "indicator", "moment"),
)
job = _table(
    "job",
    _key(),
    _text("kind"),
    _text("state"),
    sa.Column("progress", Real, nullable=False, default=0.0),
    _text("subject"),
    _json("arguments", {}),
    _json("checkpoint"),
    _json("result"),
    _json("error"),
    _moment("created"),
    _moment("updated"),
    sa.Index(None, "state"),
)
setting = _table("setting", _key(), _json("value"))
ledger = _table(
    "ledger",
    sa.Column("seq", Whole, primary_key=True, autoincrement=False),
    _moment("recorded"),
    _text("subject"),
    _text("action"),
    _text("resource"),
    _text("purpose"),
    _text("outcome"),
    _text("detail"),
    _text("previous"),
    _text("hash"),
    sa.Index(None, "resource"),
)
