"""The one place that loads DuckDB extensions: from installed wheels, by path, signed, never from the network."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import duckdb

from lifang.core import Unavailable


def extension_path(name: str) -> Path:
    """Return where the wheel ``duckdb-extension-<name>`` keeps its file; ``Unavailable`` if it is not installed."""
    package = f"duckdb_extension_{name}"
    spec = find_spec(package)
    folders = spec.submodule_search_locations if spec else None
    for folder in folders or []:
        path = Path(folder) / "extensions" / f"v{duckdb.__version__}" / f"{name}.duckdb_extension"
        if path.is_file():
            return path
    raise Unavailable(
        f"The DuckDB extension {name} {duckdb.__version__} is not installed.",
        where=package,
        mend=f"Install duckdb-extension-{name.replace('_', '-')}=={duckdb.__version__}.",
    )


def load_extension(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Load the extension; DuckDB checks its signature."""
    connection.load_extension(str(extension_path(name)))
