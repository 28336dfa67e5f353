"""The network summed up: by district, link, type or bureau, and for the city; one pass over the columns; pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lifang.sensing.model import Values
from lifang.sensing.network.health import DevicesHealth
from lifang.sensing.network.model import Health


@dataclass(frozen=True)
class Summary:
    """Per group (row): how many devices there are, in which health; means of uptime, lag; loss of all their values."""

    devices: NDArray[np.int64]
    by_health: NDArray[np.int64]
    simulated: NDArray[np.int64]
    uptime: Values
    lag_s: Values
    loss: Values

    def as_json(self, row: int) -> dict[str, Any]:
        """Return one group's figures; what is not known is ``None``."""
        counts = {each.word: int(self.by_health[row, each]) for each in Health}
        return {
            "devices": int(self.devices[row]),
            "simulated": int(self.simulated[row]),
            "health": counts,
            "uptime": known(self.uptime[row]),
            "lag_s": known(self.lag_s[row]),
            "loss": known(self.loss[row]),
        }


def summed_up(
    devices: DevicesHealth, simulated: NDArray[np.bool_], group: NDArray[Any], size: int, rows: NDArray[np.int64]
) -> Summary:
    """Return the devices ``rows`` summed up by ``group`` (0 to ``size`` - 1)."""
    of = group[rows].astype(np.int64)
    health = devices.health[rows].astype(np.int64)
    kinds = len(Health)
    by_health = np.bincount(of * kinds + health, minlength=size * kinds).reshape(size, kinds)
    with np.errstate(divide="ignore", invalid="ignore"):
        received = np.bincount(of, weights=devices.received[rows], minlength=size)
        expected = np.bincount(of, weights=devices.expected[rows], minlength=size)
        loss = np.where(expected > 0, 1.0 - np.minimum(1.0, received / expected), np.nan)
    return Summary(
        np.bincount(of, minlength=size),
        by_health,
        np.bincount(of, weights=simulated[rows], minlength=size).astype(np.int64),
        _mean(devices.uptime[rows], of, size),
        _mean(devices.lag_s[rows], of, size),
        loss,
    )


def _mean(values: Values, of: NDArray[np.int64], size: int) -> Values:
    finite = np.isfinite(values)
    count = np.bincount(of[finite], minlength=size)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.bincount(of[finite], weights=values[finite], minlength=size) / count


def known(value: float, digits: int = 6) -> float | None:
    """Return a number rounded, or ``None`` where it is not known."""
    return round(float(value), digits) if np.isfinite(value) else None
