"""The air quality index by HJ 633-2012, for whole arrays of concentrations at once.

Concentrations are in ug/m3, CO in mg/m3; NaN (and anything negative or infinite) is a missing value.
The index is dimensionless, a whole number from 0 to 500; beyond the last breakpoint it stays at 500 (爆表).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lifang.core import BadInput, UnknownCode
from lifang.standards.codes import Code, code_list

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

INDEX_MAX = 500.0
_PRIMARY_ABOVE = 50.0  # HJ 633-2012 §4.4: no primary pollutant at 50 or less
_NOISE = 1e-9  # what binary fractions may add before the index is rounded up


class Pollutant(StrEnum):
    """The six pollutants of the index, and the 8-hour ozone that the daily report adds."""

    PM2_5 = "PM2.5"
    PM10 = "PM10"
    SO2 = "SO2"
    NO2 = "NO2"
    O3 = "O3"
    CO = "CO"
    O3_8H = "O3_8h"


HOURLY: Mapping[str, str] = {
    Pollutant.PM2_5: "24h",
    Pollutant.PM10: "24h",
    Pollutant.SO2: "1h",
    Pollutant.NO2: "1h",
    Pollutant.O3: "1h",
    Pollutant.CO: "1h",
}
"""The table of each pollutant in the hourly report; as in the feed, hourly particles use the 24-hour table."""

DAILY: Mapping[str, str] = {
    Pollutant.PM2_5: "24h",
    Pollutant.PM10: "24h",
    Pollutant.SO2: "24h",
    Pollutant.NO2: "24h",
    Pollutant.O3: "1h",
    Pollutant.CO: "24h",
    Pollutant.O3_8H: "8h",
}
"""The table of each pollutant in the daily report; ``O3`` is the highest hour, ``O3_8h`` the highest 8-hour mean."""

SO2_24H = "SO2_24h"
"""The running 24-hour mean that speaks for SO2 in the hourly report where its hour is above 800 (Table 1, note 2)."""


@dataclass(frozen=True)
class Aqi:
    """The index of each position: ``value`` (NaN where no pollutant is known), and what it is made of.

    ``primary`` names the pollutants of the highest index above 50, joined by ``,``; ``iaqi`` holds the index of each;
    ``missing`` counts the pollutants of the report without one; ``beyond`` marks a concentration past its table (爆表).
    """

    value: Floats
    primary: NDArray[np.str_]
    iaqi: dict[str, Floats]
    missing: NDArray[np.int8]
    beyond: Bools


@dataclass(frozen=True)
class _Table:
    concentrations: Floats
    indices: Floats
    capped: bool


@lru_cache(maxsize=1)
def _tables() -> dict[tuple[str, str], _Table]:
    rows = {row.code: row for row in code_list("hj633_breakpoints")}
    indices = _numbers(rows.pop("IAQI"))
    tables = {}
    for row in rows.values():
        concentrations = _numbers(row)
        key = (row.parent, row.properties["averaging"])
        tables[key] = _Table(concentrations, indices[: len(concentrations)], row.properties["beyond"] == "cap")
    return tables


def _numbers(row: Code) -> Floats:
    return np.array([float(part) for part in row.properties["concentrations"].split()], dtype=np.float64)


def _table(pollutant: str, averaging: str) -> _Table:
    key = (Pollutant.O3 if pollutant == Pollutant.O3_8H else pollutant, averaging)
    try:
        return _tables()[key]
    except KeyError:
        known = ", ".join("/".join(each) for each in _tables())
        raise UnknownCode(f"HJ 633-2012 has no index for {pollutant}/{averaging}.", mend=f"Known: {known}.") from None


def _known(concentration: ArrayLike) -> Floats:
    values = np.asarray(concentration, dtype=np.float64)
    return np.where(np.isfinite(values) & (values >= 0), values, np.nan)


def iaqi(pollutant: str, averaging: str, concentration: ArrayLike) -> Floats:
    """Return individual indices, rounded up to whole numbers (HJ 633-2012 §4.2, Table 1).

    ``averaging`` is ``1h``, ``8h`` or ``24h``. Above the table the index is 500, or NaN for SO2/1h and O3/8h, which
    have none above 800; ``UnknownCode`` if the standard has no such table.
    """
    table = _table(pollutant, averaging)
    above = INDEX_MAX if table.capped else np.nan
    exact = np.interp(_known(concentration), table.concentrations, table.indices, right=above)
    return np.asarray(np.ceil(exact - _NOISE) + 0.0, dtype=np.float64)


def aqi(concentrations: Mapping[str, ArrayLike], *, hourly: bool = True) -> Aqi:
    """Return the index of arrays of one shape, one per pollutant: the highest individual index (HJ 633-2012 §4.4).

    Keys are those of ``HOURLY`` (with ``SO2_24h``, if known, for SO2 above 800) or ``DAILY``; those absent are missing.
    ``BadInput`` on any other key, on arrays of different shapes, and on none at all.
    """
    tables = HOURLY if hourly else DAILY
    known = _checked(concentrations, tables, extra={SO2_24H} if hourly else set())
    shape = next(iter(known.values())).shape
    nothing = np.full(shape, np.nan)
    parts = {str(key): iaqi(key, averaging, known.get(key, nothing)) for key, averaging in tables.items()}
    if SO2_24H in known:
        parts[Pollutant.SO2] = np.where(
            known.get(Pollutant.SO2, nothing) > _table(Pollutant.SO2, "1h").concentrations[-1],
            iaqi(Pollutant.SO2, "24h", known[SO2_24H]),
            parts[Pollutant.SO2],
        )
    stack = np.stack(list(parts.values()))
    value = np.fmax.reduce(stack, axis=0)
    past = [known[key] > _table(key, averaging).concentrations[-1] for key, averaging in tables.items() if key in known]
    return Aqi(
        value=value,
        primary=_primary(stack, value, list(parts)),
        iaqi=parts,
        missing=np.isnan(stack).sum(axis=0, dtype=np.int8),
        beyond=np.asarray(np.any(past, axis=0) if past else np.zeros(shape), dtype=np.bool_),
    )


def _checked(
    concentrations: Mapping[str, ArrayLike], tables: Mapping[str, str], *, extra: set[str]
) -> dict[str, Floats]:
    allowed = {str(key) for key in tables} | extra
    for key in concentrations:
        if key not in allowed:
            raise BadInput(f"{key!r} is not part of this index.", mend=f"Known: {', '.join(sorted(allowed))}.")
    known = {str(key): _known(values) for key, values in concentrations.items()}
    if len({values.shape for values in known.values()}) != 1:
        raise BadInput("The index needs arrays of one shape, at least one.", mend="Align them, NaN where missing.")
    return known


def _primary(stack: Floats, value: Floats, names: list[str]) -> NDArray[np.str_]:
    leads = (stack == value) & (value > _PRIMARY_ABOVE)
    bits = np.arange(len(names), dtype=np.int64).reshape(-1, *([1] * value.ndim))
    which = (leads.astype(np.int64) << bits).sum(axis=0)
    texts = np.array(
        [",".join(name for bit, name in enumerate(names) if mask >> bit & 1) for mask in range(1 << len(names))]
    )
    return np.asarray(texts[which], dtype=np.str_)
