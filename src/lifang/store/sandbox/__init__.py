"""store.sandbox: answer SQL written by strangers, outside the server process and within bounds.

Does not belong here: who may ask (guard), which datasets there are (catalogue), SQL that lifang itself writes.
Reads the Parquet files of the releases it is given; writes nothing.

Two walls: the query is parsed and checked against an allow-list (``check``, ``allowed``), then run by DuckDB with
outside access off; both happen in a child process (``child``) with limits on memory, CPU, files and wall clock.
"""

from lifang.store.sandbox.allowed import SQL_MAX_BYTES
from lifang.store.sandbox.pool import Sandbox, run_query
from lifang.store.sandbox.process import QueryResult

__all__ = ["SQL_MAX_BYTES", "QueryResult", "Sandbox", "run_query"]
