"""A card as plain values and as the text of a ``dataset.toml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import orjson


def plain(value: Any, *, skip: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return the fields of ``value`` that are not left at their default, lists for tuples."""
    return {
        each.name: list(present) if isinstance(present := getattr(value, each.name), tuple) else present
        for each in fields(value)
        if each.name not in skip and getattr(value, each.name) != each.default
    }


def as_toml(mapping: Mapping[str, Any]) -> str:
    """Return the plain values of a card as TOML that a person can correct."""
    lines = [f"{name} = {_toml(value)}" for name, value in mapping.items() if not isinstance(value, dict)]
    for name, value in mapping.items():
        if name != "columns" and isinstance(value, dict):
            lines += ["", f"[{name}]", *(f"{key} = {_toml(each)}" for key, each in value.items())]
    for column, value in mapping.get("columns", {}).items():
        lines += ["", f"[columns.{_toml(column)}]", *(f"{key} = {_toml(each)}" for key, each in value.items())]
    return "\n".join(lines) + "\n"


def _toml(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_toml(each) for each in value) + "]"
    return orjson.dumps(value).decode().replace("\x7f", "\\u007f")
