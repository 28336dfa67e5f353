"""Chance that depends on a place and a seed alone: a change of one street changes the buildings along it only."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Codes = NDArray[np.uint64]

_GOLDEN = 0x9E3779B97F4A7C15


def codes(points: Floats, seed: int) -> Codes:
    """Return a number for each of ``points`` (n, 2), metres, as told apart to the decimetre, shape (n,)."""
    x, y = np.round(np.asarray(points) * 10).astype(np.int64).astype(np.uint64).T
    return _mixed(_mixed(_mixed(x) ^ y) ^ np.uint64(seed))


def draws(code: Codes, question: int) -> Floats:
    """Return a number in [0, 1) for each code, another one for every ``question``, shape (n,)."""
    return np.asarray((_mixed(code + np.uint64(question)) >> np.uint64(11)) / float(2**53))


def _mixed(value: Codes) -> Codes:
    """Return the numbers scattered: splitmix64 (Steele, Lea and Flood 2014, OOPSLA, figure 16)."""
    with np.errstate(over="ignore"):
        value = value + np.uint64(_GOLDEN)
        value = (value ^ value >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
        value = (value ^ value >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    return np.asarray(value ^ value >> np.uint64(31))
