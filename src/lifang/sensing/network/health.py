"""How the network is, from what arrives: uptime, lag, loss, silence, clocks; for every device in one pass; pure.

A datastream is silent when nothing has come for ``SILENT_PERIODS`` of its periods, a device when all of its datastreams
are. A link is down when it says so, when its uplink is, or when everything it carries is silent. What is silent on a
link that is down is explained by it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lifang.sensing.hot import NEVER
from lifang.sensing.model import Codes, Micros, Values
from lifang.sensing.network.columns import Ints, Network
from lifang.sensing.network.counters import HOUR_US, HOURS, Counted
from lifang.sensing.network.model import Health

SILENT_PERIODS = 3.0
SILENT_MIN_US = 30_000_000  # nothing is called silent sooner
CLOCK_OFFSET_S = 30.0  # a mean lag beyond this many seconds, and many times its spread, is a clock that is wrong
CLOCK_SPREADS = 5.0
LINK_DEVICES_MIN = 3  # a link is held to be down only if it carries at least so many, all silent
_DEPTH = 32
_IN_SERVICE = 0

RULES: Mapping[str, Mapping[str, object]] = {
    "silent": {
        "zh": "超过若干个周期没有数据到达",
        "en": "no value has arrived for so many periods",
        "parameters": {"periods": SILENT_PERIODS, "at_least_s": SILENT_MIN_US / 1e6},
    },
    "clock": {
        "zh": "到达时间与观测时间之差持续偏大且稳定，或观测时间在未来",
        "en": "arrival and phenomenon time differ by much and steadily, or times lie in the future",
        "parameters": {"offset_s": CLOCK_OFFSET_S, "spreads": CLOCK_SPREADS},
    },
    "link_down": {
        "zh": "链路或其上联中断，或所承载的设备全部失联",
        "en": "the link or its uplink is down, or everything it carries is silent",
        "parameters": {"devices": LINK_DEVICES_MIN},
    },
}


@dataclass(frozen=True)
class Streams:
    """Per datastream number: whether it is silent, what of it was expected and received, its clock's offset (s)."""

    silent: NDArray[np.bool_]
    known: NDArray[np.bool_]
    expected: Values
    received: NDArray[np.int64]
    offset_s: Values
    doubted: NDArray[np.uint32]


@dataclass(frozen=True)
class DevicesHealth:
    """Per device number: health, uptime of 24 hours and of all hours seen (0 to 1), lag (s), loss (0 to 1).

    NaN where nothing is known. ``last`` is the last phenomenon time, ``arrival`` when it came; ``streams`` and
    ``silent`` count datastreams; ``offset_s`` is how far its clock seems to be behind, 0 where it keeps time.
    ``links_down`` goes by link number.
    """

    health: Codes
    uptime: Values
    uptime_all: Values
    lag_s: Values
    loss: Values
    last: Micros
    arrival: Micros
    streams: Ints
    silent: Ints
    offset_s: Values
    doubted: NDArray[np.int64]
    expected: Values
    received: NDArray[np.int64]
    link_down: NDArray[np.bool_]
    links_down: NDArray[np.bool_]


def judge_streams(network: Network, counted: Counted, now_us: int, started_us: int) -> Streams:
    """Return how each datastream is at ``now_us``; nothing is silent for what lay before ``started_us``."""
    period = network.stream_period_us.astype(np.float64)
    known = counted.last != NEVER
    heard = np.maximum(np.where(counted.arrival == NEVER, counted.last, counted.arrival), started_us)
    limit = np.maximum(SILENT_PERIODS * period, SILENT_MIN_US)
    silent = known & (period > 0) & (now_us - heard > limit)
    begin = now_us - now_us % HOUR_US - (HOURS - 1) * HOUR_US
    since = np.maximum(np.where(known, counted.first, now_us), begin)
    expected = np.where((period > 0) & known, np.floor((now_us - since) / np.maximum(period, 1.0)), 0.0)
    steady = np.abs(counted.lag) > np.maximum(CLOCK_OFFSET_S, CLOCK_SPREADS * counted.spread)
    late = steady & ~((period > 0) & (counted.lag > 0) & (counted.lag <= 1.5 * period / 1e6))
    offset = np.where(known & late, counted.lag, 0.0)
    return Streams(silent, known, np.maximum(expected, 0.0), counted.received, offset, counted.doubted)


