"""The data standards that a city registers."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TEXT = sa.Text()
WHOLE = sa.BigInteger().with_variant(sa.INTEGER(), "sqlite")
_TEXTS = ("zh", "en", "theme", "sha256", "subject")


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "data_standard",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("edition", WHOLE, nullable=False),
        *(sa.Column(name, TEXT, nullable=False) for name in _TEXTS),
        sa.Column("recorded", WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_data_standard"),
        sqlite_strict=True,
    )
    op.create_index("ix_data_standard_name_edition", "data_standard", ["name", "edition"])


def downgrade() -> None:
    """Take the table away; the texts stay among the blobs."""
    op.drop_table("data_standard")
