"""Grades: how strictly what is made from data is classified: as the strictest of the data."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from lifang.catalogue import Catalogue
from lifang.core import NotFound
from lifang.guard import Classification, strictest
from lifang.operations import Indicators
from lifang.sensing import Datastream, Sensing, Thing
from lifang.store import Store

_TABLES = ("thing", "datastream", "dataset", "indicator")


class Grades:
    """Derives classifications from what is declared to be read; remembered until one of the sources changes."""

    def __init__(self, store: Store, sensing: Sensing, catalogue: Catalogue, indicators: Indicators) -> None:
        self._store, self._sensing, self._catalogue, self._indicators = store, sensing, catalogue, indicators
        self._known: dict[tuple[str, ...], tuple[int, Classification]] = {}
        self._kinds: dict[str, Callable[[str], Iterator[Classification]]] = {
            "dataset": self._of_dataset,
            "datastream": self._of_datastreams,
            "indicator": self._of_indicator,
            "network": self._of_network,
        }

    def of(self, reads: Sequence[str]) -> Classification:
        """Return the strictest classification of ``reads``, open when nothing is read.

        Each is ``dataset:<id>``, ``indicator:<id>``, ``datastream:<id>``, ``datastream:<kind of thing>/<code>`` or
        ``network:<classification>``, the devices and links that are classified so. What is of another kind is
        restricted, as nobody can say what it is; what is not there (yet) adds nothing.
        """
        key, version = tuple(reads), self._store.registry.version(*_TABLES)
        known = self._known.get(key)
        if known is None or known[0] != version:
            found = strictest(Classification.OPEN, *(each for source in reads for each in self._of(source)))
            known = self._known[key] = version, found
        return known[1]

    def _of(self, source: str) -> Iterator[Classification]:
        kind, _, name = source.partition(":")
        derive = self._kinds.get(kind)
        if derive is None:
            yield Classification.RESTRICTED
            return
        try:
            yield from derive(name)
        except NotFound:
            return

    def _of_dataset(self, name: str) -> Iterator[Classification]:
        yield self._catalogue.classification(name)

    def _of_indicator(self, name: str) -> Iterator[Classification]:
        yield self._indicators.spec(name).classification

    def _of_network(self, name: str) -> Iterator[Classification]:
        """Yield the one classification that a reading of the network keeps to: ``network:open`` is of open devices."""
        yield Classification(name) if name in set(Classification) else Classification.RESTRICTED

    def _of_datastreams(self, name: str) -> Iterator[Classification]:
        kind, slash, code = name.rpartition("/")
        if not slash:
            stream = self._sensing.datastream(name)
            yield from self._of_stream(self._sensing.thing(stream.thing), stream)
            return
        for thing in self._sensing.things(kind=kind):
            for stream in self._sensing.datastreams(thing=thing.id):
                if code in {stream.code, stream.observed_property}:
                    yield from self._of_stream(thing, stream)

    def _of_stream(self, thing: Thing, stream: Datastream) -> Iterator[Classification]:
        """Yield the classification of a stream, of its thing, and of the dataset that its values were recorded in."""
        yield from (thing.classification, stream.classification)
        if "dataset" in stream.properties:
            yield from self._of(f"dataset:{stream.properties['dataset']}")
