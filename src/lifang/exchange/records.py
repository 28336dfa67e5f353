"""The exchange's rows in the registry: feeds, deliveries, receipts and keys, each change with its ledger record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from lifang.core import Clock, Conflict, NotFound, format_instant, new_id
from lifang.exchange.model import REFUSED, WAITING, Delivery, Feed, Kind
from lifang.exchange.receipts import KIND, Receipt
from lifang.exchange.settling import Outcome
from lifang.exchange.sources import FeedSpec
from lifang.signing import Signer, digest_of
from lifang.store import Entry, Registry, Transaction

_ID_STEP = timedelta(milliseconds=1)  # what tells ids apart by time
DELIVERY, FEED, RECEIPT, KEY = "exchange_delivery", "exchange_feed", "exchange_receipt", "exchange_key"


class Records:
    """Reads and writes the tables ``exchange_*``."""

    def __init__(self, registry: Registry, clock: Clock, signer: Signer, issuer: str) -> None:
        self._registry = registry
        self._clock = clock
        self._signer = signer
        self._issuer = issuer
        self._newest: datetime | None = None

    def put_feed(self, spec: FeedSpec, *, by: str) -> Feed:
        """Return the feed, added or written anew; ``NotFound`` without its organisation, ``Conflict`` for another's."""
        now = self._clock.now()
        with self._registry.transaction() as tx:
            if tx.get("organisation", spec.organisation) is None:
                what = f"There is no organisation {spec.organisation!r}."
                raise NotFound(what, where="organisation", mend="Add it first.")
            present = tx.get(FEED, spec.id)
            row = {"organisation": spec.organisation, "dataset": spec.dataset, "spec": spec.to_mapping(),
                   "updated": now, "checkpoint": {}, "failures": 0, "trouble": None, "attempted": None}  # fmt: skip
            if present is None:
                tx.insert(FEED, {"id": spec.id, "created": now, "active": True, **row})
            elif (present["organisation"], present["dataset"]) != (spec.organisation, spec.dataset):
                raise Conflict(f"The feed {spec.id!r} is another's, or of another dataset.", mend="Choose another id.")
            else:
                tx.update(FEED, spec.id, row)
            detail = {"organisation": spec.organisation, "dataset": spec.dataset, "source": spec.source.kind}
            tx.record(Entry(by, "put_feed", f"feed:{spec.id}", detail=detail))
        return self.feed(spec.id)

    def feed(self, feed_id: str) -> Feed:
        """Return the feed, or ``NotFound``."""
        row = self._registry.get(FEED, feed_id)
        if row is None:
            raise NotFound(f"There is no feed {feed_id[:80]!r}.", mend="List them: lifang exchange feeds.")
        return Feed.from_row(row)

    def feeds(self, organisation: str | None = None) -> list[Feed]:
        """Return the feeds (of one bureau), by id."""
        where = {} if organisation is None else {"organisation": organisation}
        return [Feed.from_row(row) for row in self._registry.find(FEED, where=where)]

    def change_feed(self, feed_id: str, changes: Mapping[str, Any], *, by: str = "", action: str = "") -> Feed:
        """Return the feed after ``changes``; what a person changed is on record."""
        with self._registry.transaction() as tx:
            row = tx.update(FEED, feed_id, changes)
            if action:
                tx.record(Entry(by, action, f"feed:{feed_id}"))
        return Feed.from_row(row)

    def receive(
        self, feed: Feed, reference: str, kind: Kind, *, name: str, sha256: str, size: int, declared: Any, by: str
    ) -> tuple[Delivery, bool]:
        """Return the delivery, receipted, and whether it is new; one that came before under its reference is that one.

        ``Conflict`` if what came before under this reference was something else.
        """
        now = self._clock.now()
        row = {"feed": feed.id, "organisation": feed.organisation,
               "dataset": feed.dataset, "reference": reference, "kind": kind, "name": name, "sha256": sha256,
               "bytes": size, "declared": declared, "state": WAITING, "counts": {}, "problem": None, "release": "",
               "subject": by, "received": now, "settled": None}  # fmt: skip
        with self._registry.transaction() as tx:
            before = tx.find(DELIVERY, where={"feed": feed.id, "reference": reference}, limit=1)
            if before:
                if (before[0]["sha256"], before[0]["kind"]) != (sha256, kind):
                    what = f"Under the reference {reference!r} something else was delivered before."
                    raise Conflict(what, where="reference", mend="Give each delivery a reference of its own.")
                return Delivery.from_row(before[0]), False
            row["id"] = new_id("delivery", self._in_turn(now))
            tx.insert(DELIVERY, row)
            made = Delivery.from_row(row)
            self._receipt(tx, made, "received", {})
            detail = {"feed": feed.id, "organisation": feed.organisation, "sha256": sha256, "reference": reference}
            tx.record(Entry(by, "deliver", f"delivery:{made.id}", detail=detail))
        return made, True

    def _in_turn(self, now: datetime) -> datetime:
        """Return the present, but past the one before: deliveries are settled in the order of their ids."""
        if self._newest is not None:
            now = max(now, self._newest + _ID_STEP)
        self._newest = now
        return now

    def settle(self, delivery: Delivery, outcome: Outcome) -> Delivery:
        """Return the delivery with what became of it, receipted; once settled it stays so."""
        state = "admitted" if outcome.problem is None else REFUSED
        changes = {"state": state, "counts": dict(outcome.counts), "release": outcome.release,
                   "problem": outcome.problem and dict(outcome.problem), "settled": self._clock.now()}  # fmt: skip
        with self._registry.transaction() as tx:
            done = Delivery.from_row(tx.update(DELIVERY, delivery.id, changes, expect={"state": WAITING}))
            problem = outcome.problem and {name: outcome.problem[name] for name in ("detail", "where", "mend")}
            says = {"counts": dict(outcome.counts), "release": outcome.release, "problem": problem}
            self._receipt(tx, done, state, says)
            detail = {"state": state, "release": outcome.release, "counts": dict(outcome.counts)}
            tx.record(Entry(f"exchange:{done.feed}", "settle_delivery", f"delivery:{done.id}", detail=detail))
        return done

    def acknowledge(self, delivery: Delivery, jws: str, kid: str, says: Mapping[str, Any], *, by: str) -> Receipt:
        """Return the bureau's acknowledgement of the newest receipt, kept; ``Conflict`` if it is of another one."""
        with self._registry.transaction() as tx:
            held = self._receipts(tx, delivery.id)
            if not held:
                mend = "Its certificate of destruction names them."
                raise Conflict("The receipts of this delivery were destroyed.", where=delivery.id, mend=mend)
            if held[-1].jws == jws:
                return held[-1]
            wanted = {"delivery": delivery.id, "stage": "acknowledged", "previous": held[-1].digest}
            if any(says.get(name) != value for name, value in wanted.items()):
                mend = f"Sign an object with delivery, stage = acknowledged and previous = {held[-1].digest}."
                raise Conflict("This does not acknowledge the newest receipt.", where="jws", mend=mend)
            made = self._keep(tx, delivery.id, "acknowledged", kid, jws)
            tx.record(Entry(by, "acknowledge", f"delivery:{delivery.id}", detail={"receipt": held[-1].digest}))
        return made

    def delivery(self, delivery_id: str) -> Delivery:
        """Return the delivery, or ``NotFound``."""
        row = self._registry.get(DELIVERY, delivery_id)
        if row is None:
            raise NotFound(f"There is no delivery {delivery_id[:80]!r}.", mend="List them: lifang exchange deliveries.")
        return Delivery.from_row(row)

    def deliveries(self, where: Mapping[str, Any], *, after: str | None, limit: int | None) -> list[Delivery]:
        """Return deliveries, the newest first, those older than ``after``."""
        rows = self._registry.find(DELIVERY, where=where, descending=True, after=after, limit=limit)
        return [Delivery.from_row(row) for row in rows]

    def waiting(self, organisation: str | None = None) -> list[Delivery]:
        """Return the deliveries that wait (of one bureau), the oldest first."""
        more = {} if organisation is None else {"organisation": organisation}
        rows = self._registry.find(DELIVERY, where={"state": WAITING, **more})
        return [Delivery.from_row(row) for row in rows]

    def count_waiting(self, organisation: str) -> int:
        """Return how many deliveries of a bureau wait."""
        return self._registry.count(DELIVERY, where={"state": WAITING, "organisation": organisation})

    def receipts(self, delivery_id: str) -> list[Receipt]:
        """Return a delivery's receipts, in their order."""
        rows = self._registry.find(RECEIPT, where={"delivery": delivery_id})
        return [Receipt.from_row(row) for row in rows]

    def put_key(self, organisation: str, jwk: Mapping[str, Any], *, by: str) -> None:
        """Keep a bureau's public key; again changes nothing, another's is ``Conflict``."""
        with self._registry.transaction() as tx:
            if tx.get("organisation", organisation) is None:
                raise NotFound(f"There is no organisation {organisation[:80]!r}.", mend="Add it first.")
            present = tx.get(KEY, jwk["kid"])
            if present is not None and present["organisation"] != organisation:
                raise Conflict("This key is another's.", where="key", mend="Make a key pair of your own.")
            if present is None:
                tx.insert(KEY, {"id": jwk["kid"], "organisation": organisation, "jwk": dict(jwk),
                                "created": self._clock.now(), "retired": None})  # fmt: skip
                tx.record(Entry(by, "put_key", f"inbox:{organisation}", detail={"kid": jwk["kid"]}))

    def retire_key(self, organisation: str, kid: str, *, by: str) -> None:
        """Have a bureau's key sign nothing any more; what it signed before still verifies."""
        with self._registry.transaction() as tx:
            present = tx.get(KEY, kid)
            if present is None or present["organisation"] != organisation:
                raise NotFound(f"{organisation} has no key {kid[:80]!r}.", mend="List them: GET /api/v1/exchange/keys.")
            tx.update(KEY, kid, {"retired": self._clock.now()})
            tx.record(Entry(by, "retire_key", f"inbox:{organisation}", detail={"kid": kid}))

    def keys(self, organisation: str | None = None, *, retired: bool = True) -> list[dict[str, Any]]:
        """Return public keys (of one bureau) as JSON Web Keys, with whose they are and when they were retired."""
        where: dict[str, Any] = {} if organisation is None else {"organisation": organisation}
        if not retired:
            where["retired"] = None
        return [
            {
                **row["jwk"],
                "organisation": row["organisation"],
                "retired": row["retired"] and format_instant(row["retired"]),
            }
            for row in self._registry.find(KEY, where=where)
        ]

    def _receipt(self, tx: Transaction, delivery: Delivery, stage: str, says: Mapping[str, Any]) -> None:
        held = self._receipts(tx, delivery.id)
        payload = {
            "iss": self._issuer,
            "iat": format_instant(self._clock.now()),
            "stage": stage,
            "delivery": delivery.id,
            "organisation": delivery.organisation,
            "feed": delivery.feed,
            "dataset": delivery.dataset,
            "reference": delivery.reference,
            "sha256": delivery.sha256,
            "bytes": delivery.bytes,
            "previous": digest_of(held[-1].jws) if held else "",
            **says,
        }
        jws, kid = self._signer.sign(payload, kind=KIND)
        self._keep(tx, delivery.id, stage, kid, jws)

    def _receipts(self, tx: Transaction, delivery_id: str) -> Sequence[Receipt]:
        return [Receipt.from_row(row) for row in tx.find(RECEIPT, where={"delivery": delivery_id})]

    def _keep(self, tx: Transaction, delivery_id: str, stage: str, kid: str, jws: str) -> Receipt:
        number = tx.count(RECEIPT, where={"delivery": delivery_id}) + 1
        row = {"id": f"{delivery_id}.{number:04d}", "delivery": delivery_id, "stage": stage, "kid": kid, "jws": jws,
               "recorded": self._clock.now()}  # fmt: skip
        tx.insert(RECEIPT, row)
        return Receipt.from_row(row)
