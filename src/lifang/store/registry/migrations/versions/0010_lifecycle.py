"""Datasets have a life; those there are, are published."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TEXT = sa.Text()
WHOLE = sa.BigInteger().with_variant(sa.INTEGER(), "sqlite")


def _text(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, TEXT, nullable=False) for name in names]


def _moment(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, WHOLE, nullable=nullable)


def _json(name: str) -> sa.Column[Any]:
    return sa.Column(name, TEXT, nullable=True)


def upgrade() -> None:
    """Create the tables; what has been released is published."""
    op.create_table(
        "life",
        *_text("id", "state"),
        _moment("since"),
        *_text("by", "reason", "successor", "submitted_by", "destruction_asked_by"),
        sa.PrimaryKeyConstraint("id", name="pk_life"),
        sqlite_strict=True,
    )
    op.create_index("ix_life_state", "life", ["state"])
    _of_dataset(
        "legal_hold",
        *_text("reason", "authority", "placed_by"),
        _moment("placed"),
        *_text("lifted_by"),
        _moment("lifted", nullable=True),
        *_text("lifted_reason"),
    )
    _of_dataset(
        "destruction",
        *_text("asked_by"),
        _moment("asked"),
        *_text("asked_reason", "outcome", "decided_by"),
        _moment("decided", nullable=True),
        *_text("decided_reason"),
        _json("manifest"),
        _moment("completed", nullable=True),
        _json("certificate"),
    )
    op.create_table(
        "change",
        sa.Column("seq", WHOLE, nullable=False, autoincrement=False),
        *_text("dataset", "kind", "by"),
        _moment("recorded"),
        *_text("audience"),
        _json("detail"),
        sa.PrimaryKeyConstraint("seq", name="pk_change"),
        sqlite_strict=True,
    )
    op.create_index("ix_change_dataset", "change", ["dataset"])
    op.execute(
        "INSERT INTO life (id, state, since, by, reason, successor, submitted_by, destruction_asked_by) "
        "SELECT id, 'published', created, 'system', '', '', '', '' FROM dataset"
    )


def _of_dataset(name: str, *columns: sa.Column[Any]) -> None:
    """Create a table whose rows belong to a dataset."""
    op.create_table(
        name,
        *_text("id", "dataset"),
        *columns,
        sa.PrimaryKeyConstraint("id", name=f"pk_{name}"),
        sa.ForeignKeyConstraint(
            ["dataset"], ["dataset.id"], name=f"fk_{name}_dataset", deferrable=True, initially="DEFERRED"
        ),
        sqlite_strict=True,
    )
    op.create_index(f"ix_{name}_dataset", name, ["dataset"])


def downgrade() -> None:
    """Refuse: what a dataset went through is evidence."""
    raise NotImplementedError("the life of datasets is never dropped")
