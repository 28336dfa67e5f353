"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TEXT = sa.Text()
REAL: sa.types.TypeEngine[float] = sa.REAL()
WHOLE = sa.BigInteger().with_variant(sa.INTEGER(), "sqlite")


def upgrade() -> None:
    """Create every table, and the triggers that keep the ledger append-only."""
    op.create_table(
        "alert",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("scene", TEXT, nullable=False),
        sa.Column("rule", TEXT, nullable=False),
        sa.Column("resource", TEXT, nullable=False),
        sa.Column("severity", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("opened", WHOLE, nullable=False),
        sa.Column("fired", WHOLE, nullable=True),
        sa.Column("cleared", WHOLE, nullable=True),
        sa.Column("acknowledged", WHOLE, nullable=True),
        sa.Column("acknowledged_by", TEXT, nullable=True),
        sa.Column("closed", WHOLE, nullable=True),
        sa.Column("closed_by", TEXT, nullable=True),
        sa.Column("value", REAL, nullable=True),
        sa.Column("zh", TEXT, nullable=False),
        sa.Column("en", TEXT, nullable=False),
        sa.Column("detail", TEXT, nullable=True),
        sa.Column("updated", WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_alert"),
        sqlite_strict=True,
    )
    op.create_index("ix_alert_rule_resource", "alert", ["rule", "resource"])
    op.create_index("ix_alert_state_updated", "alert", ["state", "updated"])
    op.create_table(
        "dataset",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("zh", TEXT, nullable=False),
        sa.Column("en", TEXT, nullable=False),
        sa.Column("theme", TEXT, nullable=False),
        sa.Column("metadata", TEXT, nullable=True),
        sa.Column("classification", TEXT, nullable=False),
        sa.Column("created", WHOLE, nullable=False),
        sa.Column("updated", WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_dataset"),
        sqlite_strict=True,
    )
    op.create_table(
        "indicator",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("zh", TEXT, nullable=False),
        sa.Column("en", TEXT, nullable=False),
        sa.Column("unit", TEXT, nullable=False),
        sa.Column("spec", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_indicator"),
        sqlite_strict=True,
    )
    op.create_table(
        "job",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("progress", REAL, nullable=False),
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("arguments", TEXT, nullable=True),
        sa.Column("checkpoint", TEXT, nullable=True),
        sa.Column("result", TEXT, nullable=True),
        sa.Column("error", TEXT, nullable=True),
        sa.Column("created", WHOLE, nullable=False),
        sa.Column("updated", WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_job"),
        sqlite_strict=True,
    )
    op.create_index("ix_job_state", "job", ["state"])
    op.create_table(
        "ledger",
        sa.Column("seq", WHOLE, nullable=False, autoincrement=False),
        sa.Column("recorded", WHOLE, nullable=False),
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("action", TEXT, nullable=False),
        sa.Column("resource", TEXT, nullable=False),
        sa.Column("purpose", TEXT, nullable=False),
        sa.Column("outcome", TEXT, nullable=False),
        sa.Column("detail", TEXT, nullable=False),
        sa.Column("previous", TEXT, nullable=False),
        sa.Column("hash", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_ledger"),
        sqlite_strict=True,
    )
    op.create_index("ix_ledger_resource", "ledger", ["resource"])
    op.create_table(
        "lineage",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("source", TEXT, nullable=False),
        sa.Column("target", TEXT, nullable=False),
        sa.Column("activity", TEXT, nullable=False),
        sa.Column("recorded", WHOLE, nullable=False),
        sa.Column("detail", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_lineage"),
        sqlite_strict=True,
    )
    op.create_index("ix_lineage_source", "lineage", ["source"])
    op.create_index("ix_lineage_target", "lineage", ["target"])
    op.create_table(
        "organisation",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("zh", TEXT, nullable=False),
        sa.Column("en", TEXT, nullable=False),
        sa.Column("created", WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_organisation"),
        sqlite_strict=True,
    )
    op.create_table(
        "person",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("display_name", TEXT, nullable=False),
        sa.Column("password_hash", TEXT, nullable=False),
        sa.Column("roles", TEXT, nullable=True),
        sa.Column("organisation", TEXT, nullable=False),
        sa.Column("active", WHOLE, nullable=False),
        sa.Column("created", WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_person"),
        sa.UniqueConstraint("name", name="uq_person_name"),
        sqlite_strict=True,
    )
    op.create_table(
        "setting",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("value", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_setting"),
        sqlite_strict=True,
    )
    op.create_table(
        "thing",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("zh", TEXT, nullable=False),
        sa.Column("en", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("lon", REAL, nullable=True),
        sa.Column("lat", REAL, nullable=True),
        sa.Column("classification", TEXT, nullable=False),
        sa.Column("properties", TEXT, nullable=True),
        sa.Column("created", WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_thing"),
        sqlite_strict=True,
    )
    op.create_table(
        "datastream",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("number", WHOLE, nullable=False),
        sa.Column("thing", TEXT, nullable=False),
        sa.Column("code", TEXT, nullable=False),
        sa.Column("zh", TEXT, nullable=False),
        sa.Column("en", TEXT, nullable=False),
        sa.Column("observed_property", TEXT, nullable=False),
        sa.Column("unit", TEXT, nullable=False),
        sa.Column("period_s", WHOLE, nullable=False),
        sa.Column("classification", TEXT, nullable=False),
        sa.Column("created", WHOLE, nullable=False),
        sa.Column("properties", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_datastream"),
        sa.UniqueConstraint("number", name="uq_datastream_number"),
        sa.ForeignKeyConstraint(
            ["thing"],
            ["thing.id"],
            name="fk_datastream_thing",
            deferrable=True,
            initially="DEFERRED",
        ),
        sqlite_strict=True,
    )
    op.create_index("ix_datastream_observed_property", "datastream", ["observed_property"])
    op.create_index("ix_datastream_thing", "datastream", ["thing"])
    op.create_table(
        "indicator_value",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("indicator", TEXT, nullable=False),
        sa.Column("moment", WHOLE, nullable=False),
        sa.Column("value", REAL, nullable=True),
        sa.Column("quality", TEXT, nullable=False),
        sa.Column("sources", TEXT, nullable=True),
        sa.Column("recorded", WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_indicator_value"),
        sa.ForeignKeyConstraint(
            ["indicator"],
            ["indicator.id"],
            name="fk_indicator_value_indicator",
            deferrable=True,
            initially="DEFERRED",
        ),
        sqlite_strict=True,
    )
    op.create_index("ix_indicator_value_indicator_moment", "indicator_value", ["indicator", "moment"])
    op.create_table(
        "release",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("dataset", TEXT, nullable=False),
        sa.Column("number", WHOLE, nullable=False),
        sa.Column("recorded", WHOLE, nullable=False),
        sa.Column("source_sha256", TEXT, nullable=False),
        sa.Column("source_name", TEXT, nullable=False),
        sa.Column("rows", WHOLE, nullable=False),
        sa.Column("refused", WHOLE, nullable=False),
        sa.Column("bytes", WHOLE, nullable=False),
        sa.Column("sha256", TEXT, nullable=False),
        sa.Column("schema", TEXT, nullable=True),
        sa.Column("quality", TEXT, nullable=True),
        sa.Column("provenance", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_release"),
        sa.UniqueConstraint("dataset", "number", name="uq_release_dataset_number"),
        sa.ForeignKeyConstraint(
            ["dataset"],
            ["dataset.id"],
            name="fk_release_dataset",
            deferrable=True,
            initially="DEFERRED",
        ),
        sqlite_strict=True,
    )
    op.create_table(
        "session",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("person", TEXT, nullable=False),
        sa.Column("expires", WHOLE, nullable=False),
        sa.Column("created", WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_session"),
        sa.ForeignKeyConstraint(
            ["person"],
            ["person.id"],
            name="fk_session_person",
            deferrable=True,
            initially="DEFERRED",
        ),
        sqlite_strict=True,
    )
    op.create_table(
        "token",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("hash", TEXT, nullable=False),
        sa.Column("person", TEXT, nullable=False),
        sa.Column("label", TEXT, nullable=False),
        sa.Column("roles", TEXT, nullable=True),
        sa.Column("created", WHOLE, nullable=False),
        sa.Column("expires", WHOLE, nullable=True),
        sa.Column("revoked", WHOLE, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_token"),
        sa.UniqueConstraint("hash", name="uq_token_hash"),
        sa.ForeignKeyConstraint(
            ["person"],
            ["person.id"],
            name="fk_token_person",
            deferrable=True,
            initially="DEFERRED",
        ),
        sqlite_strict=True,
    )
    for statement in _SEALS:
        op.execute(statement)


def downgrade() -> None:
    """Refuse: evidence is never dropped."""
    raise NotImplementedError("the first tables are never dropped")


_SEALS = (
    "CREATE TRIGGER ledger_no_update BEFORE UPDATE ON ledger "
    "BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END",
    "CREATE TRIGGER ledger_no_delete BEFORE DELETE ON ledger "
    "BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END",
    "CREATE TRIGGER ledger_in_order BEFORE INSERT ON ledger "
    "WHEN NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM ledger) "
    "BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END",
)
