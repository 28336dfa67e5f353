"""observed: the observations of one city: taken in durably, kept through time, read as of any moment, summed up.

Does not belong here: releases of datasets, what a value means. Reads and writes ``observations.duckdb``.
"""

from lifang.store.lake.observed.ageing import Aged, Ages
from lifang.store.lake.observed.native import Native

__all__ = ["Aged", "Ages", "Native"]
