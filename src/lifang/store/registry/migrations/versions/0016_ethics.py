"""Impact assessments, and the meter of what is used."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

TEXT = sa.Text()
WHOLE = sa.BigInteger().with_variant(sa.INTEGER(), "sqlite")


def _texts(*names: str) -> "list[sa.Column[str]]":
    return [sa.Column(name, TEXT, nullable=False) for name in names]


def _wholes(*names: str) -> "list[sa.Column[int]]":
    return [sa.Column(name, WHOLE, nullable=False) for name in names]


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "assessment",
        *_texts("id", "agreement", "dataset"),
        *_wholes("version"),
        *_texts("form"),
        sa.Column("answers", TEXT, nullable=True),
        *_wholes("acceptable"),
        *_texts("subject"),
        *_wholes("recorded"),
        sa.PrimaryKeyConstraint("id", name="pk_assessment"),
        sa.ForeignKeyConstraint(
            ["agreement"],
            ["agreement.id"],
            name="fk_assessment_agreement",
            deferrable=True,
            initially="DEFERRED",
        ),
        sa.UniqueConstraint("agreement", "version", name="uq_assessment_agreement_version"),
        sqlite_strict=True,
    )
    op.create_table(
        "usage",
        *_texts("id", "day", "dataset", "subject", "organisation", "agreement", "action"),
        *_wholes("requests", "rows", "bytes", "last"),
        sa.PrimaryKeyConstraint("id", name="pk_usage"),
        sqlite_strict=True,
    )
    op.create_index("ix_usage_dataset_day", "usage", ["dataset", "day"])
    op.create_index("ix_usage_subject_day", "usage", ["subject", "day"])


def downgrade() -> None:
    """Take the tables away."""
    op.drop_table("usage")
    op.drop_table("assessment")
