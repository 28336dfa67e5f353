"""The portals that a city harvests, and each dataset that came from one."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

TEXT, WHOLE, JSON = sa.Text(), sa.BigInteger().with_variant(sa.INTEGER(), "sqlite"), sa.Text()


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "harvest_source",
        sa.Column("id", TEXT, nullable=False),
        *(sa.Column(name, TEXT, nullable=False) for name in ("url", "kind", "title", "classification", "by")),
        sa.Column("created", WHOLE, nullable=False),
        sa.Column("harvested", WHOLE, nullable=True),
        sa.Column("cursor", TEXT, nullable=False),
        sa.Column("report", JSON, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_harvest_source"),
        sqlite_strict=True,
    )
    op.create_index("ix_harvest_source_url", "harvest_source", ["url"])
    op.create_table(
        "harvest_record",
        sa.Column("id", TEXT, nullable=False),
        *(
            sa.Column(name, TEXT, nullable=False)
            for name in ("source", "identifier", "dataset", "digest", "modified", "state")
        ),
        sa.Column("seen", WHOLE, nullable=False),
        sa.Column("files", JSON, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_harvest_record"),
        sa.ForeignKeyConstraint(
            ["source"], ["harvest_source.id"], name="fk_harvest_record_source", deferrable=True, initially="DEFERRED"
        ),
        sqlite_strict=True,
    )
    op.create_index("ix_harvest_record_source", "harvest_record", ["source"])
    op.create_index("ix_harvest_record_dataset", "harvest_record", ["dataset"])


def downgrade() -> None:
    """Take the tables away; what was harvested stays in the catalogue."""
    op.drop_table("harvest_record")
    op.drop_table("harvest_source")
