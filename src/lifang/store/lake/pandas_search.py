"""DuckDB's search for pandas, cut short where pandas is not installed.

DuckDB 1.5.5 imports pandas twice for every value bound to a query, to see whether the value is one of its own. Where it
is missing, Python looks through every folder of its path each time: 150 us a value, longer than a small query takes.
"""

from __future__ import annotations

import sys
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec


class _Missing(MetaPathFinder):
    """Answers for pandas alone: it is not there."""

    def find_spec(self, fullname: str, *_: object) -> ModuleSpec | None:
        """Return nothing, so that others are asked; ``ModuleNotFoundError`` for pandas."""
        if fullname == "pandas":
            raise ModuleNotFoundError("No module named 'pandas'", name="pandas")
        return None


def answer_at_once_that_pandas_is_missing() -> None:
    """Have an import of pandas fail at once in this process, if it is not installed."""
    known = any(isinstance(each, _Missing) for each in sys.meta_path)
    if not known and "pandas" not in sys.modules and find_spec("pandas") is None:
        sys.meta_path.insert(0, _Missing())
