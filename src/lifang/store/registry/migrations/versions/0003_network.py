"""Devices, links, thresholds, actuators and commands: the sensing network itself."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0001"
branch_labels = None
depends_on = None

TEXT = sa.Text()
REAL: sa.types.TypeEngine[float] = sa.REAL()
BYTES = sa.LargeBinary()
WHOLE = sa.BigInteger().with_variant(sa.INTEGER(), "sqlite")


def upgrade() -> None:
    """Create the tables of the sensing network."""
    op.create_table(
        "device_model",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("device_type", TEXT, nullable=False),
        sa.Column("manufacturer", TEXT, nullable=False),
        sa.Column("zh", TEXT, nullable=False),
        sa.Column("en", TEXT, nullable=False),
        sa.Column("protocol", TEXT, nullable=False),
        sa.Column("measures", TEXT, nullable=True),
        sa.Column("period_s", WHOLE, nullable=False),
        sa.Column("limits", TEXT, nullable=True),
        sa.Column("battery_low", REAL, nullable=True),
        sa.Column("properties", TEXT, nullable=True),
        sa.Column("created", WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_device_model"),
        sqlite_strict=True,
    )
    op.create_table(
        "device",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("number", WHOLE, nullable=False),
        sa.Column("device_type", TEXT, nullable=False),
        sa.Column("model", TEXT, nullable=False),
        sa.Column("serial", TEXT, nullable=False),
        sa.Column("organisation", TEXT, nullable=False),
        sa.Column("installed", WHOLE, nullable=True),
        sa.Column("mounted_on", TEXT, nullable=False),
        sa.Column("gateway", TEXT, nullable=False),
        sa.Column("link", TEXT, nullable=False),
        sa.Column("roles", TEXT, nullable=True),
        sa.Column("period_s", WHOLE, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("firmware", TEXT, nullable=False),
        sa.Column("battery", REAL, nullable=True),
        sa.Column("certificate", TEXT, nullable=False),
        sa.Column("certificate_issuer", TEXT, nullable=False),
        sa.Column("certificate_expires", WHOLE, nullable=True),
        sa.Column("simulated", WHOLE, nullable=False),
        sa.Column("classification", TEXT, nullable=False),
        sa.Column("properties", TEXT, nullable=True),
        sa.Column("created", WHOLE, nullable=False),
        sa.Column("updated", WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_device"),
        sa.UniqueConstraint("number", name="uq_device_number"),
        sqlite_strict=True,
    )
    op.create_index("ix_device_gateway", "device", ["gateway"])
    op.create_index("ix_device_mounted_on", "device", ["mounted_on"])
    op.create_table(
        "device_event",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("device", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("moment", WHOLE, nullable=False),
        sa.Column("value", TEXT, nullable=True),
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("recorded", WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_device_event"),
        sqlite_strict=True,
    )
    op.create_index("ix_device_event_device_kind_moment", "device_event", ["device", "kind", "moment"])
    op.create_table(
        "link",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("number", WHOLE, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("zh", TEXT, nullable=False),
        sa.Column("en", TEXT, nullable=False),
        sa.Column("capacity_mbps", REAL, nullable=True),
        sa.Column("latency_ms", REAL, nullable=True),
        sa.Column("uplink", TEXT, nullable=False),
        sa.Column("organisation", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("state_since", WHOLE, nullable=True),
        sa.Column("simulated", WHOLE, nullable=False),
        sa.Column("classification", TEXT, nullable=False),
        sa.Column("properties", TEXT, nullable=True),
        sa.Column("created", WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_link"),
        sa.UniqueConstraint("number", name="uq_link_number"),
        sqlite_strict=True,
    )
    op.create_table(
        "counter_snapshot",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("moment", WHOLE, nullable=False),
        sa.Column("body", BYTES, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_counter_snapshot"),
        sqlite_strict=True,
    )
    op.create_table(
        "threshold",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("observed_property", TEXT, nullable=False),
        sa.Column("datastream", TEXT, nullable=False),
        sa.Column("zh", TEXT, nullable=False),
        sa.Column("en", TEXT, nullable=False),
        sa.Column("unit", TEXT, nullable=False),
        sa.Column("direction", TEXT, nullable=False),
        sa.Column("levels", TEXT, nullable=True),
        sa.Column("hold_s", REAL, nullable=False),
        sa.Column("clear_hold_s", REAL, nullable=False),
        sa.Column("citation", TEXT, nullable=False),
        sa.Column("enabled", WHOLE, nullable=False),
        sa.Column("created", WHOLE, nullable=False),
        sa.Column("updated", WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_threshold"),
        sqlite_strict=True,
    )
    op.create_table(
        "device_token",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("hash", TEXT, nullable=False),
        sa.Column("device", TEXT, nullable=False),
        sa.Column("label", TEXT, nullable=False),
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("created", WHOLE, nullable=False),
        sa.Column("expires", WHOLE, nullable=True),
        sa.Column("revoked", WHOLE, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_device_token"),
        sa.UniqueConstraint("hash", name="uq_device_token_hash"),
        sqlite_strict=True,
    )
    op.create_index("ix_device_token_device", "device_token", ["device"])
    op.create_table(
        "actuator",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("number", WHOLE, nullable=False),
        sa.Column("thing", TEXT, nullable=False),
        sa.Column("zh", TEXT, nullable=False),
        sa.Column("en", TEXT, nullable=False),
        sa.Column("description", TEXT, nullable=False),
        sa.Column("encoding", TEXT, nullable=False),
        sa.Column("metadata", TEXT, nullable=True),
        sa.Column("classification", TEXT, nullable=False),
        sa.Column("properties", TEXT, nullable=True),
        sa.Column("created", WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_actuator"),
        sa.UniqueConstraint("number", name="uq_actuator_number"),
        sqlite_strict=True,
    )
    op.create_index("ix_actuator_thing", "actuator", ["thing"])
    op.create_table(
        "tasking_capability",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("number", WHOLE, nullable=False),
        sa.Column("actuator", TEXT, nullable=False),
        sa.Column("thing", TEXT, nullable=False),
        sa.Column("zh", TEXT, nullable=False),
        sa.Column("en", TEXT, nullable=False),
        sa.Column("description", TEXT, nullable=False),
        sa.Column("parameters", TEXT, nullable=True),
        sa.Column("limits", TEXT, nullable=True),
        sa.Column("properties", TEXT, nullable=True),
        sa.Column("created", WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tasking_capability"),
        sa.UniqueConstraint("number", name="uq_tasking_capability_number"),
        sa.ForeignKeyConstraint(
            ["actuator"],
            ["actuator.id"],
            name="fk_tasking_capability_actuator",
            deferrable=True,
            initially="DEFERRED",
        ),
        sqlite_strict=True,
    )
    op.create_index("ix_tasking_capability_actuator", "tasking_capability", ["actuator"])
    op.create_index("ix_tasking_capability_thing", "tasking_capability", ["thing"])
    op.create_table(
        "command",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("number", WHOLE, nullable=False),
        sa.Column("capability", TEXT, nullable=False),
        sa.Column("device", TEXT, nullable=False),
        sa.Column("queue", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("parameters", TEXT, nullable=True),
        sa.Column("expect", TEXT, nullable=True),
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("idempotency", TEXT, nullable=False),
        sa.Column("created", WHOLE, nullable=False),
        sa.Column("deadline", WHOLE, nullable=False),
        sa.Column("sent", WHOLE, nullable=True),
        sa.Column("finished", WHOLE, nullable=True),
        sa.Column("reason", TEXT, nullable=True),
        sa.Column("result", TEXT, nullable=True),
        sa.Column("history", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_command"),
        sa.UniqueConstraint("number", name="uq_command_number"),
        sa.ForeignKeyConstraint(
            ["capability"],
            ["tasking_capability.id"],
            name="fk_command_capability",
            deferrable=True,
            initially="DEFERRED",
        ),
        sqlite_strict=True,
    )
    op.create_index("ix_command_capability_number", "command", ["capability", "number"])
    op.create_index("ix_command_device_state", "command", ["device", "state"])
    op.create_index("ix_command_queue_state", "command", ["queue", "state"])
    op.create_index("ix_command_state_deadline", "command", ["state", "deadline"])
    op.create_index("ix_command_subject_idempotency", "command", ["subject", "idempotency"])


def downgrade() -> None:
    """Refuse: what devices did is evidence."""
    raise NotImplementedError("the network's tables are never dropped")
