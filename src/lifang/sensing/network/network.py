"""The face of the network: its register, and its health kept up at every commit."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lifang.core import BadInput, Box, Clock, NotFound, Problem, Rounds, TooLarge, from_micros, to_micros
from lifang.guard import Classification, Subject
from lifang.sensing.hot import NEVER, class_codes
from lifang.sensing.model import Numbers
from lifang.sensing.network.columns import Network, kinds_of_group, read_network
from lifang.sensing.network.counters import Counters
from lifang.sensing.network.districts import District, Districts
from lifang.sensing.network.flow import Flow
from lifang.sensing.network.gaps import Gaps, find_gaps
from lifang.sensing.network.health import DevicesHealth, Streams, judge_devices, judge_streams
from lifang.sensing.network.importing import Imported, first_reasons, placed, read_rows
from lifang.sensing.network.model import Device, Health
from lifang.sensing.network.register import Register
from lifang.sensing.quality import RULES
from lifang.sensing.sensing import Sensing
from lifang.standards import code_list
from lifang.store import Call, Field, Literal, ObservationQuery, Observations, Store

_TABLES = ("device", "link", "device_model", "thing", "datastream")
_SNAPSHOT = "network"
_SAVE_S = 60.0
_LARGE = 20_000  # devices or datastreams; the state of a larger network is kept for some times as long as it took
_KEEP = 3.0
_GAP_ROWS = 5_000_000
_RECOVER_ROWS = 5_000_000
_SECOND_US = 1_000_000
_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class State:
    """How the network is at ``now_us``: its columns, each datastream, each device."""

    now_us: int
    network: Network
    streams: Streams
    devices: DevicesHealth


@dataclass(frozen=True)
class Wanted:
    """Which devices are asked for; every condition that is given must hold."""

    health: Health | None = None
    device_type: str | None = None
    organisation: str | None = None
    link: str | None = None
    mounted_on: str | None = None
    district: str | None = None
    box: Box | None = None
    simulated: bool | None = None


class SensorNetwork(Register):
    """The devices and links of one city, and how they are; safe to use from many threads.

    ``now`` is the city's time. ``districts`` is asked once, when the first device is looked at.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        sensing: Sensing,
        *,
        now: Callable[[], datetime] | None = None,
        districts: Callable[[], Sequence[District]] = tuple,
    ) -> None:
        super().__init__(store, clock)
        self.flow = Flow()
        self._sensing, self._now = sensing, now or clock.now
        self._find_districts = districts
        self._lock = Lock()
        self._counting = Lock()
        self._counters: Counters | None = None
        self._told = self._saved = 0
        self._network: tuple[int, Network, float, float] | None = None
        self._state: tuple[Any, State, float, float] | None = None
        self._areas: Districts | None = None
        self._started_us = 0
        fault = "the network's counters were not kept"
        self._rounds = Rounds(self._keep, name="network", fault=fault, every_s=_SAVE_S)

    def start(self) -> None:
        """Begin to keep the counters for the next start; again does nothing."""
        if not self._rounds.started:
            self._started_us = to_micros(self._now())
            self._rounds.start()

    def close(self) -> None:
        """Keep the counters, and stop; if the store cannot take them, the next start counts from the last time."""
        self._rounds.close()
        self._rounds.attempt(self.save)

    def watch(self, observations: Observations) -> None:
        """Count committed observations: for ``Sensing.on_commit``. What is loaded before the start flows in no more."""
        now_us, flowing = to_micros(self._now()), self._rounds.started
        if flowing:
            self.flow.note(observations, now_us)
        with self._counting:
            self._count().update(observations, now_us, flowing=flowing)
            self._told += 1

    def save(self) -> None:
        """Write the counters down, if anything came since they were last."""
        with self._counting:
            told = self._told
            if self._counters is None or told == self._saved:
                return
            body = self._counters.to_bytes()
        row = {"moment": self._clock.now(), "body": body}
        with self._store.registry.transaction() as tx:
            if tx.get("counter_snapshot", _SNAPSHOT) is None:
                tx.insert("counter_snapshot", {"id": _SNAPSHOT, **row})
            else:
                tx.update("counter_snapshot", _SNAPSHOT, row)
        self._saved = told

    @property
    def districts(self) -> Districts:
        """The city's districts."""
        if self._areas is None:
            self._areas = Districts(self._find_districts())
        return self._areas

    def state(self) -> State:
        """Return how the network is now; of a large network, as it was a moment ago."""
        with self._lock:
            network = self._columns()
            now_us = to_micros(self._now())
            key = (id(network), self._told, now_us // _SECOND_US)
            if self._state is not None:
                known, state, at, cost = self._state
                kept = _is_large(network) and time.monotonic() - at < _KEEP * cost
                fresh = known[0] == key[0] and kept
                if known == key or fresh:
                    return state
            begin = time.monotonic()
            state = self._judge(network, now_us)
            self._state = (key, state, time.monotonic(), time.monotonic() - begin)
            return state

    def judge(self) -> State:
        """Return how the network is at this very moment, worked out anew: :meth:`state` is cheaper."""
        with self._lock:
            return self._judge(self._columns(), to_micros(self._now()))

    def find(
        self, wanted: Wanted, *, classes: Collection[Classification], after: int = 0, limit: int | None = None
    ) -> NDArray[np.int64]:
        """Return the numbers of the devices that are asked for and classified so, rising, past ``after``."""
        state = self.state()
        kept = self._mask(state, wanted, classes)
        kept[: after + 1] = False
        return np.flatnonzero(kept)[:limit]

    def links_down(self, classes: Collection[Classification]) -> int:
        """Return how many links that are classified so are down."""
        state = self.state()
        return int((state.devices.links_down & np.isin(state.network.links.classification, class_codes(classes))).sum())

    def is_silent(self, device_id: str) -> bool:
        """Return whether a device is silent, for whatever reason; one that nobody heard yet is not."""
        state = self.state()
        number = state.network.numbers.get(device_id, 0)
        if not number:
            return False
        found = state.devices
        return bool(found.streams[number] and found.silent[number] == found.streams[number])

    def gateway_of(self, device_id: str) -> str:
        """Return the device that speaks for another, or that one itself."""
        row = self._store.registry.get("device", device_id)
        return str(row["gateway"]) if row and row["gateway"] else device_id

    def streams_of(self, device_id: str) -> Numbers:
        """Return the numbers of a device's datastreams."""
        network = self.state().network
        number = network.numbers.get(device_id)
        if number is None:
            raise NotFound(f"There is no device {device_id[:80]!r}.", mend="List them: GET /api/v1/devices.")
        return np.flatnonzero(network.stream_device == number).astype(np.int32)

    def gaps(self, streams: Numbers, start: datetime, end: datetime) -> Gaps:
        """Return the gaps of datastreams in [start, end); ``TooLarge`` if they have more than 5 million values."""
        if end <= start:
            raise BadInput("The period ends before it starts.", where="end", mend="Swap start and end.")
        network = self.state().network
        numbers = np.unique(streams)
        query = ObservationQuery(numbers, start, end)
        if (count := self._store.lake.count(query)) > _GAP_ROWS:
            raise TooLarge(f"These are {count:,} values.", where="start, end", mend="Ask for a shorter period or less.")
        table = self._store.lake.read(query)
        return find_gaps(
            table["datastream"].to_numpy().astype(np.int32),
            table["time"].cast(pa.int64()).to_numpy(),
            numbers=numbers,
            period_us=network.stream_period_us[numbers],
            first=self._store.lake.tally(numbers).first,
            start_us=to_micros(start),
            end_us=to_micros(end),
        )

    def adopt(self, *, by: Subject) -> int:
        """Return how many things became devices: those whose kind is a type of device and that are none yet."""
        known, types = self.state().network.numbers, code_list("device_types")
        new = [
            Device(thing.id, thing.kind, classification=thing.classification)
            for thing in self._sensing.things()
            if thing.id not in known and types.contains([thing.kind])[0]
        ]
        return self.put_devices(new, by=by)[0] if new else 0

    def import_devices(
        self, table: pa.Table, mapping: Mapping[str, str], *, by: Subject, defaults: Mapping[str, Any] | None = None
    ) -> Imported:
        """Return what became of a table of devices: things and devices of its rows; again changes nothing."""
        drafts, refused = read_rows(table, mapping, defaults or {})
        pairs, homeless = placed(drafts, self._place_of)
        self._sensing.register([thing for thing, _ in pairs], [], by=by)
        added, changed = self.put_devices([device for _, device in pairs], by=by)
        refused = sorted([*refused, *homeless])
        return Imported(len(table), added, changed, len(refused), first_reasons(refused))

    def _place_of(self, name: str) -> tuple[float, float] | None:
        try:
            thing = self._sensing.thing(name)
        except NotFound:
            return None
        return thing.lon, thing.lat

    def _mask(self, state: State, wanted: Wanted, classes: Collection[Classification]) -> NDArray[np.bool_]:
        network = state.network
        kept = np.isin(network.classification, class_codes(classes))
        kept[0] = False
        if wanted.health is not None:
            kept &= state.devices.health == wanted.health
        if wanted.device_type is not None:
            kinds = [network.kinds.number(each) for each in kinds_of_group(wanted.device_type)]
            kept &= np.isin(network.kind, kinds)
        if wanted.organisation is not None:
            kept &= network.organisation == network.organisations.number(wanted.organisation)
        if wanted.link is not None:
            kept &= network.link == network.links.numbers.get(wanted.link, -1)
        if wanted.mounted_on is not None:
            kept &= network.pole == network.numbers.get(wanted.mounted_on, -1)
        if wanted.district is not None:
            codes = [each.code for each in self.districts.all]
            kept &= network.district == (codes.index(wanted.district) + 1 if wanted.district in codes else -1)
        if wanted.box is not None:
            kept &= wanted.box.contains(network.lon, network.lat)
        if wanted.simulated is not None:
            kept &= network.simulated == wanted.simulated
        return kept

    def _columns(self) -> Network:
        version = self._store.registry.version(*_TABLES)
        if self._network is not None:
            known, network, at, cost = self._network
            if known == version or (_is_large(network) and time.monotonic() - at < _KEEP * cost):
                return network
        begin = time.monotonic()
        network = read_network(self._store.registry, self.districts)
        self._hand_down(network)
        self._network = (version, network, time.monotonic(), time.monotonic() - begin)
        return network

    def _hand_down(self, network: Network) -> None:
        """Have datastreams judged by the limits that their devices' models declare for what they measure."""
        limited = [
            (model, measure)
            for model in self.models()
            for measure in model.measures
            if any(name in measure for rule in RULES for name in rule.properties)
        ]
        if not limited:
            return
        table = self._store.registry.columns("datastream", ("number", "observed_property"), order="number")
        numbers = np.array(table["number"], dtype=np.int32)
        measured = np.array(table["observed_property"], dtype=object)
        model_of = network.model[network.stream_device[numbers]]
        for model, measure in limited:
            of_it = (model_of == network.models.number(model.id)) & (measured == measure.get("property"))
            self._sensing.inherit_limits(numbers[of_it], measure, where=f"device model {model.id}")

    def _judge(self, network: Network, now_us: int) -> State:
        size = len(network.stream_device)
        with self._counting:
            counted = self._count().of(size)
            came = self._counters.hours_with_values(size) if self._counters else np.zeros((0, size), np.bool_)
            self._started_us = min(self._started_us, now_us)  # the clock may have been set back
            streams = judge_streams(network, counted, now_us, self._started_us)
            return State(now_us, network, streams, judge_devices(network, streams, counted, came, now_us))

    def _count(self) -> Counters:
        """Return the counters: those kept at the last start, with what was stored since."""
        if self._counters is None:
            row = self._store.registry.get("counter_snapshot", _SNAPSHOT)
            self._counters = Counters() if row is None else self._kept(row["body"], row["moment"])
        return self._counters

    def _kept(self, body: bytes, moment: datetime) -> Counters:
        try:
            counters = Counters.from_bytes(body)
        except Problem as problem:
            _logger.warning("the network's counters begin afresh: %s", problem)
            return Counters()
        later = Call("gt", (Field("recorded"), Literal(moment)))
        heard = counters.last[counters.last != NEVER]
        start = from_micros(int(heard.max())) if len(heard) else None
        query = ObservationQuery(None, start, None, later, limit=_RECOVER_ROWS)
        table = self._store.lake.read(query)
        missed = Observations(
            table["datastream"].to_numpy().astype(np.int32),
            table["time"].cast(pa.int64()).to_numpy(),
            table["value"].to_numpy(),
            table["quality"].to_numpy().astype(np.uint8),
        )
        if len(missed):
            counters.update(missed, int(missed.time.max()))
        return counters

    def _keep(self) -> None:
        if self._state is None:
            self.state()  # read once in the background, so that nobody waits for it
        else:
            self.save()


def _is_large(network: Network) -> bool:
    return max(len(network.ids), len(network.stream_device)) > _LARGE
