"""Things and datastreams are found by their names."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TABLES = ("thing", "datastream")


def upgrade() -> None:
    """Create the indexes."""
    for table in TABLES:
        op.create_index(f"ix_{table}_zh", table, ["zh"])


def downgrade() -> None:
    """Take the indexes away."""
    for table in TABLES:
        op.drop_index(f"ix_{table}_zh", table)
