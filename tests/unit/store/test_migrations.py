"""Migrations: from nothing to the tables as declared, once, and again without change."""

import re
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from lifang.core import ManualClock
from lifang.store import Store
from lifang.store.registry import migrations
from lifang.store.registry.migrations import HEAD, migrate, upgrade
from lifang.store.registry.tables import metadata

_PARTS = re.compile(r"\n|, (?=\w+ (?:TEXT|INTEGER|REAL|BLOB))")  # an added column stands behind the one before it


def migrated(path: Path) -> sa.Engine:
    engine = sa.create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        migrate(connection, HEAD)
    return engine


def test_the_migrated_schema_equals_the_declared_tables(tmp_path: Path) -> None:
    engine = migrated(tmp_path / "registry.sqlite")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_the_head_is_the_last_of_the_steps() -> None:
    assert ScriptDirectory(str(Path(migrations.__file__).parent)).get_heads() == [HEAD]


def test_the_migrated_statements_equal_the_declared_ones(tmp_path: Path) -> None:
    """Compare what SQLite keeps, since Alembic does not see STRICT, defaults of keys, or deferred references."""

    def told(engine: sa.Engine) -> dict[str, set[str]]:
        query = sa.text("SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND name <> 'alembic_version'")
        with engine.connect() as connection:
            rows = connection.execute(query).all()
        return {name: {part.strip(" ,\t").replace('"', "") for part in _PARTS.split(sql)} for name, sql in rows}

    declared = sa.create_engine("sqlite://")
    metadata.create_all(declared)
    engine = migrated(tmp_path / "registry.sqlite")
    assert told(engine) == told(declared)
    engine.dispose()
    declared.dispose()


@pytest.mark.parametrize(("grades", "expected"), [(["open"], "open"), (["open", "shared"], "shared"), ([], "open")])
def test_an_older_alert_takes_the_strictest_class_of_all_series(
    tmp_path: Path, grades: list[str], expected: str
) -> None:
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'registry.sqlite'}")
    with engine.begin() as connection:
        migrate(connection, "0003")
        run = connection.exec_driver_sql
        run("INSERT INTO thing (id, zh, en, kind, classification, created) VALUES ('t', '', '', '', '', 0)")
        for number, grade in enumerate(grades):
            run(
                "INSERT INTO datastream (id, number, thing, code, zh, en, observed_property, unit, period_s, "
                "classification, created) VALUES (?, ?, 't', '', '', '', '', '', 0, ?, 0)",
                (f"d{number}", number, grade),
            )
        run(
            "INSERT INTO alert (id, scene, rule, resource, severity, state, opened, zh, en, updated) "
            "VALUES ('a', 's', 'r', 'c', 'blue', 'firing', 7, '霾', 'haze', 9)"
        )
        upgrade(connection)
        (row,) = run("SELECT id, opened, zh, updated, classification FROM alert").all()
    assert tuple(row) == ("a", 7, "霾", 9, expected)
    engine.dispose()


def test_opening_again_changes_nothing(tmp_path: Path, clock: ManualClock) -> None:
    for _ in range(2):
        with Store.open(tmp_path / "city", clock=clock) as store:
            assert store.ledger.head() == (0, "0" * 64)


def test_things_of_an_older_city_get_their_entities(tmp_path: Path) -> None:
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'old.sqlite'}")
    rows = [
        "INSERT INTO thing (id, zh, en, kind, lon, lat, classification, properties, created) "
        "VALUES ('a', '甲', 'A', 'air', 104.5, 30.5, 'open', '{}', 7), "
        "('b', '乙', 'B', 'air', 1, 2, 'shared', '{}', 8)",
        "INSERT INTO datastream (id, number, thing, code, zh, en, observed_property, unit, period_s, classification, "
        "created, properties) VALUES ('b.co', 1, 'b', 'CO', '一氧化碳', 'CO', 'CO', 'mg/m3', 60, 'open', 7, '{}')",
    ]
    with engine.begin() as connection:
        migrate(connection, "0001")
        for row in rows:
            connection.exec_driver_sql(row)
        upgrade(connection)

    def told(query: str) -> list[tuple[object, ...]]:
        with engine.connect() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(query)]

    assert told("SELECT number, west, north, classification, feature FROM location ORDER BY number") == [
        (1, 104.5, 30.5, "open", 1),
        (2, 1.0, 2.0, "shared", 2),
    ]
    assert told("SELECT feature FROM feature WHERE number = 1") == [('{"coordinates":[104.5,30.5],"type":"Point"}',)]
    assert told("SELECT sensor, property, feature, description FROM datastream") == [(1, 1, 2, "CO")]
    assert told("SELECT id, zh FROM observed_property") == [("CO", "一氧化碳")]
    assert told("SELECT thing, location FROM thing_location") == [(1, 1), (2, 2)]
    assert dict(told("SELECT id, last FROM entity_counter"))["historical_location"] == 2
    engine.dispose()
