"""The tables of what senses and what is sensed: the entities of OGC SensorThings (18-088, clause 8).

Every entity has a dense ``number`` that is never given twice (``entity_counter``), and every state it had is in
``entity_version``. A location or feature keeps the bounds of its geometry beside it, so that a box finds it quickly.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from lifang.store.registry.columns import json, key, moment, real, table, text, whole
from lifang.store.registry.types import Whole


def _number() -> tuple[sa.Column[int], sa.Index]:
    return sa.Column("number", Whole, nullable=True), sa.Index(None, "number", unique=True)


def _whole_or_none(name: str) -> sa.Column[int]:
    return sa.Column(name, Whole, nullable=True)


def _text_added(name: str) -> sa.Column[str]:
    """Return a column of text that a city's table got later."""
    return sa.Column(name, sa.Text, nullable=False, server_default="", default="")


def _described(*more: sa.Column[Any] | sa.Index) -> tuple[sa.Column[Any] | sa.Index, ...]:
    """Return the columns of an entity: id, number, name, description, class, properties, and those of its own."""
    return (
        key(),
        whole("number", unique=True),
        text("zh"),
        text("en"),
        text("description"),
        *more,
        text("classification"),
        json("properties", {}),
        moment("created"),
        sa.Index(None, "classification", "number"),
    )


def _placed() -> tuple[sa.Column[Any] | sa.Index, ...]:
    bounds = ("west", "east", "south", "north")
    return (*(real(name, nullable=True) for name in bounds), sa.Index(None, *bounds))


def _linked(name: str, one: str, other: str, *more: sa.Column[Any] | sa.Index) -> sa.Table:
    """Return the table that links two kinds of entities by their numbers."""
    columns = (sa.Column(each, Whole, primary_key=True, autoincrement=False) for each in (one, other))
    return table(name, *columns, *more)


thing = table(
    "thing",
    key(),
    text("zh"),
    text("en"),
    text("kind"),
    real("lon", nullable=True),
    real("lat", nullable=True),
    text("classification"),
    json("properties", {}),
    moment("created"),
    *_number(),
    _text_added("description"),
    sa.Index(None, "classification", "number"),
    sa.Index(None, "zh"),
)
datastream = table(
    "datastream",
    key(),
    whole("number", unique=True),
    text("thing", refers="thing.id"),
    text("code"),
    text("zh"),
    text("en"),
    text("observed_property"),
    text("unit"),
    whole("period_s"),
    text("classification"),
    moment("created"),
    json("properties", {}),
    _text_added("description"),
    _whole_or_none("sensor"),
    _whole_or_none("property"),
    _whole_or_none("feature"),
    _text_added("observation_type"),
    json("measure"),
    sa.Column("multi", Whole, nullable=False, server_default="0", default=0),
    sa.Column("rich", Whole, nullable=False, server_default="0", default=0),
    sa.Index(None, "thing"),
    sa.Index(None, "zh"),
    sa.Index(None, "observed_property"),
    sa.Index(None, "classification", "number"),
    sa.Index(None, "sensor"),
    sa.Index(None, "property"),
    sa.Index(None, "feature"),
)
sensor = table("sensor", *_described(text("encoding"), json("metadata")))
observed_property = table("observed_property", *_described(text("definition")))
location = table(
    "location",
    *_described(text("encoding"), json("location"), _whole_or_none("feature"), *_placed(), sa.Index(None, "feature")),
)
feature = table("feature", *_described(text("encoding"), json("feature"), *_placed()))
historical_location = table(
    "historical_location",
    key(),
    whole("number", unique=True),
    whole("thing"),
    moment("time"),
    moment("created"),
    sa.Index(None, "thing", "time"),
)
thing_location = _linked("thing_location", "thing", "location", sa.Index(None, "location"))
historical_place = _linked("historical_place", "historical_location", "location", sa.Index(None, "location"))
datastream_property = _linked(
    "datastream_property", "datastream", "position", whole("property"), sa.Index(None, "property")
)
datastream_feature = _linked("datastream_feature", "datastream", "feature", sa.Index(None, "feature"))
entity_counter = table("entity_counter", key(), whole("last"))
entity_version = table(
    "entity_version",
    sa.Column("seq", Whole, primary_key=True),
    text("kind"),
    whole("number"),
    moment("recorded"),
    text("subject"),
    json("state"),
    sa.Index(None, "kind", "number"),
)
SENSING = (
    thing,
    datastream,
    sensor,
    observed_property,
    location,
    feature,
    historical_location,
    thing_location,
    historical_place,
    datastream_property,
    datastream_feature,
    entity_counter,
    entity_version,
)
