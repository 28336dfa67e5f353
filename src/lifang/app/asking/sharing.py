"""The desk where data shared on conditions are asked for and agreed on, as one asker may use it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from lifang.app.asking.asker import Asker
from lifang.app.asking.datasets import OpenDataset
from lifang.catalogue import (
    EXISTING,
    Agreement,
    Assessment,
    Card,
    Dataset,
    DayOfUse,
    SharingRequest,
    Status,
    Usage,
    sharing_of,
    standard_of,
    why_assessed,
)
from lifang.core import BadInput, NotFound
from lifang.guard import Action, Classification, Resource


@dataclass(frozen=True)
class Offer:
    """A dataset that is shared on conditions: its card and the fields that may be asked for (no data)."""

    card: Card
    fields: tuple[dict[str, str], ...]


@dataclass(frozen=True)
class Use:
    """An entry of the published register: an agreement on a dataset."""

    agreement: Agreement
    card: Card


def agreement_resource(agreement: Agreement) -> Resource:
    """Return a request or agreement as the guard knows it."""
    return Resource("agreement", agreement.subject, Classification.SHARED)


class SharingDesk:
    """Offers, requests and agreements: each step decided for the asker, and on record."""

    def __init__(self, asker: Asker) -> None:
        self._asker = asker
        self._catalogue = asker.city.catalogue
        self._sharing = asker.city.catalogue.sharing

    @property
    def now(self) -> datetime:
        """The moment by which agreements hold."""
        return self._sharing.now

    def offers(self) -> list[Offer]:
        """Return the datasets shared on conditions that the asker may know of, with their fields."""
        asker = self._asker
        found = self._catalogue.datasets(subject=asker.subject, purpose=asker.purpose)
        offered = [each for each in found if sharing_of(each.card) == "conditional" and self._may_know(each)]
        asker.seen(*(each.resource for each in offered), action="list")
        return [Offer(each.card, _fields(each)) for each in offered]

    def ask(self, request: SharingRequest) -> Agreement:
        """Return the request, recorded; ``NotFound`` for a dataset that the asker may not know of."""
        self._asker.decide(Action.MANAGE, Resource("agreement", self._asker.subject.id))
        dataset = self._dataset(request.dataset)
        return self._sharing.ask(request, dataset.card, dataset.rows(), by=self._asker.subject)

    def every(
        self,
        *,
        dataset: str | None = None,
        status: Status | None = None,
        after: str | None = None,
        limit: int | None = None,
    ) -> list[Agreement]:
        """Return the requests and agreements that the asker may see, the newest first: all, or their own."""
        whole = self._asker.may(Action.READ, Resource("agreement", "*", Classification.SHARED))
        subject = None if whole else self._asker.subject.id
        found = self._sharing.find(dataset=dataset, subject=subject, status=status, after=after, limit=limit)
        self._asker.seen(*map(agreement_resource, found), action="list")
        return found

    def get(self, agreement_id: str) -> Agreement:
        """Return a request or agreement that the asker may see, or ``NotFound``."""
        fetch = partial(self._sharing.get, agreement_id)
        return self._asker.see("agreement", agreement_id, fetch, agreement_resource)

    def approve(
        self,
        agreement_id: str,
        *,
        reasons: str,
        fields: tuple[str, ...] = (),
        rows: tuple[str, ...] = (),
        until: datetime | None = None,
    ) -> Agreement:
        """Return the agreement in force; what is given is taken instead of what was asked for, if narrower.

        ``Conflict`` without an impact assessment where there has to be one.
        """
        found = self.get(agreement_id)
        self._asker.must(Action.HANDLE, agreement_resource(found))
        asked = SharingRequest(found.dataset, found.purpose, found.fields, found.until, found.rows)
        narrower = replace(asked, fields=fields or asked.fields, rows=rows or asked.rows, until=until or asked.until)
        dataset = self._catalogue.dataset(found.dataset)
        newest = dataset.release()
        standard = standard_of(self._catalogue.standards, dataset.card)
        why = why_assessed(dataset.card, standard, newest.columns, narrower.fields)
        return self._sharing.approve(
            agreement_id,
            reasons=reasons,
            by=self._asker.subject,
            rows=dataset.rows(newest.number),
            narrower=narrower,
            assessment=self._catalogue.assessments.relied_on(found, why),
        )

    def assess(self, agreement_id: str, answers: Mapping[str, str], *, acceptable: bool) -> Assessment:
        """Return a new version of the impact assessment of a request."""
        found = self.get(agreement_id)
        self._asker.must(Action.HANDLE, agreement_resource(found))
        return self._catalogue.assessments.write(found, answers, acceptable=acceptable, by=self._asker.subject)

    def assessments(self, agreement_id: str) -> list[Assessment]:
        """Return the versions of the impact assessment of a request that the asker may review, the newest first."""
        found = self.get(agreement_id)
        self._asker.must(Action.HANDLE, agreement_resource(found))
        return self._catalogue.assessments.of(agreement_id)

    def register(self, *, after: str | None = None, limit: int | None = None) -> list[Use]:
        """Return who uses what for what, the newest first, for everyone to see: every agreement there is or was."""
        self._asker.decide(Action.READ, Resource("use"))
        uses: list[Use] = []
        for each in self._sharing.find(agreed=True, after=after):
            if len(uses) == limit:
                break
            try:
                card = self._catalogue.dataset(each.dataset, states=EXISTING).card
            except NotFound:
                continue
            uses.append(Use(each, card))
        return uses

    def usage(
        self,
        *,
        dataset: str | None = None,
        subject: str | None = None,
        agreement: str | None = None,
        after: tuple[str, str] | None = None,
        limit: int | None = None,
    ) -> list[Usage]:
        """Return what was taken: for data officers by anybody, for others by themselves."""
        asker = self._asker
        if not asker.may(Action.READ, Resource("agreement", "*", Classification.SHARED)):
            asker.must(Action.READ, Resource("agreement", asker.subject.id, Classification.SHARED))
            subject = asker.subject.id
        found = self._catalogue.meter.find(
            dataset=dataset, subject=subject, agreement=agreement, after=after, limit=limit
        )
        return list(found)

    def used(self, dataset: OpenDataset, *, days: int) -> list[DayOfUse]:
        """Return how much all together took of a dataset that the asker opened, by day, the newest first."""
        return self._catalogue.meter.by_day(dataset.id, days)

    def refuse(self, agreement_id: str, *, reasons: str) -> Agreement:
        """Return the request, refused."""
        self._asker.must(Action.HANDLE, agreement_resource(self.get(agreement_id)))
        return self._sharing.refuse(agreement_id, reasons=reasons, by=self._asker.subject)

    def end(self, agreement_id: str, *, reasons: str) -> Agreement:
        """Return the agreement ended, or the request withdrawn."""
        self._asker.must(Action.MANAGE, agreement_resource(self.get(agreement_id)))
        return self._sharing.end(agreement_id, reasons=reasons, by=self._asker.subject)

    def _dataset(self, dataset_id: str) -> Dataset:
        nothing = NotFound(
            f"There is no dataset {dataset_id[:80]!r}.",
            mend="List them: lifang share offers or GET /api/v1/sharing/offers.",
        )
        try:
            found = self._catalogue.dataset(dataset_id)
        except NotFound:
            raise nothing from None
        if not self._may_know(found):
            raise nothing
        if not found.releases():
            raise BadInput(f"{dataset_id} has no release yet.", where="dataset", mend="Ask once it has one.")
        return found

    def _may_know(self, dataset: Dataset) -> bool:
        return any(self._asker.may(action, dataset.resource) for action in (Action.READ, Action.LIST))


def _fields(dataset: Dataset) -> tuple[dict[str, str], ...]:
    newest = next(iter(dataset.releases()), None)
    names = ("name", "zh", "en", "type", "unit", "element")
    return tuple({name: str(each.get(name) or "") for name in names} for each in (newest.columns if newest else ()))
