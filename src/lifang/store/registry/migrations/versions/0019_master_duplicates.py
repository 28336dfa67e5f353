"""Records that may be one are kept for a person to settle; conflicts and duplicates keep every step."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
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
    made(
        "master_duplicate",
        ("kind", False, False),
        ("records", False, True),
        ("said", False, True),
        *((name, False, False) for name in ("state", "decision", "kept", "reason", "settled_by")),
        ("opened", True, False),
        ("settled", True, True),
    )
    made(
        "master_step",
        *((name, False, False) for name in ("item", "move", "by")),
        ("recorded", True, False),
        ("detail", False, True),
    )
    op.create_index("ix_master_duplicate_kind_state", "master_duplicate", ["kind", "state"])
    op.create_index("ix_master_step_item", "master_step", ["item"])


def downgrade() -> None:
    """Take the tables away."""
    for name in ("master_step", "master_duplicate"):
        op.drop_table(name)
