"""A published air quality index held against the one computed from its concentrations, with a finding for each hour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lifang.core import BadInput
from lifang.standards.air import Aqi, aqi


class Finding(StrEnum):
    """How a published index stands to the computed one; every position has exactly one."""

    SAME = "same"
    INDEX_ALONE = "index alone"  # an index without any concentration: the row was cut off
    PRIMARY_MISSING = "primary missing"  # higher than computed, and a concentration is missing that may explain it
    NOT_PUBLISHED = "not published"  # concentrations without an index
    NOTHING = "nothing"  # neither
    UNEXPLAINED = "unexplained"  # anything else: a defect of the data or of the computation


@dataclass(frozen=True)
class AqiCheck:
    """The finding of each position, beside the computed index."""

    findings: NDArray[np.str_]
    computed: Aqi

    @property
    def counts(self) -> dict[Finding, int]:
        """How often each finding occurs; those that do not occur are 0."""
        return {each: int((self.findings == each).sum()) for each in Finding}

    @property
    def agreement(self) -> float:
        """The share of published indices that equal the computed one; NaN if none is published."""
        counts = self.counts
        published = sum(counts.values()) - counts[Finding.NOTHING] - counts[Finding.NOT_PUBLISHED]
        return counts[Finding.SAME] / published if published else float("nan")


def check_aqi(published: ArrayLike, concentrations: Mapping[str, ArrayLike], *, hourly: bool = True) -> AqiCheck:
    """Return how a published index agrees with the one of ``concentrations``, arrays of its own shape (see ``aqi``)."""
    computed = aqi(concentrations, hourly=hourly)
    given = np.asarray(published, dtype=np.float64)
    if given.shape != computed.value.shape:
        raise BadInput("The published index and the concentrations differ in shape.", mend="Align them.")
    missing_index, nothing = np.isnan(given), np.isnan(computed.value)
    findings = np.select(
        [
            missing_index & nothing,
            missing_index,
            nothing,
            given == computed.value,
            (given > computed.value) & (computed.missing > 0),
        ],
        [Finding.NOTHING, Finding.NOT_PUBLISHED, Finding.INDEX_ALONE, Finding.SAME, Finding.PRIMARY_MISSING],
        default=Finding.UNEXPLAINED,
    )
    return AqiCheck(np.asarray(findings, dtype=np.str_), computed)
