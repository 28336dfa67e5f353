"""Each attempt to tell a webhook is kept, with its outcome."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

TEXT = sa.Text()
WHOLE = sa.BigInteger().with_variant(sa.INTEGER(), "sqlite")


def _column(name: str, kind: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False)


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "webhook_delivery",
        _column("id", TEXT),
        _column("webhook", TEXT),
        _column("kind", TEXT),
        _column("first", WHOLE),
        _column("last", WHOLE),
        _column("sent", WHOLE),
        _column("took_ms", WHOLE),
        _column("status", TEXT),
        _column("arrived", WHOLE),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_delivery"),
        sqlite_strict=True,
    )
    op.create_index("ix_webhook_delivery_webhook", "webhook_delivery", ["webhook"])


def downgrade() -> None:
    """Take it away."""
    op.drop_table("webhook_delivery")
