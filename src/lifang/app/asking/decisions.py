"""Decisions: a subject with a stated purpose, the guard in front of it, the ledger behind it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from lifang.core import NotFound
from lifang.guard import Action, Classification, Decision, Resource, Subject, decide, is_public, refusal, strictest
from lifang.store import Entry, Ledger

Item = TypeVar("Item")
_LISTED = 50  # ids named in one ledger record of a list
_LISTED_AT = {  # below /api/v1, where that is not the kind's own plural
    "agreement": "sharing/agreements",
    "delivery": "exchange/deliveries",
    "device": "network/devices",
    "feed": "exchange/feeds",
    "link": "network/links",
    "object": "twin/objects",
    "tasking capability": "tasking-capabilities",
}


class Decisions:
    """What one subject may do for one purpose; denials and reads of what is not public are in the ledger.

    ``decisions`` counts the questions put to the guard, so that a door can see that it asked at all.
    """

    def __init__(self, ledger: Ledger, subject: Subject, purpose: str = "") -> None:
        self.subject, self.purpose = subject, purpose.strip()
        self.decisions = 0
        self._ledger = ledger
        self._lock = threading.Lock()

    def decide(self, action: Action, resource: Resource) -> Decision:
        """Return the guard's decision."""
        with self._lock:
            self.decisions += 1
        return decide(self.subject, action, resource, self.purpose)

    def may(self, action: Action, resource: Resource) -> bool:
        """Return whether the guard allows it."""
        return self.decide(action, resource).allowed

    def classes(self, action: Action, kind: str) -> list[Classification]:
        """Return the classifications of ``kind`` to which the guard allows ``action``: what a list may hold."""
        return [each for each in Classification if self.may(action, Resource(kind, "*", each))]

    def knowable(self, action: Action, kind: str) -> list[Classification]:
        """Return the classifications allowed, and those that lack no more than a stated purpose or an agreement."""
        told = ((each, self.decide(action, Resource(kind, "*", each))) for each in Classification)
        return [each for each, by in told if by.allowed or by.needs_purpose or by.needs_agreement]

    def must(self, action: Action, resource: Resource) -> Decision:
        """Return the decision if it allows; else raise what :func:`lifang.guard.refusal` says, and keep the denial."""
        decision = self.decide(action, resource)
        if decision.allowed:
            return decision
        self.denied(action, resource)
        raise refusal(self.subject, resource, decision)

    def denied(self, action: Action, resource: Resource, *, detail: Mapping[str, Any] | None = None) -> None:
        """Record, with its reasons, a denial to somebody known; nobody known leaves no record."""
        if not self.subject.is_anonymous:
            reasons = list(self.decide(action, resource).reasons)
            self._record(resource, action.value, "denied", {**(detail or {}), "reasons": reasons})

    def see(
        self,
        kind: str,
        reference: str,
        fetch: Callable[[], Item],
        resource: Callable[[Item], Resource],
        *,
        listed: str = "",
    ) -> Item:
        """Return what ``fetch`` finds if the asker may read it, and record the reading if it is not public.

        What may not be seen is ``NotFound`` in the very words of what is not there, and costs the same record: how long
        an answer takes tells nothing either. Whoever lacks only a stated
        purpose is told so (``NeedsPurpose``), as is whoever lacks an agreement only (``Denied``). ``listed`` is the
        request that lists what there is, where it is not the API's.
        """
        nothing = NotFound(f"There is no {kind} {reference[:80]!r}.", mend=f"List them: {listed or _list_of(kind)}.")
        try:
            item = fetch()
        except NotFound:
            self._absent(kind, reference)
            raise nothing from None
        found = resource(item)
        decision = self.decide(Action.READ, found)
        if not decision.allowed:
            self.denied(Action.READ, found)
            may_know = decision.needs_purpose or decision.needs_agreement
            raise refusal(self.subject, found, decision) if may_know else nothing
        self.seen(found, detail={"agreement": decision.agreement} if decision.agreement else None)
        return item

    def _absent(self, kind: str, reference: str) -> None:
        """Decide on, and keep the asking for, what is not there, as for what may not be seen."""
        named = Resource(kind, reference[:80].encode("utf-8", "replace").decode())
        self.decide(Action.READ, named)
        if not self.subject.is_anonymous:
            self._record(named, Action.READ.value, "denied", {"reasons": ["There is none."]})

    def seen(self, *resources: Resource, action: str = "read", detail: Mapping[str, Any] | None = None) -> None:
        """Record that the asker was given what is not public among ``resources``, in one ledger record."""
        hidden = [resource for resource in resources if not is_public(resource)]
        if not hidden:
            return
        whole = hidden[0]
        if len(hidden) > 1:
            whole = Resource(whole.kind, "*", strictest(*(resource.classification for resource in hidden)))
        told: dict[str, Any] = {**(detail or {}), "classification": whole.classification.value}
        if len(hidden) > 1:
            told |= {"count": len(hidden), "ids": [resource.id for resource in hidden[:_LISTED]]}
        self._record(whole, action, "allowed", told)

    def _record(self, resource: Resource, action: str, outcome: str, detail: Mapping[str, Any]) -> None:
        name = f"{resource.kind}:{resource.id}"
        self._ledger.append(Entry(self.subject.id, action, name, self.purpose, outcome, detail))


def _list_of(kind: str) -> str:
    """Return the request, and the command if there is one, that lists what there is of a kind."""
    command = {"dataset": "lifang data list", "scene": "lifang scene list", "alert": "lifang alert list"}.get(kind)
    listed = f"GET /api/v1/{_LISTED_AT.get(kind, f'{kind}s')}"
    return f"{command} or {listed}" if command else listed
