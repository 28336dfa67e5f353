"""Agreements to share data."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

TEXT = sa.Text()
WHOLE = sa.BigInteger().with_variant(sa.INTEGER(), "sqlite")


def _texts(*names: str) -> "list[sa.Column[str]]":
    return [sa.Column(name, TEXT, nullable=False) for name in names]


def _wholes(*names: str) -> "list[sa.Column[int]]":
    return [sa.Column(name, WHOLE, nullable=False) for name in names]


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "agreement",
        *_texts("id", "dataset", "subject", "applicant", "organisation"),
        *_wholes("for_organisation"),
        *_texts("purpose"),
        sa.Column("fields", TEXT, nullable=True),
        sa.Column("rows", TEXT, nullable=True),
        *_wholes("until"),
        *_texts("state", "reasons", "assessment", "reviewer"),
        *_wholes("asked", "due"),
        sa.Column("since", WHOLE, nullable=True),
        sa.Column("reviewed", WHOLE, nullable=True),
        sa.Column("ended", WHOLE, nullable=True),
        *_wholes("updated"),
        sa.PrimaryKeyConstraint("id", name="pk_agreement"),
        sqlite_strict=True,
    )
    op.create_index("ix_agreement_dataset_state", "agreement", ["dataset", "state"])
    op.create_index("ix_agreement_subject", "agreement", ["subject"])


def downgrade() -> None:
    """Take the table away; the ledger keeps what was agreed."""
    op.drop_table("agreement")
