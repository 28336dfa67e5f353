"""Quality is checked by standing checks, and what is wrong is an issue until it is mended."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

TEXT = sa.Text()
WHOLE = sa.BigInteger().with_variant(sa.INTEGER(), "sqlite")


def upgrade() -> None:
    """Create the tables."""
    _belonging("quality_run", "dataset", _whole("release", "recorded"), [sa.Column("checks", TEXT, nullable=True)])
    _belonging(
        "issue",
        "dataset",
        _whole("release"),
        _text("row_key", "column", "dimension", "text", "state", "reporter", "assignee"),
        [sa.Column("due", WHOLE, nullable=True)],
        _whole("opened", "updated"),
    )
    op.create_index("ix_issue_reporter_opened", "issue", ["reporter", "opened"])
    op.create_index("ix_issue_state", "issue", ["state"])
    _belonging("issue_event", "issue", _text("move", "by"), _whole("recorded"), _text("note"))


def _belonging(name: str, owner: str, *columns: list[sa.Column[Any]]) -> None:
    op.create_table(
        name,
        *_text("id", owner),
        *(column for some in columns for column in some),
        sa.PrimaryKeyConstraint("id", name=f"pk_{name}"),
        sa.ForeignKeyConstraint(
            [owner], [f"{owner}.id"], name=f"fk_{name}_{owner}", deferrable=True, initially="DEFERRED"
        ),
        sqlite_strict=True,
    )
    op.create_index(f"ix_{name}_{owner}", name, [owner])


def _text(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, TEXT, nullable=False) for name in names]


def _whole(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, WHOLE, nullable=False) for name in names]


def downgrade() -> None:
    """Take the tables away; the releases stay."""
    for name in ("issue_event", "issue", "quality_run"):
        op.drop_table(name)
