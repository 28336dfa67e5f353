"""On which line of a TOML text a table or a key stands: the parser does not tell."""

from __future__ import annotations

import re
from collections.abc import Mapping

_TABLE = re.compile(r"\s*\[\s*([^\[\]]+?)\s*\]\s*(?:#.*)?$")
_KEY = re.compile(r"\s*([A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*')\s*=")
_LONG = re.compile(r"\"\"\"|'''")


def lines_of(text: str) -> Mapping[str, int]:
    """Return the line, from 1, of every table and key of a TOML text by its dotted path (``elements.name.type``)."""
    found: dict[str, int] = {}
    table, inside = "", ""
    for number, line in enumerate(text.splitlines(), 1):
        if not inside:
            if match := _TABLE.match(line):
                table = _plain(match[1])
                found.setdefault(table, number)
            elif match := _KEY.match(line):
                found.setdefault(f"{table}.{_plain(match[1])}".lstrip("."), number)
        for mark in _LONG.findall(line):
            inside = mark if not inside else "" if mark == inside else inside
    return found


def line_at(lines: Mapping[str, int], path: str) -> int:
    """Return the line of ``path``, else of the nearest table around it, else 1."""
    while path:
        if path in lines:
            return lines[path]
        path = path.rpartition(".")[0]
    return 1


def _plain(key: str) -> str:
    return ".".join(part.strip().strip("\"'") for part in key.split("."))
