"""lake: the columnar store: observations in native DuckDB, dataset releases as Parquet under DuckLake.

Does not belong here: records with keys (registry), files as received (blobs).
Writes and reads: ``observations.duckdb``, ``releases.ducklake`` and the Parquet files below ``releases/``.
"""

from lifang.store.lake.lake import Lake
from lifang.store.lake.model import DELETED, Batch, ColumnInfo, Condition, Observations, ReleaseFile, rising
from lifang.store.lake.observed import Aged, Ages
from lifang.store.lake.query import NEVER, AggregateQuery, ObservationQuery, Tally
from lifang.store.lake.relation import Relation

__all__ = [
    "DELETED",
    "NEVER",
    "Aged",
    "Ages",
    "AggregateQuery",
    "Batch",
    "ColumnInfo",
    "Condition",
    "Lake",
    "ObservationQuery",
    "Observations",
    "Relation",
    "ReleaseFile",
    "Tally",
    "rising",
]
