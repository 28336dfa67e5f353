"""One city's stores in one folder: opened together, agreed with one another, closed together."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from lifang.core import Clock, FolderLock, disk_errors, format_instant, from_micros
from lifang.store.backup import BackupSummary, Watch, back_up
from lifang.store.blobs import Blobs
from lifang.store.durable import make_folder
from lifang.store.lake import Aged, Ages, Batch, Lake, ObjectChange
from lifang.store.ledger import Entry, Ledger, Record
from lifang.store.registry import Database, Registry
from lifang.store.restore import restore

_WINDOW = 4096  # batches whose ledger record may have been written out of order


class Store:
    """Lake, registry, ledger and blobs of the city in ``folder``; one process owns them at a time."""

    def __init__(
        self,
        folder: Path,
        *,
        clock: Clock,
        memory_mb: int = 256,
        threads: int = 2,
        zone_name: str = "UTC",
        ages: Ages | None = None,
    ) -> None:
        self.folder = folder
        self._untold: list[Entry] = []  # of changes that the ledger could not take yet
        self._telling = threading.Lock()
        with ExitStack() as undo:
            with disk_errors(folder):
                make_folder(folder)
            self._lock = FolderLock(folder)
            undo.callback(self._lock.release)
            self._database = Database(folder / "registry.sqlite")
            undo.callback(self._database.close)
            self.ledger = Ledger(self._database, clock)
            self.registry = Registry(self._database, self.ledger.write)
            self.blobs = Blobs(folder / "blobs")
            self.lake = Lake(
                folder / "lake",
                clock,
                memory_mb=memory_mb,
                threads=threads,
                zone_name=zone_name,
                ages=ages,
                is_registered=self._is_registered,
            )
            undo.callback(self.lake.close)
            self.lake.on_given_up(self._tell_given_up)
            self._reconcile()
            undo.pop_all()

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        clock: Clock,
        memory_mb: int = 256,
        threads: int = 2,
        zone_name: str = "UTC",
        ages: Ages | None = None,
    ) -> Store:
        """Return the stores in ``folder``, created or brought up to date; ``Conflict`` if another process owns it.

        ``zone_name`` is the zone whose days the lake sums observations up by, ``ages`` says how observations age.
        """
        place = Path(folder).absolute()
        return cls(place, clock=clock, memory_mb=memory_mb, threads=threads, zone_name=zone_name, ages=ages)

    def announce(self, url: str, secret: str) -> None:
        """Write the address this process serves at, and its owner's secret: :func:`lifang.core.owner_of` finds them."""
        self._lock.announce(url, secret)

    def record_batch(self, batch: Batch) -> Record:
        """Return the ledger record that tells of a batch of observations, durable."""
        return self.ledger.append(_told(batch))

    def record_change(self, change: ObjectChange, **detail: str) -> None:
        """Have the ledger tell of a change of objects, durably; of those it could not tell of before, too.

        Of those it could not tell of until the city is closed it does when it is opened again.
        """
        with self._telling:
            if change.is_one:
                self._untold.append(_changed(change, **detail))
            while self._untold:
                self.ledger.append(self._untold[0])
                del self._untold[0]

    def checkpoint(self) -> None:
        """Fold the write-ahead logs into their files: for idle moments and after large loads."""
        self.lake.checkpoint()
        self._database.checkpoint()

    def backup(
        self,
        target: Path,
        *,
        progress: Callable[[float], None] = lambda _share: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> BackupSummary:
        """Return what was written to ``target``: one file with everything, as of now, while the city runs.

        ``Conflict`` once ``cancelled`` says so; nothing is left of it then.
        """
        return back_up(self.folder, self.lake, self._database, target, watch=Watch(progress, cancelled))

    @staticmethod
    def restore(archive: Path, folder: Path) -> BackupSummary:
        """Return what was restored from ``archive`` into the empty ``folder``; ``Corrupt`` if a hash disagrees."""
        return restore(archive, folder)

    def close(self) -> None:
        """Close every store and give the folder up."""
        with ExitStack() as stack:
            stack.callback(self._lock.release)
            stack.callback(self._database.close)
            stack.callback(self.lake.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _tell_given_up(self, aged: Aged) -> None:
        detail = {"rows": aged.given_up, "before": format_instant(from_micros(aged.given_up_before))}
        self.ledger.append(Entry("system", "give_up", "observations", detail=detail))

    def _is_registered(self, dataset: str, number: int) -> bool:
        return self.registry.get("release", f"{dataset}@{number}") is not None

    def _reconcile(self) -> None:
        """Record the batches that were stored when their ledger record was not."""
        last = self.ledger.last("batch")
        after = int(last.entry.resource.removeprefix("batch:")) - _WINDOW if last else 0
        while batches := self.lake.batches(after=after):
            told = self.ledger.mentioned(f"batch:{each.id}" for each in batches)
            missing = [each for each in batches if f"batch:{each.id}" not in told]
            if missing:
                with self.registry.transaction() as transaction:
                    for batch in missing:
                        transaction.record(_told(batch, recovered=True))
            after = batches[-1].id
        self._reconcile_objects()

    def _reconcile_objects(self) -> None:
        """Record the changes of objects that were stored when their ledger record was not."""
        after = 0
        while changes := self.lake.object_changes(after=after):
            told = self.ledger.mentioned(f"objects:{each.number}" for each in changes)
            for each in changes:
                if f"objects:{each.number}" not in told:
                    self.ledger.append(_changed(each, recovered=True))
            after = changes[-1].number


def _changed(change: ObjectChange, **detail: Any) -> Entry:
    told: dict[str, Any] = {"rows": change.rows, "replaced": change.replaced, "unchanged": change.unchanged}
    told |= {"ended": change.ended, **detail}
    return Entry(change.subject, "admit", f"objects:{change.number}", detail=told)


def _told(batch: Batch, *, recovered: bool = False) -> Entry:
    detail: dict[str, Any] = {"rows": batch.rows, "digest": batch.digest}
    if recovered:
        detail["recovered"] = True
    return Entry(batch.subject, "observe", f"batch:{batch.id}", detail=detail)
