"""Bureaus deliver to inboxes, with receipts that both sides sign."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.INTEGER(), "sqlite")


def text(name: str) -> sa.Column[str]:
    """Return a column of text."""
    return sa.Column(name, sa.Text(), nullable=False)


def json(name: str) -> sa.Column[str]:
    """Return a column of JSON."""
    return sa.Column(name, sa.Text(), nullable=True)


def whole(name: str, *, nullable: bool = False) -> sa.Column[int]:
    """Return a column of whole numbers or moments."""
    return sa.Column(name, WHOLE, nullable=nullable)


def made(name: str, *columns: sa.schema.SchemaItem, refers: dict[str, str] | None = None) -> None:
    """Create a table."""
    keys = [
        sa.ForeignKeyConstraint([column], [there], name=f"fk_{name}_{column}", deferrable=True, initially="DEFERRED")
        for column, there in (refers or {}).items()
    ]
    primary = sa.PrimaryKeyConstraint("id", name=f"pk_{name}")
    op.create_table(name, text("id"), *columns, *keys, primary, sqlite_strict=True)


def upgrade() -> None:
    """Create the tables."""
    made(
        "exchange_feed",
        *(text("organisation"), text("dataset"), json("spec"), whole("active"), json("checkpoint"), json("trouble")),
        *(whole("failures"), whole("attempted", nullable=True), whole("created"), whole("updated")),
        refers={"organisation": "organisation.id"},
    )
    made(
        "exchange_delivery",
        *(text("feed"), text("organisation"), text("dataset"), text("reference"), text("kind"), text("name")),
        *(text("sha256"), whole("bytes"), json("declared"), text("state"), json("counts"), json("problem")),
        *(text("release"), text("subject"), whole("received"), whole("settled", nullable=True)),
        sa.UniqueConstraint("feed", "reference", name="uq_exchange_delivery_feed_reference"),
        refers={"feed": "exchange_feed.id"},
    )
    made(
        "exchange_receipt",
        *(text("delivery"), text("stage"), text("kid"), text("jws"), whole("recorded")),
        refers={"delivery": "exchange_delivery.id"},
    )
    made("exchange_key", text("organisation"), json("jwk"), whole("created"), whole("retired", nullable=True))
    for table, column in INDEXES:
        op.create_index(f"ix_{table}_{column}", table, [column])


INDEXES = (
    ("exchange_feed", "organisation"),
    ("exchange_delivery", "organisation"),
    ("exchange_delivery", "state"),
    ("exchange_receipt", "delivery"),
    ("exchange_key", "organisation"),
)


def downgrade() -> None:
    """Take the tables away."""
    for table in ("exchange_key", "exchange_receipt", "exchange_delivery", "exchange_feed"):
        op.drop_table(table)
