"""Requests and agreements: asked for, reviewed, ended; an agreement expires by itself, by the clock passed in."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from lifang.catalogue.card import Card
from lifang.catalogue.describe import sharing_of
from lifang.catalogue.sharing.model import Agreement, SharingRequest, Status
from lifang.catalogue.sharing.parts import checked_terms, forget_parts
from lifang.core import BadInput, Clock, Conflict, NotFound, new_id
from lifang.guard import Action, Grant, Resource, Subject, require
from lifang.standards import WorkingCalendar
from lifang.store import Entry, Relation, Store

TERM_MAX = timedelta(days=3 * 366)
_ANSWERED_IN = 10  # working days (国发〔2016〕51号 Art. 12)
_PURPOSE, _REASONS = (2, 200), (2, 2000)  # characters: a purpose is as long as the guard takes one


class Agreements:
    """The requests and agreements of one city."""

    def __init__(self, store: Store, clock: Clock, calendar: WorkingCalendar) -> None:
        self._store = store
        self._clock, self._calendar = clock, calendar
        self._lock = threading.Lock()
        self._held: tuple[int, Mapping[str, tuple[Grant, ...]]] = (-1, {})

    @property
    def now(self) -> datetime:
        """The present moment, by which agreements hold or not."""
        return self._clock.now()

    def get(self, agreement_id: str) -> Agreement:
        """Return a request or agreement, or ``NotFound``."""
        row = self._store.registry.get("agreement", agreement_id)
        if row is None:
            raise NotFound(
                f"There is no agreement {agreement_id[:80]!r}.",
                mend="List them: lifang share list or GET /api/v1/sharing/agreements.",
            )
        return Agreement.from_row(row)

    def find(
        self,
        *,
        dataset: str | None = None,
        subject: str | None = None,
        state: str | None = None,
        status: Status | None = None,
        agreed: bool = False,
        after: str | None = None,
        limit: int | None = None,
    ) -> list[Agreement]:
        """Return requests and agreements past ``after``, the newest first.

        ``status`` is as it stands now; ``agreed``: only those that were agreed on, whatever became of them.
        """
        wanted = {"dataset": dataset, "subject": subject, "state": state, **self._standing(status)}
        where = {name: value for name, value in wanted.items() if value is not None}
        if agreed:
            where["since <="] = self.now
        rows = self._store.registry.find("agreement", where=where, descending=True, after=after, limit=limit)
        return [Agreement.from_row(row) for row in rows]

    def _standing(self, status: Status | None) -> dict[str, Any]:
        """Return what rows of a status have: an agreement expires by itself."""
        ends = {"in_force": "until >", "expired": "until <="}
        if status in ends:
            return {"state": "agreed", ends[status]: self.now}
        return {} if status is None else {"state": status}

    def grants(self, dataset: str) -> tuple[Grant, ...]:
        """Return the leaves that agreements give, or gave until they expired, to a dataset."""
        return self._grants().get(dataset, ())

    def held_by(self, subject: Subject) -> list[str]:
        """Return the datasets that a subject has, or had until it expired, an agreement on."""
        return [name for name, grants in self._grants().items() if any(each.is_for(subject) for each in grants)]

    def _grants(self) -> Mapping[str, tuple[Grant, ...]]:
        version = self._store.registry.version("agreement")
        with self._lock:
            if self._held[0] != version:
                found: dict[str, list[Grant]] = defaultdict(list)
                for agreement in self.find(state="agreed"):
                    if agreement.grant:
                        found[agreement.dataset].append(agreement.grant)
                self._held = (version, {name: tuple(each) for name, each in found.items()})
            return self._held[1]

    def ask(self, request: SharingRequest, card: Card, rows: Relation, *, by: Subject) -> Agreement:
        """Return the request, recorded and to be reviewed; ``Conflict`` if the dataset is not shared on conditions.

        ``rows`` is the newest release, in which the fields and conditions must be.
        """
        require(by, Action.MANAGE, Resource("agreement", by.id))
        if (sharing := sharing_of(card)) != "conditional":
            told = "shared without conditions: read it" if sharing == "unconditional" else "not shared"
            raise Conflict(f"{card.id} is {told}.", where="dataset", mend="Ask its provider.")
        _check_words(request.purpose, _PURPOSE, "purpose")
        checked_terms(rows, request.fields, request.rows)
        if request.for_organisation and not by.organisation:
            raise BadInput("You belong to no organisation.", where="for_organisation", mend="Ask for yourself.")
        now = self.now
        _check_term(request.until, now)
        row: dict[str, Any] = {
            "id": new_id("agreement", now),
            "dataset": card.id,
            "subject": by.id,
            "applicant": by.name,
            "organisation": by.organisation,
            "for_organisation": request.for_organisation,
            "purpose": request.purpose.strip(),
            "fields": list(request.fields),
            "rows": list(request.rows),
            "until": request.until,
            "state": "asked",
            "asked": now,
            "due": self._calendar.later(now, _ANSWERED_IN),
            "updated": now,
        }
        with self._store.registry.transaction() as transaction:
            transaction.insert("agreement", row)
            transaction.record(Entry(by.id, "request", f"dataset:{card.id}", row["purpose"], detail=_told(row)))
        return self.get(row["id"])

    def approve(
        self,
        agreement_id: str,
        *,
        reasons: str,
        by: Subject,
        rows: Relation,
        narrower: SharingRequest | None = None,
        assessment: str = "",
    ) -> Agreement:
        """Return the agreement in force from now; ``narrower`` fields, rows and term take the place of those asked for.

        ``Conflict`` if it was answered already, or if its applicant is who approves.
        """
        found = self._to_review(agreement_id, reasons, by)
        terms = narrower or SharingRequest(found.dataset, found.purpose, found.fields, found.until, found.rows)
        checked_terms(rows, terms.fields, terms.rows)
        if wider := set(terms.fields) - set(found.fields):
            what = f"{', '.join(sorted(wider))} was not asked for."
            raise BadInput(what, where="fields", mend="Approve no more than the request.")
        _check_term(terms.until, self.now)
        kept = tuple(dict.fromkeys((*found.rows, *terms.rows)))
        return self._answer(
            found,
            "agreed",
            by,
            reasons=reasons.strip(),
            fields=list(terms.fields),
            rows=list(kept),
            until=min(terms.until, found.until),
            since=self.now,
            assessment=assessment,
        )

    def refuse(self, agreement_id: str, *, reasons: str, by: Subject) -> Agreement:
        """Return the request, refused with reasons; ``Conflict`` if it was answered already."""
        return self._answer(self._to_review(agreement_id, reasons, by), "refused", by, reasons=reasons.strip())

    def end(self, agreement_id: str, *, reasons: str, by: Subject) -> Agreement:
        """Return the agreement ended now, or the request withdrawn; what was written under it is taken away."""
        found = self.get(agreement_id)
        require(by, Action.MANAGE, Resource("agreement", found.subject))
        _check_words(reasons, _REASONS, "reasons")
        if found.state not in ("asked", "agreed"):
            raise Conflict(f"It is {found.state} already.", where=found.id, mend="Nothing is to be done.")
        state = "withdrawn" if found.state == "asked" else "ended"
        done = self._answer(found, state, by, reasons=reasons.strip(), ended=self.now, reviewed=found.reviewed)
        forget_parts(self._store, found)
        return done

    def sweep(self) -> None:
        """Take away what was written under agreements that have expired; they hold no more whether swept or not."""
        for agreement in self.find(state="agreed"):
            if agreement.status(self.now) == "expired":
                forget_parts(self._store, agreement)

    def _to_review(self, agreement_id: str, reasons: str, by: Subject) -> Agreement:
        found = self.get(agreement_id)
        require(by, Action.HANDLE, Resource("agreement", found.subject))
        _check_words(reasons, _REASONS, "reasons")
        if found.state != "asked":
            raise Conflict(f"It is {found.state} already.", where=found.id, mend="Ask anew for other terms.")
        if found.subject == by.id:
            raise Conflict("Nobody reviews a request of their own.", where=found.id, mend="Have another officer do it.")
        return found

    def _answer(self, found: Agreement, state: str, by: Subject, **changes: Any) -> Agreement:
        now = self.now
        row = {"reviewed": now, "reviewer": by.id, **changes, "state": state, "updated": now}
        if state in ("withdrawn", "ended"):
            row.pop("reviewer")
        entry = Entry(by.id, state, f"dataset:{found.dataset}", found.purpose, detail=_told({"id": found.id, **row}))
        with self._store.registry.transaction() as transaction:
            transaction.update("agreement", found.id, row, expect={"state": found.state})
            transaction.record(entry)
        return self.get(found.id)


def _check_words(text: str, bounds: tuple[int, int], where: str) -> None:
    least, most = bounds
    if not least <= len(text.strip()) <= most:
        raise BadInput(f"The {where} cannot be used.", where=where, mend=f"Write {least} to {most} characters.")


def _check_term(until: datetime, now: datetime) -> None:
    if not now < until <= now + TERM_MAX:
        mend = f"Write a moment from now to {TERM_MAX.days} days ahead."
        raise BadInput(f"{until:%Y-%m-%d} is no end of a term.", where="until", mend=mend)


def _told(row: Mapping[str, Any]) -> dict[str, Any]:
    names = ("id", "fields", "rows", "until", "since", "reasons", "assessment", "for_organisation")
    found = {name: row[name] for name in names if row.get(name)}
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in found.items()}
