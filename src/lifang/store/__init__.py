"""store: the city's memory: lake (columns), registry (records), ledger (evidence), blobs (files as received).

Does not belong here: what the data mean, who may see them, any outside language.
Reads and writes every release and all observations, for the rooms above; the only room that imports an engine.
"""

from lifang.store.backup import BackupSummary
from lifang.store.blobs import Blob, Blobs
from lifang.store.city_store import Store
from lifang.store.expression import Among, Call, Expression, Field, Geometry, Kind, Literal, all_of, conjuncts
from lifang.store.journal import Journal
from lifang.store.lake import (
    DELETED,
    FOREVER,
    NEVER,
    OBJECT_COLUMNS,
    Ages,
    AggregateQuery,
    Batch,
    ColumnInfo,
    Condition,
    Difference,
    DifferenceTally,
    Lake,
    ObjectChange,
    ObjectQuery,
    Objects,
    ObservationQuery,
    Observations,
    Relation,
    ReleaseFile,
    Tally,
    rising,
)
from lifang.store.ledger import Entry, Ledger, Record, Verdict
from lifang.store.registry import (
    Derived,
    EntityQuery,
    Graph,
    Link,
    Node,
    Parents,
    Registry,
    Row,
    Step,
    Transaction,
)
from lifang.store.sandbox import QueryResult, Sandbox, run_query
from lifang.store.settings import read_setting, write_setting

__all__ = [
    "DELETED",
    "FOREVER",
    "NEVER",
    "OBJECT_COLUMNS",
    "Ages",
    "AggregateQuery",
    "Among",
    "BackupSummary",
    "Batch",
    "Blob",
    "Blobs",
    "Call",
    "ColumnInfo",
    "Condition",
    "Derived",
    "Difference",
    "DifferenceTally",
    "EntityQuery",
    "Entry",
    "Expression",
    "Field",
    "Geometry",
    "Graph",
    "Journal",
    "Kind",
    "Lake",
    "Ledger",
    "Link",
    "Literal",
    "Node",
    "ObjectChange",
    "ObjectQuery",
    "Objects",
    "ObservationQuery",
    "Observations",
    "Parents",
    "QueryResult",
    "Record",
    "Registry",
    "Relation",
    "ReleaseFile",
    "Row",
    "Sandbox",
    "Step",
    "Store",
    "Tally",
    "Transaction",
    "Verdict",
    "all_of",
    "conjuncts",
    "read_setting",
    "rising",
    "run_query",
    "write_setting",
]
