"""registry: the city's records in SQLite: catalogue, devices, identities, alerts, jobs.

Does not belong here: observations and releases (lake), evidence (ledger), files (blobs).
"""

from lifang.store.registry.database import Database
from lifang.store.registry.graph import Derived, EntityQuery, Graph, Link, Node, Parents, Step
from lifang.store.registry.registry import Registry, Transaction
from lifang.store.registry.select import Row

__all__ = [
    "Database",
    "Derived",
    "EntityQuery",
    "Graph",
    "Link",
    "Node",
    "Parents",
    "Registry",
    "Row",
    "Step",
    "Transaction",
]
