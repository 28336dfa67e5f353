"""Which releases have their features ready; the others are made so in the background, once they are asked for."""

from __future__ import annotations

import logging
import shutil
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import pyarrow as pa

from lifang.catalogue.features.ready import ReadyFeatures, is_ready, make_ready
from lifang.catalogue.model import Release
from lifang.core import Problem, Unavailable
from lifang.store import Relation

_LOG = logging.getLogger(__name__)
_ROWS_MIN = 5_000  # fewer are read from the lake in no time
_OPEN_MAX = 32
_Key = tuple[str, int]


class Stopped(Exception):
    """The city closes while features are made ready."""


class ReadyKeeper:
    """The ready features below ``folder``, of the newest release of each dataset that was asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: OrderedDict[_Key, ReadyFeatures] = OrderedDict()
        self._making: dict[_Key, threading.Thread] = {}
        self._forgotten: set[str] = set()
        self._lock = threading.Lock()
        self._closing = threading.Event()

    def get(self, relation: Relation, release: Release, key: Sequence[str]) -> ReadyFeatures | None:
        """Return the ready features of a release, or nothing yet: then they are being made."""
        if release.rows < _ROWS_MIN:
            return None
        name = (release.dataset, release.number)
        with self._lock:
            if name in self._open:
                self._open.move_to_end(name)
                return self._open[name]
            if name in self._making or name[0] in self._forgotten or self._closing.is_set():
                return None
            if is_ready(self._place(name), release.sha256):
                return self._opened(name)
            thread = threading.Thread(target=self._make, args=(name, relation, release, tuple(key)), daemon=True)
            self._making[name] = thread
            thread.start()  # before anybody may wait for it
        return None

    def forget(self, dataset: str) -> None:
        """Take away what is ready of a dataset, for good: it is destroyed. ``Unavailable`` if that cannot be done."""
        with self._lock:
            self._forgotten.add(dataset)
        self.wait()
        with self._lock:
            for name in [each for each in self._open if each[0] == dataset]:
                del self._open[name]
            shutil.rmtree(self._folder / dataset, ignore_errors=True)
            if (self._folder / dataset).exists():
                raise Unavailable("What was ready of a destroyed dataset is still there.", where=f"features/{dataset}")

    def wait(self, timeout_s: float = 60.0) -> None:
        """Return once nothing is being made, or after ``timeout_s`` seconds."""
        with self._lock:
            making = tuple(self._making.values())
        for thread in making:
            thread.join(timeout_s)

    def close(self) -> None:
        """Stop making; what is not whole is thrown away."""
        self._closing.set()
        self.wait()
        with self._lock:
            self._open.clear()

    def _place(self, name: _Key) -> Path:
        return self._folder / name[0] / str(name[1])

    def _opened(self, name: _Key) -> ReadyFeatures:
        found = self._open[name] = ReadyFeatures(self._place(name))
        while len(self._open) > _OPEN_MAX:
            self._open.popitem(last=False)
        return found

    def _make(self, name: _Key, relation: Relation, release: Release, key: Sequence[str]) -> None:
        try:
            place = self._place(name)
            place.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=place.parent, ignore_cleanup_errors=True) as scratch:
                make_ready(Path(scratch), self._batches(relation), key, release.sha256)
                shutil.rmtree(place, ignore_errors=True)
                Path(scratch).rename(place)
                Path(scratch).mkdir()  # for the end of the block to take away
            self._forget_older(name)
            with self._lock:
                self._opened(name)
        except Stopped:
            pass
        except (Problem, OSError):
            _LOG.exception("the features of %s@%s could not be made ready", *name)
        finally:
            with self._lock:
                self._making.pop(name, None)

    def _batches(self, relation: Relation) -> Iterator[pa.RecordBatch]:
        for batch in relation.batches():
            if self._closing.is_set():
                raise Stopped
            yield batch

    def _forget_older(self, name: _Key) -> None:
        dataset, number = name
        with self._lock:
            for other in [each for each in self._open if each[0] == dataset and each[1] < number]:
                del self._open[other]
            for folder in self._place(name).parent.iterdir():
                if folder.name.isdigit() and int(folder.name) < number:
                    with suppress(OSError):
                        shutil.rmtree(folder)
