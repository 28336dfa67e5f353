"""Delivery: each webhook is told what changed, in order, at least once; who does not take it is tried again later."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol

import orjson

from lifang.catalogue.changes import CatalogueChange, Changes
from lifang.catalogue.webhooks.register import ACTIVE, ENDED, PAUSED, Attempt, Webhook, Webhooks
from lifang.core import Clock, Problem, Rounds, format_instant
from lifang.outside import Fetcher

_AT_ONCE = 100  # changes in one delivery
_LONGEST_WAIT_S, _GIVEN_UP_AFTER = 3600, 100  # failures: about four days
_LOOK_S = 5.0
_GONE = 410

Knows = Callable[[Webhook, CatalogueChange], bool]


class Post(Protocol):
    """What sends a body to an address and returns the status of the answer."""

    def __call__(self, url: str, *, headers: dict[str, str], body: bytes) -> int:
        """Return the status."""
        ...


def signature(secret: str, moment: datetime, body: bytes) -> str:
    """Return ``t=<seconds>,v1=<hex>``: HMAC-SHA256 (RFC 2104) by the secret over ``<seconds>.`` and the body."""
    seconds = str(int(moment.timestamp()))
    return f"t={seconds},v1={hmac.new(secret.encode(), seconds.encode() + b'.' + body, hashlib.sha256).hexdigest()}"


class Deliveries:
    """Delivers on a thread of its own, from ``start`` to ``close``; ``knows`` says what a webhook may be told."""

    def __init__(
        self, webhooks: Webhooks, changes: Changes, clock: Clock, *, knows: Knows, post: Post | None = None
    ) -> None:
        self._webhooks, self._changes, self._clock, self._knows = webhooks, changes, clock, knows
        self._post = post or self._fetch
        self._rounds = Rounds(self.tend, name="webhooks", fault="webhooks were not told", every_s=_LOOK_S)
        changes.on_change(lambda _change: self._rounds.wake())

    def start(self) -> None:
        """Start delivering."""
        self._rounds.start()

    def close(self) -> None:
        """Stop after the present attempt, which is cut short."""
        self._rounds.close()

    def tend(self) -> int:
        """Return how many deliveries arrived: each webhook that is due is told all that it may know of."""
        arrived = 0
        for webhook in self._webhooks.all():
            while webhook.state == ACTIVE and (webhook.due is None or webhook.due <= self._clock.now()):
                if self._rounds.ending or not self._deliver(webhook):
                    break
                arrived += 1
                webhook = self._webhooks.get(webhook.id)  # noqa: PLW2901 - told further by now
        return arrived

    def _deliver(self, webhook: Webhook) -> bool:
        """Return whether something was told and taken."""
        changes = self._changes.after(webhook.told, limit=_AT_ONCE)
        if not changes:
            return False
        wanted = [each for each in changes if not webhook.datasets or each.dataset in webhook.datasets]
        told = [each for each in wanted if self._knows(webhook, each)]
        last = changes[-1].seq
        if not told:
            self._webhooks.note(webhook.id, {"told": last})
            return len(changes) == _AT_ONCE and self._deliver(self._webhooks.get(webhook.id))
        attempt = self._attempt(webhook, "changes", told, last)
        if attempt.arrived:
            kept = {"told": last, "failures": 0, "due": None, "last_status": attempt.status,
                    "last_success": attempt.sent}  # fmt: skip
            self._webhooks.note(webhook.id, kept, attempt)
            return True
        self._webhooks.note(webhook.id, self._failed(webhook, attempt), attempt)
        return False

    def try_out(self, webhook_id: str) -> Attempt:
        """Return how a delivery without changes went: signed like any other, tried once, at once, also if paused."""
        webhook = self._webhooks.get(webhook_id)
        attempt = self._attempt(webhook, "test", [], webhook.told)
        self._webhooks.note(webhook_id, {}, attempt)
        return attempt

    def _attempt(
        self, webhook: Webhook, kind: Literal["changes", "test"], told: list[CatalogueChange], last: int
    ) -> Attempt:
        now, began = self._clock.now(), time.monotonic()
        first = told[0].seq if told else last
        body = orjson.dumps(
            {"webhook": webhook.id, "sent": format_instant(now), "changes": [each.as_json() for each in told]}
        )
        try:
            headers = {
                "Content-Type": "application/json",
                "User-Agent": "lifang",
                "X-Lifang-Delivery": f"{webhook.id}/{kind if kind == 'test' else f'{first}-{last}'}",
                "X-Lifang-Signature": signature(self._webhooks.secret(webhook.id), now, body),
            }
            code = self._post(webhook.url, headers=headers, body=body)
            status, arrived = str(code), 200 <= code < 300
        except Problem as problem:
            status, arrived = problem.what, False
        return Attempt(kind, first, last, now, timedelta(seconds=time.monotonic() - began), status, arrived)

    def _failed(self, webhook: Webhook, attempt: Attempt) -> dict[str, Any]:
        failures = webhook.failures + 1
        wait = timedelta(seconds=min(2.0 ** min(failures - 1, 20), _LONGEST_WAIT_S))
        gone = attempt.status == str(_GONE)
        state = ENDED if gone else PAUSED if failures >= _GIVEN_UP_AFTER else ACTIVE
        return {"failures": failures, "due": attempt.sent + wait, "last_status": attempt.status[:300], "state": state}

    def _fetch(self, url: str, *, headers: dict[str, str], body: bytes) -> int:
        fetcher = Fetcher(self._webhooks.reach, lambda: self._rounds.ending)
        return fetcher.fetch(url, method="POST", headers=headers, body=body).status
