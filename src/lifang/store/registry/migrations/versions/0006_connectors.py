"""The state of connectors: one row each, marks of what was taken, issues of what was refused."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TEXT = sa.Text()
WHOLE = sa.BigInteger().with_variant(sa.INTEGER(), "sqlite")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "connector",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("digest", TEXT, nullable=False),
        sa.Column("paused", WHOLE, nullable=False),
        sa.Column("checkpoint", TEXT, nullable=True),
        sa.Column("counts", TEXT, nullable=True),
        sa.Column("troubles", TEXT, nullable=True),
        sa.Column("failures", WHOLE, nullable=False),
        sa.Column("newest", WHOLE, nullable=True),
        sa.Column("attempted", WHOLE, nullable=True),
        sa.Column("succeeded", WHOLE, nullable=True),
        sa.Column("created", WHOLE, nullable=False),
        sa.Column("updated", WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_connector"),
        sqlite_strict=True,
    )
    _belonging("connector_mark", sa.Column("name", TEXT, nullable=False), sa.Column("detail", TEXT, nullable=True))
    _belonging(
        "connector_issue",
        sa.Column("origin", TEXT, nullable=False),
        sa.Column("line", WHOLE, nullable=False),
        sa.Column("field", TEXT, nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.Column("rule", TEXT, nullable=False),
        sa.Column("mend", TEXT, nullable=False),
    )


def _belonging(name: str, *columns: "sa.Column[object]") -> None:
    """Create a table whose rows belong to a connector."""
    op.create_table(
        name,
        sa.Column("id", TEXT, nullable=False),
        sa.Column("connector", TEXT, nullable=False),
        *columns,
        sa.Column("recorded", WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("id", name=f"pk_{name}"),
        sa.ForeignKeyConstraint(
            ["connector"],
            ["connector.id"],
            name=f"fk_{name}_connector",
            deferrable=True,
            initially="DEFERRED",
        ),
        sqlite_strict=True,
    )
    op.create_index(f"ix_{name}_connector", name, ["connector"])


def downgrade() -> None:
    """Take the tables away; the observations stay."""
    for name in ("connector_issue", "connector_mark", "connector"):
        op.drop_table(name)
