"""Versions of what is installed."""

from __future__ import annotations

from functools import cache


@cache
def version_of(package: str) -> str:
    """Return the version of an installed package; it is read once, since that takes three milliseconds.

    Raises:
        importlib.metadata.PackageNotFoundError: It is not installed.
    """
    from importlib.metadata import version  # noqa: PLC0415 - a command that asks for none need not load it

    return version(package)
