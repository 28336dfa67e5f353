"""The face of the exchange: feeds, deliveries, receipts, and the lines that work through them."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from lifang.catalogue import EXISTING, Catalogue, LifeState
from lifang.core import BadInput, Clock, Conflict, NotFound, Problem, Rounds, Settings, Unavailable, format_instant
from lifang.exchange.arriving import Arrived, Look
from lifang.exchange.lines import Lines
from lifang.exchange.model import Delivery, Feed, Manifest
from lifang.exchange.pulling import plain, pull
from lifang.exchange.receipts import Receipt
from lifang.exchange.records import Records
from lifang.exchange.settling import Outcome, Settler
from lifang.exchange.sources import FeedSpec
from lifang.guard import Action, Classification, Resource, Subject, require
from lifang.outside import Secrets
from lifang.signing import Signer, opened, public_key
from lifang.store import Relation, Store

_WAITING_MAX = 1_000  # deliveries of one bureau
_AT_ONCE = 2  # deliveries that are admitted at the same time, all bureaus together
_LOOK_S = 1.0
_RETRY_S = 30.0
_BACK_OFF = 6  # a source that fails is looked at after up to 2**6 times its usual wait
_SETTLED = frozenset({"admitted", "refused"})


def inbox(organisation: str = "*") -> Resource:
    """Return a bureau's inbox as the guard knows it; all of them without one."""
    return Resource("inbox", organisation, Classification.SHARED)


