"""What other programs see of a city's folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from lifang.store.lake.extensions import extension_path


@contextmanager
def as_others_see_it(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield DuckDB as any program opens it, using the releases of a closed city by DuckLake's catalogue alone."""
    lake = folder / "lake"
    with duckdb.connect() as connection:
        connection.load_extension(str(extension_path("ducklake")))
        options = f"DATA_PATH '{lake / 'releases'}/', OVERRIDE_DATA_PATH true, READ_ONLY"
        connection.execute(f"ATTACH 'ducklake:{lake / 'releases.ducklake'}' AS releases ({options})")
        connection.execute("USE releases")
        yield connection
