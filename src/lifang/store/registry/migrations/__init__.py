"""migrations: how the registry's tables came to be, step by step (Alembic).

A registry that is new is laid out at once by ``schema.sql``, which is what all steps come to.

Does not belong here: the tables themselves (``tables.py``), which these steps must equal.
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

HEAD = "0022"
SCHEMA = Path(__file__).with_name("schema.sql")  # statements with an empty line between; `make docs` writes it


def upgrade(connection: sa.Connection) -> None:
    """Bring the tables behind ``connection`` to ``HEAD`` inside its open transaction."""
    present = _present(connection)
    if present is None:
        cursor = connection.connection.cursor()  # SQLAlchemy would take as long for each statement as SQLite does
        for statement in SCHEMA.read_text("utf-8").split("\n\n"):
            cursor.execute(statement)
    elif present != HEAD:
        migrate(connection, HEAD)


def migrate(connection: sa.Connection, revision: str) -> None:
    """Take the steps from where the tables behind ``connection`` are to ``revision``, inside its open transaction."""
    from alembic import command, config  # noqa: PLC0415 - loading it takes longer than to open what is up to date

    settings = config.Config()
    settings.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    settings.set_main_option("path_separator", "os")
    settings.attributes["connection"] = connection
    command.upgrade(settings, revision)


def _present(connection: sa.Connection) -> str | None:
    """Return the revision that the tables are at, or ``None`` where there are none."""
    run = connection.exec_driver_sql
    if run("SELECT 1 FROM sqlite_schema WHERE name = 'alembic_version'").first() is None:
        return None
    revision: str | None = run("SELECT version_num FROM alembic_version").scalar()
    return revision
