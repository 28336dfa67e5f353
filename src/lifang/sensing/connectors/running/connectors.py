"""The city's connectors: added, listed, paused, removed, tried; each at work on a thread of its own."""

from __future__ import annotations

import importlib
import random
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from lifang.core import BadInput, Clock, Conflict, NotFound, Plugins, Problem, check_slug
from lifang.guard import SYSTEM, Action, Classification, Resource, Subject, require
from lifang.outside import Secrets, write_private
from lifang.sensing.connectors.running.config import Config, read_config
from lifang.sensing.connectors.running.model import ConnectorSpec, KeptIssue, Status, Trial, Trouble
from lifang.sensing.connectors.running.records import COUNTS, Records, trouble_of
from lifang.sensing.connectors.running.worker import Surroundings, Worker
from lifang.sensing.sensing import Sensing
from lifang.store import Row, Store

FOLDER = "connectors"
MOST = 200  # connectors of one city
_ENDING_S = 10.0


def resource(connector_id: str = "*") -> Resource:
    """Return the resource that a connector is to the guard: its file tells of the inside of networks."""
    return Resource("connector", connector_id, Classification.SHARED)


class Connectors:
    """The connectors of one city: files ``connectors/<id>.toml`` in ``folder``, state in the registry.

    ``city_zone`` is the zone of moments that say none, ``centre`` where things stand whose place is not known.
    """

    def __init__(
        self,
        store: Store,
        sensing: Sensing,
        clock: Clock,
        *,
        folder: Path,
        city_zone: str,
        centre: tuple[float, float],
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._folder, self._city_zone, self._clock = folder, city_zone, clock
        self._records = Records(store, clock)
        self._secrets = Secrets(folder / FOLDER / ".secrets")
        self._around = Surroundings(sensing, self._records, clock, folder, centre, jitter)
        self._plugins = Plugins(importlib.import_module(__package__.rpartition(".")[0]))
        self._lock = threading.RLock()
        self._configs: dict[str, Config] = {}
        self._refused: dict[str, Problem] = {}
        self._workers: dict[str, Worker] = {}
        self._loaded = self._working = False

    def kinds(self) -> list[ConnectorSpec]:
        """Return what each kind of connector declares, by id."""
        return self._plugins.specs()

    def start(self) -> None:
        """Let every connector that is not paused work; again does nothing."""
        with self._lock:
            if self._working:
                return
            self._working = True
            self._load()
            for config in self._configs.values():
                if not self._row(config.id)["paused"]:
                    self._set_to_work(config)

    def close(self) -> None:
        """End every worker; what they had not stored yet they bring again at the next start."""
        with self._lock:
            self._working = False
            workers, self._workers = list(self._workers.values()), {}
        self._end(workers)

    def add(
        self,
        connector_id: str,
        text: str,
        *,
        by: Subject,
        secrets: Mapping[str, str] | None = None,
        replace: bool = False,
    ) -> Status:
        """Return the state of the new connector; with ``replace`` one of the same id gets this file from now on.

        ``secrets`` are those that the file refers to by ``${name}``; when replacing, those not given stay as they are.
        ``BadInput`` says what is wrong with the file, ``Conflict`` that the id is taken.
        """
        require(by, Action.MANAGE, resource(connector_id))
        with self._lock:
            self._load()
            taken = connector_id in self._configs or connector_id in self._refused
            if taken and not replace:
                raise Conflict(f"There is a connector {connector_id!r}.", mend="Choose another id, or replace it.")
            if not taken and len(self._configs) + len(self._refused) >= MOST:
                raise Conflict(f"The city has {MOST} connectors already.", mend="Remove one that is not needed.")
            config = self._read(connector_id, text)
            kept = self._fitting(config, secrets or {})
            self._end(self._taken_off(connector_id))
            self._secrets.write(connector_id, kept)
            path = self._path(connector_id)
            path.parent.mkdir(mode=0o700, exist_ok=True)
            write_private(path, text.encode())
            told = {"secrets": sorted(kept), "allow": config.head.source.get("allow", [])}
            row = self._records.put(connector_id, kind=config.spec.id, digest=config.digest, by=by.id, detail=told)
            self._refused.pop(connector_id, None)
            self._configs[connector_id] = config
            if self._working and not row["paused"]:
                self._set_to_work(config)
        return self.status(connector_id)

    def statuses(self) -> list[Status]:
        """Return the state of every connector, by id."""
        with self._lock:
            self._load()
            return [self._status(each) for each in sorted({*self._configs, *self._refused})]

    def status(self, connector_id: str) -> Status:
        """Return the connector's state, or ``NotFound``."""
        with self._lock:
            self._known(connector_id)
            return self._status(connector_id)

    def text(self, connector_id: str) -> str:
        """Return the connector's file as it stands; secrets are not in it."""
        with self._lock:
            self._known(connector_id)
            return self._path(connector_id).read_text("utf-8")

    def issues(self, connector_id: str, *, after: str | None = None, limit: int = 100) -> list[KeptIssue]:
        """Return the newest refused cells, older than the one with id ``after``."""
        with self._lock:
            self._known(connector_id)
        return self._records.issues(connector_id, after=after, limit=limit)

    def pause(self, connector_id: str, *, by: Subject) -> Status:
        """Return the connector's state after it was made to rest; it keeps where it stopped."""
        require(by, Action.RUN, resource(connector_id))
        with self._lock:
            self._known(connector_id)
            if not self._row(connector_id)["paused"]:
                self._records.pause(connector_id, True, by=by.id)
            ending = self._taken_off(connector_id)
        self._end(ending)
        return self.status(connector_id)

    def resume(self, connector_id: str, *, by: Subject) -> Status:
        """Return the connector's state after it was let go on; it does so where it stopped."""
        require(by, Action.RUN, resource(connector_id))
        with self._lock:
            config = self._usable(connector_id)
            if self._row(connector_id)["paused"]:
                self._records.pause(connector_id, False, by=by.id)
            if self._working and connector_id not in self._workers:
                self._set_to_work(config)
        return self.status(connector_id)

    def remove(self, connector_id: str, *, by: Subject) -> None:
        """Take the connector, its secrets and its state away; the things and values it brought stay."""
        require(by, Action.MANAGE, resource(connector_id))
        with self._lock:
            self._known(connector_id)
            ending = self._taken_off(connector_id)
            self._end(ending)
            self._path(connector_id).unlink(missing_ok=True)
            self._secrets.write(connector_id, {})
            self._records.remove(connector_id, by=by.id)
            self._configs.pop(connector_id, None)
            self._refused.pop(connector_id, None)

    def pull(self, connector_id: str, *, by: Subject) -> Status:
        """Return the connector's state after a pull made now; ``Conflict`` if it rests or listens without end."""
        require(by, Action.RUN, resource(connector_id))
        with self._lock:
            config = self._usable(connector_id)
            if config.spec.continuous:
                raise Conflict(f"{connector_id} listens without end.", mend="Its state says how it does.")
            if self._row(connector_id)["paused"]:
                raise Conflict(f"{connector_id} is paused.", mend="Resume it first.")
            worker = self._workers.get(connector_id) or self._make(config)
        worker.pull_once()
        return self.status(connector_id)

    def test(self, connector_id: str, *, by: Subject) -> Trial:
        """Return what the connector would bring from its source now; nothing is stored."""
        require(by, Action.RUN, resource(connector_id))
        with self._lock:
            worker = self._make(self._usable(connector_id))
        return worker.trial()

    def try_out(self, connector_id: str, text: str, *, by: Subject, secrets: Mapping[str, str] | None = None) -> Trial:
        """Return what a connector with this file would bring; neither the file nor what it brings is kept."""
        require(by, Action.MANAGE, resource(connector_id))
        config = self._read(connector_id, text)
        return self._make(config, secrets or {}).trial()

    def _load(self) -> None:
        """Read every file of the folder, once; a file that was put there or edited by hand is in the ledger."""
        if self._loaded:
            return
        self._loaded = True
        for path in sorted((self._folder / FOLDER).glob("*.toml"))[:MOST]:
            try:
                config = self._read(path.stem, path.read_text("utf-8"))
                self._records.put(path.stem, kind=config.spec.id, digest=config.digest, by=SYSTEM.id, detail={})
            except UnicodeDecodeError as error:
                self._refused[path.stem] = BadInput(f"The file is not UTF-8: {error.reason}.", where=path.name)
            except Problem as problem:
                self._refused[path.stem] = problem
            else:
                self._configs[path.stem] = config

    def _read(self, connector_id: str, text: str) -> Config:
        check_slug(connector_id, what="connector's id")
        return read_config(connector_id, text, find=self._module, city_zone=self._city_zone)

    def _module(self, kind: str) -> ModuleType:
        try:
            return self._plugins.get(kind)
        except NotFound as error:
            known = ", ".join(spec.id for spec in self.kinds())
            raise BadInput(
                f"There is no connector of kind {kind[:80]!r}.", where="kind", mend=f"Known: {known}."
            ) from error

    def _fitting(self, config: Config, given: Mapping[str, str]) -> dict[str, str]:
        strange = sorted(given.keys() - config.needs)
        if strange:
            raise BadInput(f"The file does not refer to the secret {strange[0]!r}.", where=f"secret {strange[0]}",
                           mend=f"Write ${{{strange[0]}}} in [source] where it belongs.")  # fmt: skip
        kept = self._secrets.read(config.id)
        found = {name: given.get(name) or kept.get(name, "") for name in config.needs}
        config.options({name: value for name, value in found.items() if value})
        return found

    def _known(self, connector_id: str) -> None:
        self._load()
        if connector_id not in self._configs and connector_id not in self._refused:
            raise NotFound(f"There is no connector {connector_id[:80]!r}.", mend="List them: lifang connect list.")

    def _usable(self, connector_id: str) -> Config:
        self._known(connector_id)
        if connector_id in self._refused:
            raise self._refused[connector_id]
        return self._configs[connector_id]

    def _row(self, connector_id: str) -> Row:
        return self._records.row(connector_id) or {"paused": False, "counts": {}, "troubles": [], "failures": 0}

    def _make(self, config: Config, secrets: Mapping[str, str] | None = None) -> Worker:
        known = self._secrets.read(config.id) if secrets is None else secrets
        return Worker(config, self._module(config.spec.id).pull, known, self._around)

    def _set_to_work(self, config: Config) -> None:
        try:
            worker = self._make(config)
        except Problem as problem:
            self._refused[config.id] = problem
            del self._configs[config.id]
            return
        self._workers[config.id] = worker
        worker.start()

    def _taken_off(self, connector_id: str) -> list[Worker]:
        worker = self._workers.pop(connector_id, None)
        return [worker] if worker else []

    def _end(self, workers: list[Worker]) -> None:
        for worker in workers:
            worker.stop()
        deadline = time.monotonic() + _ENDING_S
        for worker in workers:
            worker.join(deadline - time.monotonic())

    def _path(self, connector_id: str) -> Path:
        return self._folder / FOLDER / f"{connector_id}.toml"

    def _status(self, connector_id: str) -> Status:
        row, config, worker = self._row(connector_id), self._configs.get(connector_id), self._workers.get(connector_id)
        problem = self._refused.get(connector_id)
        troubles = [trouble_of(told) for told in row["troubles"]]
        if problem:
            troubles = [Trouble(self._clock.now(), problem.what, problem.where, problem.mend), *troubles]
        newest = row.get("newest")
        return Status(
            id=connector_id,
            kind=config.spec.id if config else str(row.get("kind", "")),
            zh=(config.head.zh if config else "") or connector_id,
            en=(config.head.en if config else "") or connector_id,
            state=_state(row, worker, refused=problem is not None),
            file=f"{FOLDER}/{connector_id}.toml",
            secrets=tuple(sorted(config.needs)) if config else (),
            every_s=None if config is None or config.spec.continuous else config.head.every_s,
            failures=row["failures"],
            lag_s=max(0.0, (self._clock.now() - newest).total_seconds()) if newest else None,
            newest=newest,
            last_attempt=row.get("attempted"),
            last_success=row.get("succeeded"),
            next_attempt=worker.next_attempt if worker else None,
            counts={name: int(row["counts"].get(name, 0)) for name in COUNTS},
            troubles=troubles,
        )


def _state(row: Mapping[str, Any], worker: Worker | None, *, refused: bool) -> str:
    if refused:
        return "refused"
    if row["paused"]:
        return "paused"
    if worker and worker.overdue:
        return "overdue"
    return "failing" if row["failures"] else "running"
