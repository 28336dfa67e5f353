"""Bureaus' records become one: sources, precedence rules, and conflicts for a person to settle."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.INTEGER(), "sqlite")


def made(name: str, *columns: tuple[str, bool, bool]) -> None:
    """Create a table; a column is its name, whether it is a whole number, whether it may be missing."""
    kept = [sa.Column(each, WHOLE if whole else sa.Text(), nullable=missing) for each, whole, missing in columns]
    key = sa.Column("id", sa.Text(), nullable=False)
    op.create_table(name, key, *kept, sa.PrimaryKeyConstraint("id", name=f"pk_{name}"), sqlite_strict=True)


def upgrade() -> None:
    """Create the tables."""
    said = [(name, False, False) for name in ("kind", "organisation")]
    made("master_source", *said, ("columns", False, True), ("created", True, False))
    said = [(name, False, False) for name in ("kind", "element")]
    made("master_rule", *said, ("precedence", False, True), ("updated", True, False))
    made(
        "master_conflict",
        *((name, False, False) for name in ("kind", "record", "element")),
        ("said", False, True),
        ("state", False, False),
        ("value", False, True),
        *((name, False, False) for name in ("reason", "settled_by")),
        ("opened", True, False),
        ("settled", True, True),
    )
    op.create_index("ix_master_source_kind", "master_source", ["kind"])
    op.create_index("ix_master_rule_kind", "master_rule", ["kind"])
    op.create_index("ix_master_conflict_kind_state", "master_conflict", ["kind", "state"])


def downgrade() -> None:
    """Take the tables away."""
    for name in ("master_conflict", "master_rule", "master_source"):
        op.drop_table(name)
