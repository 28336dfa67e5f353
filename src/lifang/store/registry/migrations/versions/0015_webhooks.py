"""Webhooks are told of changes in the catalogue."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

TEXT = sa.Text()
WHOLE = sa.BigInteger().with_variant(sa.INTEGER(), "sqlite")


def _column(name: str, kind: Any, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=nullable)


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "webhook",
        _column("id", TEXT),
        _column("owner", TEXT),
        _column("roles", TEXT, nullable=True),
        _column("purpose", TEXT),
        _column("url", TEXT),
        _column("datasets", TEXT, nullable=True),
        _column("state", TEXT),
        _column("told", WHOLE),
        _column("failures", WHOLE),
        _column("due", WHOLE, nullable=True),
        _column("last_status", TEXT),
        _column("last_success", WHOLE, nullable=True),
        _column("created", WHOLE),
        sa.PrimaryKeyConstraint("id", name="pk_webhook"),
        sqlite_strict=True,
    )
    op.create_index("ix_webhook_owner", "webhook", ["owner"])


def downgrade() -> None:
    """Take it away."""
    op.drop_table("webhook")
