"""Every dataset has a resource code."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.INTEGER(), "sqlite")


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "resource_code",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("front", sa.Text(), nullable=False),
        sa.Column("serial", WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_resource_code"),
        sa.UniqueConstraint("front", "serial", name="uq_resource_code_front_serial"),
        sqlite_strict=True,
    )


def downgrade() -> None:
    """Take it away."""
    op.drop_table("resource_code")
