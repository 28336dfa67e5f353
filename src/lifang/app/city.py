"""City: the only place that wires rooms together."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from lifang.app.areas import city_districts
from lifang.app.asking import DETECT_CLASHES, OWNER, Asker, Reads, clash_job, describe_imagery
from lifang.app.bus import Bus
from lifang.app.cataloguing import ModelShelf
from lifang.app.consolidating import CONSOLIDATE, Consolidator, consolidation_job
from lifang.app.describe import describe_city, describe_layers, tell_observations
from lifang.app.detailing import Detailer
from lifang.app.doctor import Finding, cured, examine, late_datasets, told_address
from lifang.app.grades import Grades
from lifang.app.harvesting import HARVEST, Harvester, harvest_job
from lifang.app.jobs import Jobs
from lifang.app.linking import LINK_OBJECTS, Linker
from lifang.app.long_work import LongWork
from lifang.app.pack_models import FURNISH_MODELS, furnish_models, furnish_models_job, models_await
from lifang.app.packs import Tell, pack_datasets
from lifang.app.processes import PROCESS, run_process_job
from lifang.app.pulse import Pulse, StandingClock
from lifang.app.queries import Queries
from lifang.app.sensors import ReplayPlan, recorded_series, register_sensors
from lifang.app.stage import Stage
from lifang.app.upkeep import Upkeep
from lifang.catalogue import Card, Catalogue, CatalogueChange, Deliveries, Webhook, Webhooks
from lifang.core import (
    Clock,
    Conflict,
    SystemClock,
    load_settings,
)
from lifang.exchange import Delivery, Exchange
from lifang.guard import SYSTEM, Classification, Role, Subject
from lifang.harvest import Harvests
from lifang.identity import Identity
from lifang.masterdata import MasterData
from lifang.operations import AlertChange, Alerts, Indicators, Thresholds
from lifang.scenes import SceneContext
from lifang.sensing import Replay, Sensing, connectors, network, stood_at, tasking
from lifang.store import Ages, Store
from lifang.twin import Twin

_SCENES_LOOK_BACK = timedelta(hours=72)
_TICK = timedelta(microseconds=1)


def open_city(path: str | Path, *, clock: Clock | None = None) -> City:
    """Return the city in the folder ``path``; close it when done, or use it in a ``with`` block.

    ``NotFound`` if there is none, ``Conflict`` if another process has it open.
    """
    return City(Path(path), clock=clock or SystemClock())


class City(Reads):
    """Everything under one folder, wired. ``start`` lets its time pass; without it the city stands still."""

    def __init__(self, folder: Path, *, clock: Clock) -> None:
        self.folder = folder
        self.addresses: dict[str, str] = {}  # where it is served, by door
        self.clock = clock
        self.settings = load_settings(folder)
        self.owner_secret = f"lfo_{secrets.token_urlsafe(32)}"
        self.store = Store.open(
            folder,
            clock=clock,
            memory_mb=self.settings.lake_memory_mb,
            threads=self.settings.lake_threads,
            zone_name=self.settings.time_zone,
            ages=Ages(self.settings.hot_days, self.settings.keep_raw_days),
        )
        self.bus = Bus()
        self.identity = Identity(self.store, clock, session_max_age_s=self.settings.session_max_age_s)
        self.catalogue = Catalogue(self.store, clock, self.settings)
        self.harvests = Harvests(self.store, self.catalogue, clock, self.settings)
        self.sensing = Sensing(self.store, clock)
        self.network, self.tasking = self._make_network()
        self.twin = Twin(self.store, clock, self.settings.box)
        self.alerts = Alerts(self.store, clock, now=lambda: self.now)
        self.connectors = connectors.Connectors(
            self.store,
            self.sensing,
            clock,
            folder=folder,
            city_zone=self.settings.time_zone,
            centre=self.settings.box.centre,
        )
        self.exchange = Exchange(self.store, self.catalogue, clock, self.settings, folder=folder)
        self.masterdata = MasterData(self.store, self.catalogue, clock, self.settings)
        self.indicators = Indicators(self.store, clock)
        self.thresholds = Thresholds(self.store, clock)
        self.queries = Queries(self.catalogue, self.settings)
        self.jobs = Jobs(self.store, clock, self.bus)
        self._standing = StandingClock(clock)
        self.replay = self._open_replay() if self.settings.replay and self.sensing.things(limit=1) else None
        context = SceneContext(
            sensing=self.sensing,
            alerts=self.alerts,
            indicators=self.indicators,
            catalogue=self.catalogue,
            clock=clock,
            settings=self.settings,
            now=lambda: self.now,
            network=self.network,
            thresholds=self.thresholds,
        )
        self.grades = Grades(self.store, self.sensing, self.catalogue, self.indicators)
        self.scenes = Stage(context, self.store, self.bus, grades=self.grades, now=lambda: self.now)
        self.pulse = self._make_pulse()
        self._started = self._closed = False
        self.spool = folder / "spool"
        self.spool.mkdir(exist_ok=True)
        self.webhooks = Webhooks(self.store, clock, self.settings.webhooks)
        self.webhook_deliveries = Deliveries(self.webhooks, self.catalogue.changes, clock, knows=self._webhook_knows)
        self._upkeep = Upkeep(self.store, self.catalogue, clock)
        self._long_work = self._make_long_work()
        self._wire()

    def _make_network(self) -> tuple[network.SensorNetwork, tasking.Tasking]:
        """Return the network of devices, and what gives them commands."""
        store, clock, sensing = self.store, self.clock, self.sensing
        devices = network.SensorNetwork(
            store,
            clock,
            sensing,
            now=lambda: self.now,
            districts=lambda: city_districts(self.settings, self.catalogue),
        )
        commands = tasking.Tasking(
            store,
            clock,
            sensing,
            now=lambda: self.now,
            is_silent=devices.is_silent,
            gateway_of=devices.gateway_of,
        )
        return devices, commands

    def _make_long_work(self) -> LongWork:
        self.linker = Linker(self.store, self.twin, self.catalogue, self.sensing, now=lambda: self.now)
        self.shelf = ModelShelf(self.store, self.twin, self.catalogue, now=lambda: self.now)
        self.detailer = Detailer(self.twin, self.jobs, now=lambda: self.now)
        return LongWork(
            self.store, self.catalogue, self.twin, self.linker, self.shelf, self.spool, after=self.detailer.after
        )

    @property
    def now(self) -> datetime:
        """The city's time, in UTC: the replay's if the city replays."""
        return self.pulse.now

    def start(self, *, time_passes: bool = True) -> None:
        """Commit observations and work off jobs; let time pass too (replay, scenes, connectors), unless told not to."""
        self.sensing.start()
        self.network.start()
        self.tasking.start()
        if not self._started:
            self._long_work.sweep(self.jobs)
            self.catalogue.lifecycle.destructions.carry_out()
        self._started = True
        self.jobs.start()
        if time_passes:
            self.pulse.start()
            self._upkeep.start()
            self.consolidator.start()
            self._harvester.start()
            self.detailer.start()
            self.webhook_deliveries.start()
            self.connectors.start()
        self.exchange.start(pulling=time_passes)

    def close(self) -> None:
        """Stop everything and close the stores; what was acknowledged is kept. Closing twice is closing once."""
        if self._closed:
            return
        self._closed = True
        self.connectors.close()
        self.exchange.close()
        self.pulse.close()
        self._upkeep.close()
        self.consolidator.close()
        self._harvester.close()
        self.detailer.close()
        self.webhook_deliveries.close()
        self.jobs.close()
        self.tasking.close()
        if self.replay:
            self.replay.close()
        self.sensing.close()
        self.network.close()
        self.queries.close()
        self.bus.close()
        self.catalogue.close()
        self.catalogue.meter.flush()
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def subject_of(self, secret: str) -> Subject:
        """Return who a bearer secret belongs to; the folder's owner carries this run's own secret."""
        if secrets.compare_digest(secret.encode(), self.owner_secret.encode()):
            return OWNER
        if secret.startswith(tasking.DEVICE_PREFIX):
            return self.tasking.tokens.subject_of_token(secret)
        return self.identity.subject_of_token(secret)

    def recent_subject(self, secret: str) -> Subject | None:
        """Return whose token this is if that is known without asking the store; see ``Identity.recent_subject``."""
        return self.identity.recent_subject(secret)

    def furnish(self, pack: Path, *, tell: Tell, models: bool = True) -> None:
        """Bring in what the pack holds: datasets, ``models``, sensors, their history; nothing is done again."""
        pairs = pack_datasets(pack)
        for done, (card, file) in enumerate(pairs):
            tell(done / (len(pairs) + 2), card.stem)
            self.catalogue.add(file, name=file.name, card=Card.load(card), by=SYSTEM)
        for _ in furnish_models(self, pack) if models else ():
            pass
        if self.settings.replay:
            tell(len(pairs) / (len(pairs) + 2), "sensors")
            self._furnish_sensors()
            tell((len(pairs) + 1) / (len(pairs) + 2), "scenes")
            self.scenes.begin(self.now, back=_SCENES_LOOK_BACK)
            self.scenes.run_due(self.now)
        if models:
            self.linker.furnish(pack)
        tell(1.0, "")

    def furnish_models_later(self, pack: Path, *, simulate: bool) -> None:
        """Have a job bring in the pack's models once the city is started, if any is not there yet."""
        awaited = any(job.kind == FURNISH_MODELS for job in self.jobs.unfinished())
        if not awaited and models_await(pack, self.store, self.catalogue, simulate=simulate):
            self.jobs.submit(FURNISH_MODELS, {"pack": str(pack), "simulate": simulate}, subject=SYSTEM)

    def asker(self, subject: Subject = OWNER, purpose: str = "") -> Asker:
        """Return who reads the city: ``subject`` for a stated ``purpose``; the owner of the folder, if not told."""
        return Asker(self, subject, purpose)

    def describe(self, asker: Asker) -> dict[str, Any]:
        """Return what the city says of itself to an asker, with the layers of the map that it may see."""
        told = describe_city(self.settings, self.store, self.pulse.state(), asker.subject)
        layers = describe_layers(self.settings, self.catalogue, asker)
        imagery = describe_imagery(self.twin.imagery, asker)
        themes = [{"id": theme, **vars(name)} for theme, name in self.catalogue.themes.items()]
        mqtt = self.addresses.get("mqtt")
        return {**told, "mqtt": mqtt, "layers": layers, "imagery": imagery, "themes": themes}

    def examine(self) -> list[Finding]:
        """Return the doctor's findings."""
        late = cured(late_datasets(self.catalogue, self.clock.now()))
        return [*examine(self.store, self.settings), late, told_address("mqtt", self.addresses.get("mqtt"))]

    def set_speed(self, speed: float) -> None:
        """Have the replay run ``speed`` city seconds a second."""
        self.set_replay(speed=speed, paused=None, by=SYSTEM)

    def set_replay(self, *, speed: float | None, paused: bool | None, by: Subject) -> dict[str, Any]:
        """Return the clock's state after the change; ``Conflict`` if the city does not replay."""
        if self.replay is None:
            raise Conflict("This city does not replay.", mend="Add [replay] to city.toml.")
        if speed is not None:
            self.replay.set_speed(speed, by=by)
        if paused is not None:
            (self.replay.pause if paused else self.replay.resume)(by=by)
        state = self.pulse.state()
        self.bus.publish("clock", state)
        return state

    def _open_replay(self, *, load_history: bool = False) -> Replay:
        plan = ReplayPlan.from_table(self.settings.replay)
        after = None if load_history else stood_at(self.store, plan.start)
        series = recorded_series(plan, self.catalogue.dataset(plan.series), self.sensing, after=after)
        if load_history:
            self.sensing.load_history(series, before=plan.start + _TICK, by=SYSTEM)  # what fell on the start, too
        return Replay(self.sensing, series, start=plan.start, speed=plan.speed, clock=self._standing)

    def _make_pulse(self) -> Pulse:
        return Pulse(self.clock, self.scenes, self.bus, clock=self._standing, replay=self.replay)

    def _furnish_sensors(self) -> None:
        register_sensors(ReplayPlan.from_table(self.settings.replay), self.catalogue, self.sensing)
        self.network.adopt(by=SYSTEM)
        if self.replay is None:
            self.replay = self._open_replay(load_history=True)
            self.pulse = self._make_pulse()

    def _wire(self) -> None:
        self.consolidator = Consolidator(self.masterdata, self.jobs)
        self._harvester = Harvester(self.harvests, self.jobs, self.clock)
        self.sensing.on_commit(self.scenes.watch)
        self.sensing.on_commit(self.network.watch)
        self.sensing.on_commit(partial(tell_observations, self.bus, self.sensing))
        self.alerts.on_change(self._tell_alert)
        self.tasking.on_command(self._tell_command)
        self.catalogue.changes.on_change(self._tell_change)
        self.catalogue.lifecycle.destructions.needed_by(self.twin.needing)
        self.catalogue.changes.on_change(self.consolidator.hear)
        self.exchange.on_settled(self._tell_delivery)
        self._long_work.register(self.jobs)
        self.jobs.register(PROCESS, partial(run_process_job, self.asker))
        self.jobs.register(FURNISH_MODELS, partial(furnish_models_job, self))
        self.jobs.register(DETECT_CLASHES, partial(clash_job, self.asker))
        self.twin.on_change(self._tell_twin)
        self.jobs.register(HARVEST, harvest_job(self.harvests))
        self.jobs.register(CONSOLIDATE, consolidation_job(self.masterdata))

    def _tell_change(self, change: CatalogueChange) -> None:
        if change.kind == "release" and self._started and self.linker.uses(change.dataset):
            self.jobs.submit(LINK_OBJECTS, {}, subject=SYSTEM)
        if change.is_for_readers:
            classification = self.catalogue.classification(change.dataset)
            self.bus.publish("catalogue", change.as_json(), classification=classification)

    def _tell_twin(self, model: str, classification: Classification) -> None:
        self.bus.publish("twin", {"model": model, "version": self.twin.version}, classification=classification)

    def _tell_delivery(self, delivery: Delivery) -> None:
        told = {name: getattr(delivery, name) for name in ("id", "feed", "organisation", "dataset", "state", "release")}
        self.bus.publish("delivery", {**told, "counts": dict(delivery.counts)}, classification=Classification.SHARED)

    def _webhook_knows(self, webhook: Webhook, change: CatalogueChange) -> bool:
        """Return whether a webhook's owner, with the roles they had and still have, may know of a change."""
        subject = OWNER
        if webhook.owner != OWNER.id:
            person = self.identity.person(webhook.owner)
            if not person.active:
                return False
            subject = person.subject(roles=frozenset(Role(role) for role in webhook.roles))
        return self.catalogue.may_know(change, subject, webhook.purpose)

    def _tell_command(self, command: tasking.Command) -> None:
        classification = self.tasking.resources(command)[0].classification
        self.bus.publish("command", command.as_json(), classification=classification)

    def _tell_alert(self, change: AlertChange) -> None:
        self.bus.publish("alert", change.as_json(), classification=change.alert.classification)
