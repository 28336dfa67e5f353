"""migrations: how the registry's tables came to be, step by step (Alembic).

Does not belong here: the tables themselves (``tables.py``), which these steps must equal.
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config


def upgrade(connection: sa.Connection, revision: str = "head") -> None:
    """Bring the tables behind ``connection`` to ``revision`` inside its open transaction."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