class Exchange:
    """What bureaus deliver to one city."""

    def __init__(self, store: Store, catalogue: Catalogue, clock: Clock, settings: Settings, *, folder: Path) -> None:
        self._store = store
        self._catalogue = catalogue
        self._clock = clock
        self._settings = settings
        self._folder = folder
        self._secrets = Secrets(folder / "exchange" / "secrets")
        self._signer = Signer(folder)
        self._records = Records(store.registry, clock, self._signer, settings.id)
        self._settler = Settler(store, catalogue)
        self._slots = threading.Semaphore(_AT_ONCE)
        self._lines = Lines(self._work)
        self._retry: dict[str, Any] = {}
        self._listeners: list[Callable[[Delivery], None]] = []
        fault = "the exchange did not look at its sources"
        self._rounds = Rounds(self._look_around, name="exchange", fault=fault, every_s=_LOOK_S, at_once=False)
        self._pulling = False

    def start(self, *, pulling: bool = True) -> None:
        """Work through what waits, and look at sources as they are due, unless told not to. Again does nothing."""
        self._pulling = self._pulling or pulling
        self._rounds.start()

    def on_settled(self, listener: Callable[[Delivery], None]) -> None:
        """Call ``listener`` with each delivery as it is admitted or refused."""
        self._listeners.append(listener)

    def close(self) -> None:
        """Stop after the present delivery; what waits is worked through at the next start."""
        self._rounds.close()
        self._lines.close()

    def put_feed(self, spec: FeedSpec, *, secrets: Mapping[str, str] | None = None, by: Subject) -> Feed:
        """Return the feed, added or written anew; secrets that are not given stay as they are.

        One that reaches out, or into a folder, is an administrator's to add, as a connector is.
        """
        require(by, Action.MANAGE, inbox(spec.organisation))
        if spec.source.kind != "upload":
            require(by, Action.MANAGE, Resource("connector", spec.id, Classification.SHARED))
        feed = self._records.put_feed(spec, by=by.id)
        if secrets is not None:
            self._secrets.write(spec.id, secrets)
        return feed

    def feed(self, feed_id: str) -> Feed:
        """Return the feed, or ``NotFound``."""
        return self._records.feed(feed_id)

    def feeds(self, organisation: str | None = None) -> list[Feed]:
        """Return the feeds (of one bureau), by id."""
        return self._records.feeds(organisation)

    def set_active(self, feed_id: str, active: bool, *, by: Subject) -> Feed:
        """Return the feed, which takes deliveries and is looked at, or rests."""
        feed = self.feed(feed_id)
        require(by, Action.MANAGE, inbox(feed.organisation))
        if active:
            self._check_there(feed)
        action = "resume_feed" if active else "pause_feed"
        return self._records.change_feed(feed_id, {"active": active}, by=by.id, action=action)

    def receive(self, feed_id: str, source: Path, *, name: str, manifest: Manifest, by: Subject) -> Delivery:
        """Return the delivery: kept, receipted and waiting by now; the same again is the one that came before.

        ``BadInput`` if the content is not what was declared, ``Conflict`` for other content under the same reference.
        """
        feed = self.feed(feed_id)
        require(by, Action.ADMIT, inbox(feed.organisation))
        return self._receive(feed, source, name, manifest, by.id)

    def deliveries(
        self,
        *,
        organisation: str | None = None,
        feed: str | None = None,
        state: str | None = None,
        after: str | None = None,
        limit: int | None = None,
    ) -> list[Delivery]:
        """Return deliveries, the newest first, those older than ``after``."""
        given = {"organisation": organisation, "feed": feed, "state": state}
        where = {name: value for name, value in given.items() if value is not None}
        return self._records.deliveries(where, after=after, limit=limit)

    def delivery(self, delivery_id: str) -> Delivery:
        """Return the delivery, or ``NotFound``."""
        return self._records.delivery(delivery_id)

    def receipts(self, delivery_id: str) -> list[Receipt]:
        """Return a delivery's receipts in their order, ours and the bureau's."""
        return self._records.receipts(self.delivery(delivery_id).id)

    def refused(self, delivery_id: str) -> Relation:
        """Return the cells that were refused of an admitted delivery, lazily; ``NotFound`` if nothing was admitted."""
        delivery = self.delivery(delivery_id)
        if not delivery.release:
            raise NotFound("Nothing of this delivery was admitted.", mend="Read its problem.")
        dataset = self._catalogue.dataset(delivery.dataset, states=EXISTING)
        return dataset.refused(int(delivery.release.rpartition("@")[2]))

    def acknowledge(self, delivery_id: str, jws: str, *, by: Subject) -> Receipt:
        """Return the bureau's acknowledgement of our newest receipt, kept once its signature holds.

        It is a signature by a registered key of the bureau over an object with ``delivery``, ``stage`` =
        ``acknowledged`` and ``previous``, the SHA-256 of the receipt it acknowledges. ``Denied`` for another's key.
        """
        delivery = self.delivery(delivery_id)
        require(by, Action.HANDLE, inbox(delivery.organisation))
        says, kid = opened(jws, self._records.keys(delivery.organisation, retired=False))
        return self._records.acknowledge(delivery, jws, kid, says, by=by.id)

    def put_key(self, organisation: str, jwk: Any, *, by: Subject) -> dict[str, Any]:
        """Return a bureau's public key, kept: what it signs from now on is the bureau's word."""
        require(by, Action.MANAGE, inbox(organisation))
        key = public_key(jwk)
        self._records.put_key(organisation, key, by=by.id)
        return key

    def retire_key(self, organisation: str, kid: str, *, by: Subject) -> None:
        """Have a bureau's key sign nothing any more; what it signed before still verifies."""
        require(by, Action.MANAGE, inbox(organisation))
        self._records.retire_key(organisation, kid, by=by.id)

    def keys(self) -> list[dict[str, Any]]:
        """Return the public keys of receipts and certificates: the city's own first, then the bureaus'."""
        return [{**self._signer.public, "organisation": "", "retired": None}, *self._records.keys()]

    def pull(self, feed_id: str, *, by: Subject) -> Feed:
        """Return the feed after looking at its source now."""
        feed = self.feed(feed_id)
        require(by, Action.HANDLE, inbox(feed.organisation))
        self._pull(feed)
        return self.feed(feed_id)

    def wait(self, delivery_id: str, *, timeout_s: float = 60.0) -> Delivery:
        """Return the delivery once it is settled; ``Conflict`` when that takes longer than ``timeout_s`` seconds."""
        pause = threading.Event()
        for _ in range(int(timeout_s / 0.02) + 1):
            delivery = self.delivery(delivery_id)
            if delivery.state in _SETTLED:
                return delivery
            pause.wait(0.02)
        raise Conflict(f"The delivery still waits after {timeout_s:g} s.", where=delivery_id, mend="Ask again later.")

    def work_off(self) -> None:
        """Settle everything that waits, here and now: for a city whose time stands still."""
        for organisation in {each.organisation for each in self._records.waiting()}:
            while self._settle_next(organisation):
                pass

    def _receive(self, feed: Feed, source: Path, name: str, manifest: Manifest, by: str) -> Delivery:
        if not feed.active:
            raise Conflict(f"The feed {feed.id!r} rests.", where=feed.id, mend="Have it resumed first.")
        self._check_there(feed)
        if self._records.count_waiting(feed.organisation) >= _WAITING_MAX:
            what = f"{_WAITING_MAX:,} deliveries of {feed.organisation} wait already."
            raise Unavailable(what, where=feed.organisation, mend="Send it again when some of them are through.")
        with self._store.blobs.lock:
            with plain(source) as stream:
                blob = self._store.blobs.put(stream, max_bytes=self._settings.upload_max_bytes)
            if manifest.sha256 and manifest.sha256.lower() != blob.sha256:
                what = "The content is not what was declared: its SHA-256 differs."
                raise BadInput(what, where="sha256", mend=f"Send it again; what came has {blob.sha256}.")
            reference = manifest.reference or blob.sha256
            delivery, _ = self._records.receive(
                feed,
                reference,
                manifest.kind,
                name=Path(name).name[:255] or "delivery",
                sha256=blob.sha256,
                size=blob.bytes,
                declared=manifest.as_json(),
                by=by,
            )
        if self._rounds.started:
            self._lines.wake(feed.organisation)
        return delivery

    def _check_there(self, feed: Feed) -> None:
        """Raise ``Conflict`` if the dataset is destroyed: what came for it would be kept, and belong to nothing."""
        known = self._store.registry.get("life", feed.dataset)
        if known and known["state"] == LifeState.DESTROYED:
            raise Conflict(f"{feed.dataset} is destroyed.", where=feed.id, mend="Have a feed for another dataset.")

    def _look_around(self) -> None:
        due = {each.organisation for each in self.feeds() if self._is_due(each)}
        for organisation in due | {each.organisation for each in self._records.waiting()}:
            if self._retry.get(organisation, self._clock.now()) <= self._clock.now():
                self._lines.wake(organisation)

    def _is_due(self, feed: Feed) -> bool:
        if not self._pulling or not feed.active or feed.spec.source.kind == "upload":
            return False
        wait = timedelta(seconds=feed.spec.every_s * 2 ** min(feed.failures, _BACK_OFF))
        return feed.attempted is None or feed.attempted + wait <= self._clock.now()

    def _work(self, organisation: str) -> bool:
        """Do one piece of a bureau's work; return whether there may be more."""
        try:
            if self._settle_next(organisation):
                return True
        except Unavailable:
            self._retry[organisation] = self._clock.now() + timedelta(seconds=_RETRY_S)
            raise
        due = [each for each in self.feeds(organisation) if self._is_due(each)]
        if due:
            self._pull(due[0])
        return bool(due)

    def _settle_next(self, organisation: str) -> bool:
        waiting = self._records.waiting(organisation)
        if not waiting or self._lines.closed:
            return False
        delivery = waiting[0]
        with self._slots:
            try:
                outcome = self._settler.settle(delivery, self.feed(delivery.feed))
            except Unavailable:
                raise
            except Exception:
                problem = {"detail": "Unexpected failure; see the log.", "where": "", "mend": "Tell the city."}
                self._records.settle(delivery, Outcome({}, problem=problem))
                raise
            settled = self._records.settle(delivery, outcome)
        for listener in self._listeners:
            listener(settled)
        return True

    def _pull(self, feed: Feed) -> None:
        now = self._clock.now()
        with tempfile.TemporaryDirectory(dir=self._scratch()) as scratch:
            look = Look(feed.spec, feed.checkpoint, self._secrets.read(feed.id), self._folder, Path(scratch),
                        lambda: self._rounds.ending)  # fmt: skip

            def take(arrived: Arrived) -> None:
                self._receive(feed, arrived.path, arrived.name, arrived.manifest, f"exchange:{feed.id}")

            try:
                checkpoint = pull(look, take)
            except Problem as problem:
                told = {
                    "what": problem.what,
                    "where": problem.where,
                    "mend": problem.mend,
                    "moment": format_instant(now),
                }
                changes = {"trouble": told, "failures": feed.failures + 1, "attempted": now}
            else:
                changes = {"checkpoint": checkpoint, "trouble": None, "failures": 0, "attempted": now}
        self._records.change_feed(feed.id, changes)

    def _scratch(self) -> Path:
        folder = self._store.folder / "scratch"
        folder.mkdir(exist_ok=True)
        return folder
