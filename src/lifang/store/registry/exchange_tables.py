"""The registry's tables of the exchange: what bureaus deliver, the receipts of it, and the keys that sign them."""

from __future__ import annotations

import sqlalchemy as sa

from lifang.store.registry.columns import json, key, moment, moment_or_none, table, text, truth, whole

exchange_feed = table(
    "exchange_feed",
    key(),
    text("organisation", refers="organisation.id"),
    text("dataset"),
    json("spec", {}),
    truth("active"),
    json("checkpoint", {}),
    json("trouble"),
    whole("failures"),
    moment_or_none("attempted"),
    moment("created"),
    moment("updated"),
    sa.Index(None, "organisation"),
)
exchange_delivery = table(
    "exchange_delivery",
    key(),
    text("feed", refers="exchange_feed.id"),
    text("organisation"),
    text("dataset"),
    text("reference"),
    text("kind"),
    text("name"),
    text("sha256"),
    whole("bytes"),
    json("declared", {}),
    text("state"),
    json("counts", {}),
    json("problem"),
    text("release"),
    text("subject"),
    moment("received"),
    moment_or_none("settled"),
    sa.UniqueConstraint("feed", "reference"),
    sa.Index(None, "organisation"),
    sa.Index(None, "state"),
)
exchange_receipt = table(
    "exchange_receipt",
    key(),
    text("delivery", refers="exchange_delivery.id"),
    text("stage"),
    text("kid"),
    text("jws"),
    moment("recorded"),
    sa.Index(None, "delivery"),
)
exchange_key = table(
    "exchange_key",
    key(),
    text("organisation"),
    json("jwk", {}),
    moment("created"),
    moment_or_none("retired"),
    sa.Index(None, "organisation"),
)
