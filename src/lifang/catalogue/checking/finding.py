"""A finding: which rows of a batch break which rule, and how to mend them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Finding:
    """The rows (a mask over the batch) whose cell breaks ``rule``."""

    mask: Mask
    rule: str
    mend: str


def found(mask: Any, rule: str, mend: str) -> list[Finding]:
    """Return one finding if any row is marked in ``mask`` (NumPy or Arrow booleans; null is no), else none."""
    marked = as_mask(mask)
    return [Finding(marked, rule, mend)] if marked.any() else []


def as_mask(mask: Any) -> Mask:
    """Return NumPy booleans of NumPy or Arrow ones; null becomes False."""
    if isinstance(mask, np.ndarray):
        return mask.astype(bool, copy=False)
    if isinstance(mask, pa.ChunkedArray):
        mask = mask.combine_chunks()
    result: Mask = mask.fill_null(False).to_numpy(zero_copy_only=False)
    return result
