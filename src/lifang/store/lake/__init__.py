"""lake: the columnar store: observations and objects in native DuckDB, dataset releases as Parquet under DuckLake.

Does not belong here: records with keys (registry), files as received (blobs).
Writes and reads: ``observations.duckdb``, ``objects.duckdb``, ``releases.ducklake``, Parquet files below ``releases/``.
"""

from lifang.store.lake.difference import Difference, DifferenceTally
from lifang.store.lake.lake import Lake
from lifang.store.lake.model import (
    DELETED,
    NO_END,
    Batch,
    ColumnInfo,
    Condition,
    Observations,
    ReleaseFile,
    ends_of,
    rising,
)
from lifang.store.lake.nearness import NearName, likest
from lifang.store.lake.objects import COLUMNS as OBJECT_COLUMNS
from lifang.store.lake.objects import FOREVER, LINK_COLUMNS, LinkQuery, Links, ObjectChange, ObjectQuery, Objects
from lifang.store.lake.observed import Aged, Ages
from lifang.store.lake.query import NEVER, AggregateQuery, ObservationQuery, Tally
from lifang.store.lake.relation import Relation

__all__ = [
    "DELETED",
    "FOREVER",
    "LINK_COLUMNS",
    "NEVER",
    "NO_END",
    "OBJECT_COLUMNS",
    "Aged",
    "Ages",
    "AggregateQuery",
    "Batch",
    "ColumnInfo",
    "Condition",
    "Difference",
    "DifferenceTally",
    "Lake",
    "LinkQuery",
    "Links",
    "NearName",
    "ObjectChange",
    "ObjectQuery",
    "Objects",
    "ObservationQuery",
    "Observations",
    "Relation",
    "ReleaseFile",
    "Tally",
    "ends_of",
    "likest",
    "rising",
]
