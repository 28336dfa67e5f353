"""Alerts are classified as the data they were raised from."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TEXT = sa.Text()
REAL: sa.types.TypeEngine[float] = sa.REAL()
WHOLE = sa.BigInteger().with_variant(sa.INTEGER(), "sqlite")

_KEPT = (
    "id, scene, rule, resource, severity, state, opened, fired, cleared, acknowledged, acknowledged_by, closed, "
    "closed_by, value, zh, en, detail, updated"
)
# Which data an older alert was raised from is not known: it takes the strictest of all there are.
_STRICTEST = """CASE
  WHEN EXISTS (SELECT 1 FROM datastream WHERE classification = 'restricted') THEN 'restricted'
  WHEN EXISTS (SELECT 1 FROM datastream WHERE classification = 'shared') THEN 'shared'
  ELSE 'open' END"""


def upgrade() -> None:
    """Make the table of alerts anew, with its new column, and move the alerts there."""
    op.create_table(
        "alert_classified",
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
        sa.Column("classification", TEXT, nullable=False),
        sa.Column("updated", WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_alert"),
        sqlite_strict=True,
    )
    op.execute(
        f"INSERT INTO alert_classified ({_KEPT}, classification) SELECT {_KEPT}, {_STRICTEST} FROM alert"  # noqa: S608
    )
    op.drop_table("alert")
    op.rename_table("alert_classified", "alert")
    op.create_index("ix_alert_rule_resource", "alert", ["rule", "resource"])
    op.create_index("ix_alert_state_updated", "alert", ["state", "updated"])
