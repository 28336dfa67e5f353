"""A portal is harvested every so many days, can be paused and removed, and keeps why its last harvest failed."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    op.add_column("harvest_source", sa.Column("every_days", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("harvest_source", sa.Column("active", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("harvest_source", sa.Column("attempted", sa.Integer(), nullable=True))
    op.add_column("harvest_source", sa.Column("trouble", sa.Text(), nullable=True))
    op.add_column("harvest_source", sa.Column("removed", sa.Integer(), nullable=True))


def downgrade() -> None:
    """Take them away."""
    for name in ("every_days", "active", "attempted", "trouble", "removed"):
        op.drop_column("harvest_source", name)
