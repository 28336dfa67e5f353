"""SQL in parts: names and texts quoted in one place; values are always bound."""

from __future__ import annotations


def sql(*parts: str) -> str:
    """Return a statement of parts that are written here, quoted by :func:`name` or :func:`text`, or placeholders."""
    return " ".join(parts)


def text(value: object) -> str:
    """Return ``value`` as a quoted SQL text, for the statements that take no parameter."""
    return "'" + str(value).replace("'", "''") + "'"


def name(identifier: str) -> str:
    """Return ``identifier`` as a quoted SQL name."""
    return '"' + identifier.replace('"', '""') + '"'