def judge_devices(
    network: Network, streams: Streams, counted: Counted, came: NDArray[np.bool_], now_us: int
) -> DevicesHealth:
    """Return how each device is; ``came`` says, per hour of the ring and datastream, whether a value came."""
    size, of = len(network.ids), network.stream_device
    known = streams.known & (of > 0)

    def total(values: NDArray[np.float64] | NDArray[np.bool_]) -> Values:
        found = np.bincount(of[known], weights=values[known], minlength=size).astype(np.float64)
        found[0] = 0
        return found

    count = total(np.ones(len(of)))
    silent = total(streams.silent)
    last, arrival = _latest(counted.last, of, size), _latest(counted.arrival, of, size)
    expected, received = total(streams.expected), total(np.minimum(streams.received, np.maximum(streams.expected, 0)))
    with np.errstate(divide="ignore", invalid="ignore"):
        lag = total(counted.lag) / count
        loss = np.where(expected >= 1, 1.0 - np.minimum(1.0, received / expected), np.nan)
        whole = total(counted.hours_seen.astype(np.float64))
        uptime = _uptime(came, counted.first, known, of, size, now_us)
        hours_up = total(counted.hours_up.astype(np.float64))
        ring = np.where(np.isfinite(uptime), uptime, 0.0) * count * HOURS
        uptime_all = np.where(count > 0, (hours_up + ring) / (whole + count * HOURS), np.nan)
    offset = np.zeros(size)
    np.maximum.at(offset, of[known], np.abs(streams.offset_s[known]))
    dead = (count > 0) & (silent == count) & (network.state == _IN_SERVICE)
    down = links_down(network, dead, count > 0)
    health = np.full(size, Health.OK, np.uint8)
    health[(silent > 0) & (silent < count)] = Health.PARTIAL
    future = total(counted.future.astype(np.float64)) > 0
    health[(health == Health.OK) & ((offset > 0) | future)] = Health.SUSPECT
    health[silent == count] = Health.SILENT
    health[count == 0] = Health.UNKNOWN
    link_down = down[network.link]
    health[(silent > 0) & link_down] = Health.EXPLAINED
    health[network.state != _IN_SERVICE] = Health.UNKNOWN
    return DevicesHealth(
        health,
        uptime,
        np.where(whole > 0, uptime_all, uptime),
        lag,
        loss,
        last,
        arrival,
        count.astype(np.int32),
        silent.astype(np.int32),
        offset,
        total(streams.doubted.astype(np.float64)).astype(np.int64),
        expected,
        received.astype(np.int64),
        link_down,
        down,
    )


def _latest(times: Micros, of: Ints, size: int) -> Micros:
    found = np.full(size, NEVER, np.int64)
    np.maximum.at(found, of, times)
    found[0] = NEVER
    return found


def _uptime(
    came: NDArray[np.bool_], first: Micros, known: NDArray[np.bool_], of: Ints, size: int, now_us: int
) -> Values:
    """Return the share of the ring's hours, since a device was first heard, in which any value of it came.

    Hours in which nothing came from the whole city are left out: they say nothing of a device.
    """
    hour = now_us // HOUR_US
    hours = np.array([hour - (hour - row) % HOURS for row in range(HOURS)])
    told = came.any(axis=1) & (hours < hour)  # the present hour is not over
    begun = np.full(size, np.iinfo(np.int64).max, np.int64)
    np.minimum.at(begun, of[known], first[known])
    up, seen = np.zeros(size), np.zeros(size)
    for row in np.flatnonzero(told):
        some = np.zeros(size, np.bool_)
        some[of[known & came[row]]] = True
        may = some | (begun < hours[row] * HOUR_US)
        up += some
        seen += may
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.where(seen > 0, up / seen, np.nan)
    found[0] = np.nan
    return found


def links_down(network: Network, dead: NDArray[np.bool_], heard: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which links are down: said to be, below one that is, or with all they carry silent (row 0: none)."""
    links = network.links
    size = len(links.ids)
    carried = np.bincount(network.link[heard], minlength=size)
    silent = np.bincount(network.link[heard & dead], minlength=size)
    carried, silent = _with_below(links.uplink, carried), _with_below(links.uplink, silent)
    down: NDArray[np.bool_] = links.down | ((carried >= LINK_DEVICES_MIN) & (silent == carried))
    down[0] = False
    for _ in range(_DEPTH):
        further = down | down[links.uplink]
        if (further == down).all():
            break
        down = further
    return down


def _with_below(uplink: Ints, counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return counts with those of every link below added."""
    whole, moving, at = counts.copy(), counts.copy(), uplink.copy()
    for _ in range(_DEPTH):
        there = at > 0
        if not there.any():
            break
        whole += np.bincount(at[there], weights=moving[there], minlength=len(counts)).astype(counts.dtype)
        moving, at = np.where(there, moving, 0), np.where(there, uplink[at], 0)
    return whole
