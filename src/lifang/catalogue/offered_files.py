"""Size and checksum of the files that a dataset offers, measured as they go out: each is made when it is asked for."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import pyarrow as pa

from lifang.catalogue.conditions import visible
from lifang.catalogue.dataset import Dataset
from lifang.catalogue.export import DATED, write_rows
from lifang.catalogue.model import Release
from lifang.core import Clock, Problem, version_of
from lifang.guard import Classification
from lifang.store import Store

_LOG = logging.getLogger(__name__)
_TABLE = "offered_file"
_TABLE_FORM = "csv"
_MEASURED_MAX = 1 << 20  # bytes of a release that is measured unasked


@dataclass(frozen=True)
class FileFacts:
    """How many bytes a file has, and their SHA-256 (hex)."""

    bytes: int
    sha256: str


class OfferedFiles:
    """Keeps what was measured of the newest release of each dataset, and tells it as long as files are written so."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._registry, self._clock = store.registry, clock
        self._made_by = f"lifang {version_of('lifang')}, Arrow {pa.__version__}"  # others may write other bytes

    def of(self, releases: Iterable[Release]) -> dict[str, dict[str, FileFacts]]:
        """Return what is known of the files of these releases (of one each), by dataset and format."""
        numbers = {each.dataset: each.number for each in releases if not each.agreement}
        found: dict[str, dict[str, FileFacts]] = {}
        for row in self._registry.find(_TABLE, where={"dataset": list(numbers), "made_by": self._made_by}):
            if row["release"] == numbers[row["dataset"]]:
                found.setdefault(row["dataset"], {})[row["format"]] = FileFacts(row["bytes"], row["sha256"])
        return found

    def measured(self, pieces: Iterable[bytes], release: Release, form: str) -> Iterator[bytes]:
        """Yield the pieces of a whole file of a release on their way; its size and checksum are known once all went.

        Not of files that state when they were made: the next one is another.
        """
        if form in DATED:
            yield from pieces
            return
        size, digest = 0, hashlib.sha256()
        for piece in pieces:
            size += len(piece)
            digest.update(piece)
            yield piece
        try:
            self._keep(release, form, FileFacts(size, digest.hexdigest()))
        except Problem as problem:  # the file itself is whole
            _LOG.warning("the size of %s as %s was not kept: %s", release.id, form, problem)

    def measure(self, dataset: Dataset) -> None:
        """Make the table of an open dataset's newest release, so that its size and checksum are known.

        Large ones are measured when somebody takes them.
        """
        newest = next(iter(dataset.releases()), None)
        if newest is None or newest.bytes > _MEASURED_MAX or newest.classification is not Classification.OPEN:
            return
        rows = dataset.rows_of(newest)
        names = [each.name for each in visible(rows.columns)]
        for _ in self.measured(write_rows(rows.batches(names), _TABLE_FORM), newest, _TABLE_FORM):
            pass

    def _keep(self, release: Release, form: str, facts: FileFacts) -> None:
        key = f"{release.dataset}.{form}"
        known = self._registry.get(_TABLE, key)
        told: Mapping[str, object] = {"release": release.number, "bytes": facts.bytes, "sha256": facts.sha256,
                                      "made_by": self._made_by}  # fmt: skip
        same = known and all(known[name] == value for name, value in told.items())
        if same or release.agreement or (known and known["release"] > release.number):
            return
        with self._registry.transaction() as tx:
            if tx.get("dataset", release.dataset) is None:
                return
            tx.delete_where(_TABLE, {"id": key})
            row = {"id": key, "dataset": release.dataset, "format": form, "recorded": self._clock.now()}
            tx.insert(_TABLE, {**row, **told})
