"""lake: the columnar store: observations in native DuckDB, dataset releases as Parquet under DuckLake.

Does not belong here: records with keys (registry), files as received (blobs).
Writes and reads: ``observations.duckdb``, ``releases.ducklake`` and the Parquet files below ``releases/``.
"""

from lifang.store.lake.lake import Lake
from lifang.store.lake.model import Batch, ColumnInfo, Condition, Observations, ReleaseFile
from lifang.store.lake.relation import Relation

__all__ = ["Batch", "ColumnInfo", "Condition", "Lake", "Observations", "Relation", "ReleaseFile"]
