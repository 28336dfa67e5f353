"""Size and checksum of each file that a dataset offers are kept once it was made."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

TEXT = sa.Text()
WHOLE = sa.BigInteger().with_variant(sa.INTEGER(), "sqlite")


def _column(name: str, kind: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False)


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "offered_file",
        _column("id", TEXT),
        _column("dataset", TEXT),
        _column("release", WHOLE),
        _column("format", TEXT),
        _column("bytes", WHOLE),
        _column("sha256", TEXT),
        _column("made_by", TEXT),
        _column("recorded", WHOLE),
        sa.PrimaryKeyConstraint("id", name="pk_offered_file"),
        sa.ForeignKeyConstraint(
            ["dataset"], ["dataset.id"], name="fk_offered_file_dataset", deferrable=True, initially="DEFERRED"
        ),
        sqlite_strict=True,
    )
    op.create_index("ix_offered_file_dataset", "offered_file", ["dataset"])


def downgrade() -> None:
    """Take it away."""
    op.drop_table("offered_file")
