"""The bodies of the exchange: feeds, deliveries, receipts, keys."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from lifang.doors.api.bodies.connectors import SecretsGiven
from lifang.doors.api.bodies.kinds import Asked, Json, Said


class FeedBody(Said):
    """What one bureau delivers to one dataset, and how its source does."""

    id: str
    organisation: str
    dataset: str
    source: str
    every_s: float
    active: bool
    trouble: Json | None
    failures: int
    attempted: str | None


class FeedPage(Said):
    """Feeds, by id."""

    items: list[FeedBody]
    next: str | None


class NewFeed(Asked):
    """A feed: its id, whose, which dataset, its card, and where its files come from."""

    feed: Json
    secrets: SecretsGiven


class FeedChange(Asked):
    """Whether a feed is at work, or rests."""

    active: bool


class DeliveryBody(Said):
    """A file that was delivered: what was declared, received, admitted, refused; the problem if it was refused."""

    id: str
    feed: str
    organisation: str
    dataset: str
    reference: str
    kind: str
    name: str
    sha256: str
    bytes: int
    declared: Json
    state: str
    counts: Json
    problem: Json | None
    release: str
    subject: str
    received: str
    settled: str | None


class DeliveryPage(Said):
    """Deliveries, the newest first."""

    items: list[DeliveryBody]
    next: str | None


class ReceiptBody(Said):
    """A signed statement of a delivery: the compact signature, what it says, by which key, and its SHA-256."""

    stage: str
    kid: str
    recorded: str
    jws: str
    sha256: str
    says: Json


class ReceiptPage(Said):
    """The receipts of a delivery, in their order: each names the SHA-256 of the one before."""

    items: list[ReceiptBody]
    next: str | None


class TakenBody(DeliveryBody):
    """A delivery that was taken, with the receipt of it."""

    receipts: list[ReceiptBody]


class Acknowledgement(Asked):
    """The bureau's signature over delivery, stage = acknowledged, and previous = the receipt's SHA-256."""

    jws: Annotated[str, Field(min_length=1, max_length=20_000)]


class KeySet(Said):
    """Public keys (RFC 7517) that receipts were signed with; the city's own have no organisation."""

    keys: list[Json]


class NewKey(Asked):
    """A bureau's public Ed25519 key (RFC 8037)."""

    key: Json
