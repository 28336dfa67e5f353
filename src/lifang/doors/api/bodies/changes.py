"""The bodies of changes in the catalogue, and of who is told of them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from lifang.doors.api.bodies.kinds import Asked, Json, Said


class ChangeBody(Said):
    """One change: ``kind`` is draft, card, release or a move of a dataset's life; ``seq`` orders all changes."""

    seq: int
    dataset: str
    kind: str
    recorded: str
    detail: Json


class ChangePage(Said):
    """Changes in order; ``next`` asks for what follows, also for what is yet to come: keep the last one."""

    items: list[ChangeBody]
    next: str
    more: bool


class NewWebhook(Asked):
    """An address to tell of changes of ``datasets``; of all that the asker may know of, if none is named."""

    url: Annotated[str, Field(min_length=1, max_length=2000)]
    datasets: Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=200, default_factory=list)]


class WebhookChange(Asked):
    """Pause a webhook, or have it go on where it stopped."""

    state: Literal["active", "paused"]


class WebhookBody(Said):
    """A webhook, and how its deliveries go; ``told`` is the last change that it was told of."""

    id: str
    owner: str
    url: str
    datasets: list[str]
    state: Literal["active", "paused", "ended"]
    told: int
    failures: int
    due: str | None
    last_status: str
    last_success: str | None
    created: str


class NewWebhookBody(WebhookBody):
    """A new webhook with the secret its deliveries are signed with: it is not told again."""

    secret: str


class WebhookPage(Said):
    """Webhooks, the oldest first."""

    items: list[WebhookBody]
    next: str | None


class WebhookDelivery(Said):
    """An attempt to tell a webhook of ``first`` to ``last``; ``status``: the answer's, or why there was none."""

    kind: Literal["changes", "test"]
    first: int
    last: int
    sent: str
    took_ms: int
    status: str
    arrived: bool


class WebhookDeliveryPage(Said):
    """Attempts to tell a webhook, the newest first."""

    items: list[WebhookDelivery]
    next: str | None


class SecretBody(Said):
    """A new secret: it is not told again."""

    secret: str
