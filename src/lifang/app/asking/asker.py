"""The asker: a subject with a purpose in one city; what every door, and Python, reads the city through."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import pyarrow as pa

from lifang.app.asking.buckets import FIGURES, Buckets, buckets_of
from lifang.app.asking.datasets import Listed, OpenDataset
from lifang.app.asking.decisions import Decisions
from lifang.app.asking.latest import Latest, latest_at
from lifang.catalogue import EXISTING, Amendment, Change, Counts, Dataset, Extent, Link, Release, Search
from lifang.core import Box, NotFound
from lifang.guard import Action, Classification, Resource, Role, Subject, strictest
from lifang.operations import Alert, AlertState, IndicatorSpec, IndicatorValue
from lifang.scenes import SceneSpec
from lifang.sensing import NEVER, Datastream, chart
from lifang.sensing import Latest as LatestValues
from lifang.store import QueryResult

if TYPE_CHECKING:
    from lifang.app.city import City

Item = TypeVar("Item")
_BATCH = 1000
_OPEN = Classification.OPEN
OWNER = Subject("owner", "owner of the city's folder", frozenset(Role))


class Page(list[Item]):
    """Items of a list; ``more`` says that others follow the last one."""

    def __init__(self, items: Iterable[Item], *, more: bool) -> None:
        super().__init__(items)
        self.more = more


class FoundPage(Page[Listed]):
    """Datasets of a list; ``total`` is how many there are in all."""

    def __init__(self, items: Iterable[Listed], *, more: bool, total: int) -> None:
        super().__init__(items, more=more)
        self.total = total


@dataclass(frozen=True)
class Series:
    """The values of one datastream: ``table`` (time, value, quality); ``whole`` is how many there are in all."""

    datastream: Datastream
    table: pa.Table
    whole: int


@dataclass(frozen=True)
class Columns:
    """Latest values in columns with the ids of their datastreams; ``hidden`` are those that are not open."""

    latest: LatestValues
    ids: list[str]
    hidden: list[Resource]
    more: bool


@dataclass(frozen=True)
class Current:
    """A datastream with its latest value: (time in microseconds UTC, value, code of quality), or ``None``."""

    datastream: Datastream
    value: Latest | None


def datastream_resource(stream: Datastream) -> Resource:
    """Return a datastream as the guard knows it."""
    return Resource("datastream", stream.id, stream.classification)


@dataclass(frozen=True)
class Indicator:
    """An indicator with its newest value (of the moment asked for), if there is one."""

    spec: IndicatorSpec
    value: IndicatorValue | None


@dataclass(frozen=True)
class IndicatorHistory(Indicator):
    """An indicator with its newest value and those of a time, the oldest first."""

    values: list[IndicatorValue]


def alert_resource(alert: Alert) -> Resource:
    """Return an alert as the guard knows it."""
    return Resource("alert", alert.id, alert.classification)


def indicator_resource(city: City, spec: IndicatorSpec) -> Resource:
    """Return an indicator as the guard knows it: by what it was made from, and by how that is classified now."""
    return Resource("indicator", spec.id, strictest(spec.classification, city.grades.of(spec.sources)))


class Asker(Decisions):
    """Reads the city for one subject and purpose: each reading is decided first, and recorded if it is not public."""

    def __init__(self, city: City, subject: Subject, purpose: str = "") -> None:
        super().__init__(city.store.ledger, subject, purpose)
        self.city = city

    def dataset(self, dataset_id: str) -> OpenDataset:
        """Return a dataset that the asker may read; ``NotFound``, or ``NeedsPurpose`` if only that is lacking.

        Drafts are there for those who prepare them; of an archived one the rows are read on request only.
        """
        catalogue = self.city.catalogue
        found = self.see(
            "dataset", dataset_id, lambda: catalogue.dataset(dataset_id, states=EXISTING), lambda each: each.resource
        )
        return OpenDataset(self, found)

    def datasets(self, search: Search | None = None, *, offset: int = 0, limit: int | None = None) -> FoundPage:
        """Return the datasets that meet ``search`` and that the asker may know of.

        What cannot be read without a purpose is named only. With ``at`` in the question each has the release that was
        its newest then; their cards are as they are now.
        """
        asked = search or Search()
        catalogue = self.city.catalogue
        hits = catalogue.found(asked, subject=self.subject, purpose=self.purpose, offset=offset, limit=limit)
        found = catalogue.listed(hits.ids)
        self.seen(*(dataset.resource for dataset, _ in found), action="list")
        items = [self._listed(dataset, newest, asked.at) for dataset, newest in found]
        return FoundPage(items, more=offset + len(hits.ids) < hits.total, total=hits.total)

    def facets(self, search: Search) -> Counts:
        """Return how many datasets that the asker may know of each value of each facet has, the commonest first."""
        return self.city.catalogue.facets(search, subject=self.subject, purpose=self.purpose)

    def suggestion(self, search: Search) -> str | None:
        """Return the text that was probably meant where ``search`` finds nothing, if there is one."""
        return self.city.catalogue.suggestion(search, subject=self.subject, purpose=self.purpose) or None

    def amend(self, dataset_id: str, change: Change, *, name: str, expected: int | None = None) -> Amendment:
        """Return what became of rows written and deleted by key in a dataset that the asker may read and admit to.

        ``name`` is what the sender calls the change; ``Conflict`` if ``expected`` is not the newest release.
        """
        self.dataset(dataset_id)
        self.must(Action.ADMIT, self.city.catalogue.dataset(dataset_id).resource)
        return self.city.catalogue.amend(dataset_id, change, by=self.subject, name=name, expected=expected)

    def lineage(self, end: str, *, at: datetime | None = None) -> list[Link]:
        """Return the links up- and downstream of ``end`` (recorded by ``at``) whose both ends the asker may know of."""
        links = (each for each in self.city.catalogue.lineage(end) if at is None or each.recorded <= at)
        return [each for each in links if self.knows(each.source, each.target)]

    def query(self, sql: str, *, limit: int = 1000, aliases: Mapping[str, str] = MappingProxyType({})) -> QueryResult:
        """Return the answer to one SELECT over the datasets that the asker may query; see ``Queries.run``."""
        return self.city.queries.run(sql, asker=self, limit=limit, aliases=aliases)

    def datastream(self, reference: int | str) -> Datastream:
        """Return a datastream, by id or number, that the asker may read, or ``NotFound``."""
        return self.see(
            "datastream", str(reference), lambda: self.city.sensing.datastream(reference), datastream_resource
        )

    def datastreams(
        self,
        *,
        thing: str | None = None,
        box: Box | None = None,
        observed_property: str | None = None,
        after: int | None = None,
        limit: int = 100,
    ) -> Page[Datastream]:
        """Return the datastreams that meet every condition and that the asker may read, by number, past ``after``."""
        kept: list[Datastream] = []
        self.decide(Action.READ, Resource("datastream"))
        size = min(limit + 1, _BATCH)
        while len(kept) <= limit:
            batch = self.city.sensing.datastreams(
                thing=thing, box=box, observed_property=observed_property, after=after, limit=size
            )
            kept += [stream for stream in batch if self.may(Action.READ, datastream_resource(stream))]
            if len(batch) < size:
                break
            after, size = batch[-1].number, _BATCH
        page = Page(kept[:limit], more=len(kept) > limit)
        self.seen(*map(datastream_resource, page))
        return page

    def latest(self, *, at: datetime | None = None, **conditions: Any) -> Page[Current]:
        """Return datastreams as :meth:`datastreams` does, with the latest value of each, now or ``at`` a city time."""
        streams = self.datastreams(**conditions)
        return Page(self.with_values(streams, at), more=streams.more)

    def latest_in(
        self, box: Box | None, *, observed_property: str | None = None, after: int = 0, limit: int = 1000
    ) -> Columns:
        """Return the latest values in ``box`` (in all the city without one) that the asker may read, from memory.

        By number, past ``after``; datastreams without a value are left out. Nothing waits for a disk here, save for the
        number of an ``observed_property``: whoever gives the columns away tells :meth:`seen` of their ``hidden`` first.
        """
        found = self.city.sensing.latest_page(
            box,
            observed_property=observed_property,
            classes=self.classes(Action.READ, "datastream"),
            after=after,
            limit=limit + 1,
        )
        more, found = len(found) > limit, found.pick(slice(limit))
        ids, classes = self.city.sensing.ids(found.numbers), self.city.sensing.classes_of(found.numbers)
        hidden = [Resource("datastream", name, each) for name, each in zip(ids, classes, strict=True) if each != _OPEN]
        return Columns(found, ids, hidden, more)

    def latest_of(self, reference: int | str, *, at: datetime | None = None) -> Current:
        """Return a datastream that the asker may read with its latest value, now or ``at`` a city time."""
        return self.with_values([self.datastream(reference)], at)[0]

    def with_values(self, streams: Sequence[Datastream], at: datetime | None) -> list[Current]:
        """Return datastreams that the asker was given with the latest value of each, now or ``at`` a city time."""
        numbers = [stream.number for stream in streams]
        if at is not None:
            values = latest_at(self.city.sensing, numbers, at)
            return [Current(stream, values.get(stream.number)) for stream in streams]
        latest = self.city.sensing.latest_of(numbers)
        rows = zip(latest.time.tolist(), latest.value.tolist(), latest.quality.tolist(), strict=True)
        return [Current(stream, None if row[0] == NEVER else row) for stream, row in zip(streams, rows, strict=True)]

    def series(
        self,
        datastream: int | str,
        start: datetime,
        end: datetime,
        *,
        points: int | None = None,
        at: datetime | None = None,
    ) -> Series:
        """Return the values of a datastream in ``[start, end)``, as recorded by ``at``.

        With ``points`` it is thinned for a chart, see :func:`lifang.sensing.chart`.
        """
        stream = self.datastream(datastream)
        table = self.city.sensing.series(stream.number, start, end, at=at)
        shown = table if points is None else chart(table, points, stream.period_s)
        return Series(stream, shown, len(table))

    def buckets(
        self,
        datastream: int | str,
        start: datetime,
        end: datetime,
        *,
        every_s: int,
        functions: Sequence[str] = FIGURES,
        at: datetime | None = None,
    ) -> Buckets:
        """Return the ``functions`` of a datastream's values in ``[start, end)``, per bucket of ``every_s`` seconds.

        As recorded by ``at``; see :func:`lifang.app.asking.buckets.buckets_of`.
        """
        stream = self.datastream(datastream)
        return buckets_of(self.city, stream, start, end, every_s=every_s, functions=functions, at=at)

    def alerts(
        self, *, state: AlertState | None = None, at: datetime | None = None, after: str | None = None, limit: int = 100
    ) -> Page[Alert]:
        """Return alerts that the asker may read, newest first, past ``after``; as they were ``at`` a city time."""
        classes = self.classes(Action.READ, "alert")
        found = self.city.alerts.alerts(state=state, classes=classes, at=at, after=after, limit=limit + 1)
        page = Page(found[:limit], more=len(found) > limit)
        self.seen(*map(alert_resource, page))
        return page

    def alert(self, alert_id: str, *, at: datetime | None = None) -> Alert:
        """Return an alert that the asker may read (as it was ``at`` a city time), or ``NotFound``."""
        return self.see("alert", alert_id, lambda: self.city.alerts.alert(alert_id, at=at), alert_resource)

    def indicators(self, *, at: datetime | None = None) -> list[Indicator]:
        """Return the indicators that the asker may read with their values, now or at a moment in the city."""
        found = self.city.indicators
        specs = [spec for spec in found.all() if self.may(Action.READ, indicator_resource(self.city, spec))]
        self.seen(*(indicator_resource(self.city, spec) for spec in specs))
        return [Indicator(spec, found.latest(spec.id, at=at)) for spec in specs]

    def indicator(
        self, indicator_id: str, start: datetime, end: datetime, *, at: datetime | None = None
    ) -> IndicatorHistory:
        """Return an indicator that the asker may read, with its values in ``[start, end)``, or ``NotFound``.

        Its own value is the newest, or that of the moment ``at`` in the city.
        """
        found = self.city.indicators
        spec = self.see(
            "indicator", indicator_id, lambda: found.spec(indicator_id), partial(indicator_resource, self.city)
        )
        return IndicatorHistory(spec, found.latest(spec.id, at=at), found.history(spec.id, start, end))

    def scenes(self) -> list[SceneSpec]:
        """Return the scenes whose view the asker may read."""
        found = [each for each in self.city.scenes.specs() if self.may(Action.READ, self._scene_resource(each))]
        self.seen(*map(self._scene_resource, found), action="list")
        return found

    def scene(self, scene: str, at: datetime | None = None) -> dict[str, Any]:
        """Return what a scene shows, now or at a moment in the city, or ``NotFound``; nothing changes."""
        self.see("scene", scene, lambda: self.city.scenes.spec(scene), self._scene_resource)
        return self.city.scenes.view(scene, at)

    def run_scene(self, scene: str, at: datetime | None = None) -> dict[str, Any]:
        """Return a scene's result, its rules evaluated and its indicators written; see :meth:`Stage.run`."""
        spec = self.see("scene", scene, lambda: self.city.scenes.spec(scene), self._scene_resource)
        self.must(Action.RUN, self._scene_resource(spec))
        return self.city.scenes.run(scene, at)

    def _scene_resource(self, spec: SceneSpec) -> Resource:
        return Resource("scene", spec.id, self.city.scenes.classification(spec.id))

    def _listed(self, dataset: Dataset, newest: Release | None, at: datetime | None) -> Listed:
        decision = self.decide(Action.READ, dataset.resource)
        if not decision.allowed:
            needs: Literal["purpose", "agreement"] = "agreement" if decision.needs_agreement else "purpose"
            return Listed(dataset.card, None, Extent(), dataset.state, needs)
        agreed = bool(decision.agreement)
        if newest and (agreed or at is not None or not self.may(Action.READ, dataset.release_resource(newest))):
            newest = next(iter(OpenDataset(self, dataset).releases(at=at)), None)
        return Listed(dataset.card, newest, dataset.extent(newest), dataset.state)

    def knows(self, *ends: str) -> bool:
        """Return whether the asker may know of every one of ``ends``, such as ``dataset:<id>``."""
        return all(self._may_know(end) for end in ends)

    def _may_know(self, end: str) -> bool:
        """Return whether the asker may know of the end of a link: a dataset, or a release of one, may be hidden."""
        kind, _, name = end.partition(":")
        resource = _RESOURCES.get(kind)
        try:
            return resource is None or self.may(Action.READ, resource(self.city, name))
        except NotFound:
            return False


def _dataset_end(city: City, name: str) -> Resource:
    dataset_id, _, number = name.partition("@")
    dataset = city.catalogue.dataset(dataset_id, states=EXISTING)
    return dataset.release_resource(dataset.release(int(number))) if number else dataset.resource


def _indicator_end(city: City, name: str) -> Resource:
    return indicator_resource(city, city.indicators.spec(name))


_RESOURCES: dict[str, Callable[[City, str], Resource]] = {
    "dataset": _dataset_end,
    "indicator": _indicator_end,
    "release": _dataset_end,
}
