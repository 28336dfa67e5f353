"""The entities of SensorThings beside things and datastreams; those registered before get theirs."""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TEXT = sa.Text()
REAL: sa.types.TypeEngine[float] = sa.REAL()
WHOLE = sa.BigInteger().with_variant(sa.INTEGER(), "sqlite")


def upgrade() -> None:
    """Create the tables, add the columns, and fill both for the things and datastreams that there are."""
    for name, own in _DESCRIBED.items():
        op.create_table(
            name,
            sa.Column("id", TEXT, nullable=False),
            sa.Column("number", WHOLE, nullable=False),
            sa.Column("zh", TEXT, nullable=False),
            sa.Column("en", TEXT, nullable=False),
            sa.Column("description", TEXT, nullable=False),
            *own(),
            sa.Column("classification", TEXT, nullable=False),
            sa.Column("properties", TEXT, nullable=True),
            sa.Column("created", WHOLE, nullable=False),
            sa.PrimaryKeyConstraint("id", name=f"pk_{name}"),
            sa.UniqueConstraint("number", name=f"uq_{name}_number"),
            sqlite_strict=True,
        )
        op.create_index(f"ix_{name}_classification_number", name, ["classification", "number"])
    for name in ("location", "feature"):
        op.create_index(f"ix_{name}_west_east_south_north", name, ["west", "east", "south", "north"])
    op.create_index("ix_location_feature", "location", ["feature"])
    op.create_table(
        "historical_location",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("number", WHOLE, nullable=False),
        sa.Column("thing", WHOLE, nullable=False),
        sa.Column("time", WHOLE, nullable=False),
        sa.Column("created", WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_historical_location"),
        sa.UniqueConstraint("number", name="uq_historical_location_number"),
        sqlite_strict=True,
    )
    op.create_index("ix_historical_location_thing_time", "historical_location", ["thing", "time"])
    for name, one, other in (
        ("thing_location", "thing", "location"),
        ("historical_place", "historical_location", "location"),
        ("datastream_feature", "datastream", "feature"),
        ("datastream_property", "datastream", "position"),
    ):
        third = [sa.Column("property", WHOLE, nullable=False)] if other == "position" else []
        op.create_table(
            name,
            sa.Column(one, WHOLE, nullable=False, autoincrement=False),
            sa.Column(other, WHOLE, nullable=False, autoincrement=False),
            *third,
            sa.PrimaryKeyConstraint(one, other, name=f"pk_{name}"),
            sqlite_strict=True,
        )
        indexed = "property" if third else other
        op.create_index(f"ix_{name}_{indexed}", name, [indexed])
    op.create_table(
        "entity_counter",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("last", WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_entity_counter"),
        sqlite_strict=True,
    )
    op.create_table(
        "entity_version",
        sa.Column("seq", WHOLE, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("number", WHOLE, nullable=False),
        sa.Column("recorded", WHOLE, nullable=False),
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("seq", name="pk_entity_version"),
        sqlite_strict=True,
    )
    op.create_index("ix_entity_version_kind_number", "entity_version", ["kind", "number"])
    for table, columns in _ADDED.items():
        for column in columns():
            op.add_column(table, column)
        op.create_index(f"ix_{table}_classification_number", table, ["classification", "number"])
    op.create_index("ix_thing_number", "thing", ["number"], unique=True)
    for name in ("sensor", "property", "feature"):
        op.create_index(f"ix_datastream_{name}", "datastream", [name])
    for statement in _FILL:
        op.execute(statement)


def downgrade() -> None:
    """Refuse: what was recorded is never dropped."""
    raise NotImplementedError("the entities of sensing are never dropped")


def _bounds() -> list[sa.Column[Any]]:
    return [sa.Column(name, REAL, nullable=True) for name in ("west", "east", "south", "north")]


_DESCRIBED: dict[str, Callable[[], list[sa.Column[Any]]]] = {
    "sensor": lambda: [sa.Column("encoding", TEXT, nullable=False), sa.Column("metadata", TEXT, nullable=True)],
    "observed_property": lambda: [sa.Column("definition", TEXT, nullable=False)],
    "location": lambda: [
        sa.Column("encoding", TEXT, nullable=False),
        sa.Column("location", TEXT, nullable=True),
        sa.Column("feature", WHOLE, nullable=True),
        *_bounds(),
    ],
    "feature": lambda: [
        sa.Column("encoding", TEXT, nullable=False),
        sa.Column("feature", TEXT, nullable=True),
        *_bounds(),
    ],
}
_ADDED: dict[str, Callable[[], list[sa.Column[Any]]]] = {
    "thing": lambda: [
        sa.Column("number", WHOLE, nullable=True),
        sa.Column("description", TEXT, nullable=False, server_default=""),
    ],
    "datastream": lambda: [
        sa.Column("description", TEXT, nullable=False, server_default=""),
        sa.Column("sensor", WHOLE, nullable=True),
        sa.Column("property", WHOLE, nullable=True),
        sa.Column("feature", WHOLE, nullable=True),
        sa.Column("observation_type", TEXT, nullable=False, server_default=""),
        sa.Column("measure", TEXT, nullable=True),
        sa.Column("multi", WHOLE, nullable=False, server_default="0"),
        sa.Column("rich", WHOLE, nullable=False, server_default="0"),
    ],
}
_POINT = "json_object('coordinates', json_array(lon, lat), 'type', 'Point')"
_PLACE = (
    "id, number, zh, en, description, encoding, {shape}, {more} west, east, south, north, classification, properties, "
    "created"
)
_FILL = (
    "UPDATE thing SET number = (SELECT count(*) FROM thing AS other WHERE other.id <= thing.id), description = en",
    f"INSERT INTO location ({_PLACE.format(shape='location', more='feature,')}) "
    f"SELECT 'location-' || number, number, zh, en, description, 'application/geo+json', {_POINT}, number, lon, lon, "
    "lat, lat, classification, '{}', created FROM thing WHERE lon IS NOT NULL AND lat IS NOT NULL",
    f"INSERT INTO feature ({_PLACE.format(shape='feature', more='')}) "
    "SELECT 'feature-' || number, number, zh, en, description, encoding, location, west, east, south, north, "
    "classification, '{}', created FROM location",
    "INSERT INTO thing_location (thing, location) SELECT number, number FROM location",
    "INSERT INTO historical_location (id, number, thing, time, created) "
    "SELECT 'historical_location-' || number, number, number, created, created FROM location",
    "INSERT INTO historical_place (historical_location, location) SELECT number, number FROM location",
    "INSERT INTO sensor (id, number, zh, en, description, encoding, metadata, classification, properties, created) "
    "SELECT 'kind:' || kind, row_number() OVER (ORDER BY kind), kind, kind, kind, 'text/plain', json_quote(kind), "
    "'open', '{}', min(created) FROM thing GROUP BY kind",
    "INSERT INTO observed_property (id, number, zh, en, description, definition, classification, properties, created) "
    "SELECT observed_property, row_number() OVER (ORDER BY observed_property), min(zh), min(en), min(en), "
    "'urn:lifang:observed-property:' || observed_property, 'open', '{}', min(created) FROM datastream "
    "GROUP BY observed_property",
    "UPDATE datastream SET description = en, "
    "sensor = (SELECT sensor.number FROM sensor, thing WHERE thing.id = datastream.thing "
    "AND sensor.id = 'kind:' || thing.kind), "
    "property = (SELECT number FROM observed_property WHERE id = datastream.observed_property), "
    "feature = (SELECT location.feature FROM location, thing WHERE thing.id = datastream.thing "
    "AND location.number = thing.number)",
    "INSERT INTO entity_counter (id, last) "
    "SELECT 'thing', coalesce(max(number), 0) FROM thing UNION ALL "
    "SELECT 'datastream', coalesce(max(number), 0) FROM datastream UNION ALL "
    "SELECT 'location', coalesce(max(number), 0) FROM thing UNION ALL "
    "SELECT 'feature', coalesce(max(number), 0) FROM thing UNION ALL "
    "SELECT 'historical_location', coalesce(max(number), 0) FROM thing UNION ALL "
    "SELECT 'sensor', coalesce(max(number), 0) FROM sensor UNION ALL "
    "SELECT 'observed_property', coalesce(max(number), 0) FROM observed_property",
)
