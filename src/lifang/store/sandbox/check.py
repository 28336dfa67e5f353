"""The first wall: one SELECT whose every node, function and table is on the allow-list. Runs in the child only."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb

from lifang.store.sandbox.allowed import (
    CONTAINERS,
    DEPTH_MAX,
    EXPRESSIONS,
    FUNCTIONS,
    NODES,
    NODES_MAX,
    SCHEMAS,
    SQL_MAX_BYTES,
    TABLE_FUNCTIONS,
    TYPES,
)

Scope = frozenset[str]


class RefusedError(Exception):
    """The query is not allowed; the text says which part of it, ``table`` which table it named in vain."""

    def __init__(self, text: str, *, table: str = "") -> None:
        super().__init__(text)
        self.table = table


def checked(
    connection: duckdb.DuckDBPyConnection, sql: str, tables: Mapping[str, Any], known: Sequence[str] = ()
) -> set[str]:
    """Return the names of the ``tables`` that ``sql`` reads; ``RefusedError`` or ``duckdb.Error`` if it may not run.

    ``known`` are tables to tell of where it names another one.
    """
    if len(sql.encode()) > SQL_MAX_BYTES:
        raise RefusedError(f"The query is longer than {SQL_MAX_BYTES} bytes.")
    answer = connection.execute("SELECT json_serialize_sql(?::VARCHAR)", [sql]).fetchone()
    try:
        tree: dict[str, Any] = json.loads(answer[0] if answer else '{"error": true}')
        if tree["error"] or len(tree["statements"]) != 1:
            raise RefusedError(_unparsed(tree))
        walk = _Walk({_fold(name): name for name in tables}, known)
        walk.visit(tree, frozenset(), 0)
    except RecursionError:
        raise RefusedError("The query is nested too deeply.") from None
    return walk.used


def _unparsed(tree: Mapping[str, Any]) -> str:
    """Return why a text is no single SELECT.

    Only the parser has seen it: ``extract_statements`` goes on to carry some statements out, and IMPORT DATABASE and
    its pragma then read files of the machine.
    """
    if tree.get("error_type") != "parser":
        return "Exactly one SELECT is allowed."
    message = str(tree.get("error_message", "")).partition(' Use "SET')[0]
    place = str(tree.get("position", ""))
    return f"Parser Error: {message}{f' (character {int(place) + 1})' if place.isdigit() else ''}"


def _fold(name: str) -> str:
    return name.encode().lower().decode()  # ASCII only, as DuckDB compares identifiers


@dataclass
class _Walk:
    tables: dict[str, str]
    known: Sequence[str]
    used: set[str] = field(default_factory=set)
    nodes: int = 0

    def visit(self, item: object, scope: Scope, depth: int) -> None:
        """Walk everything under ``item``; ``scope`` holds the names that WITH has given so far."""
        if depth > DEPTH_MAX:
            raise RefusedError("The query is nested too deeply.")
        if isinstance(item, list):
            for each in item:
                self.visit(each, scope, depth + 1)
        elif isinstance(item, dict):
            self.nodes += 1
            if self.nodes > NODES_MAX:
                raise RefusedError("The query has too many parts.")
            self._node(item, scope, depth)

    def _node(self, node: dict[str, Any], scope: Scope, depth: int) -> None:
        self._known(node)
        if node.get("type") == "BASE_TABLE":
            self._table(node, scope)
        if node.get("type") == "TABLE_FUNCTION" and node["function"]["function_name"] not in TABLE_FUNCTIONS:
            raise RefusedError(f"Table function {node['function']['function_name']!r} is not allowed.")
        if node.get("class") in {"FUNCTION", "WINDOW"}:
            _function(node)
        inner = self._with(node["cte_map"]["map"], scope, depth) if "cte_map" in node else scope
        for key, child in node.items():
            if key == "cte_map" or ("is_null" in node and key == "value"):
                continue  # walked above; a literal's own value is data
            self.visit(child, inner, depth + 1)

    def _known(self, node: dict[str, Any]) -> None:
        kind = node.get("type")
        if node.get("class") == "PARAMETER":
            raise RefusedError("Parameters are not allowed: write the values.")
        if "class" in node:
            known, name = node["class"] in EXPRESSIONS, str(node["class"])
        elif isinstance(kind, str):
            known, name = kind in NODES, kind
        elif "id" in node:
            known, name = node["id"] in TYPES, f"type {_type_name(node)}"
        else:
            known, name = frozenset(node) in CONTAINERS, "/".join(node)
        if not known or node.get("named_param_map"):
            raise RefusedError(f"{name[:80]} is not allowed in a query.")

    def _table(self, node: dict[str, Any], scope: Scope) -> None:
        name = node["table_name"]
        if node["schema_name"] or node["catalog_name"] or node["at_clause"]:
            raise RefusedError(f"Name the table {name[:80]!r} alone, without catalog, schema or version.")
        folded = _fold(name)
        if folded in scope:
            return
        if folded not in self.tables:
            known = ", ".join(self.known[:20]) or "none"
            raise RefusedError(f"There is no table {name[:80]!r}. Tables: {known}.", table=folded)
        self.used.add(self.tables[folded])

    def _with(self, entries: list[dict[str, Any]], scope: Scope, depth: int) -> Scope:
        # Each name holds for what follows it, never for its own query: else it could stand for a system table.
        for entry in entries:
            self.visit(entry["value"], scope, depth + 1)
            scope |= {_fold(entry["key"])}
        return scope


def _type_name(node: dict[str, Any]) -> str:
    return str((node.get("type_info") or {}).get("name", node["id"]))


def _function(node: dict[str, Any]) -> None:
    name = node["function_name"]
    if _fold(name) not in FUNCTIONS or node["catalog"] or _fold(node["schema"]) not in SCHEMAS:
        raise RefusedError(f"Function {name[:80]!r} is not allowed.")
