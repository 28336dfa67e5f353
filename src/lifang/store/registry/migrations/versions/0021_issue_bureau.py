"""An issue names the bureau that its dataset came from: its people see it, and say that it is mended."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("issue", sa.Column("bureau", sa.Text(), nullable=True))
    op.create_index("ix_issue_bureau", "issue", ["bureau"])


def downgrade() -> None:
    """Take it away."""
    op.drop_index("ix_issue_bureau", "issue")
    op.drop_column("issue", "bureau")
