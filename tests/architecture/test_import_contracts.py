"""The floors hold: the contracts of ``.importlinter``, for every room there is, with no exceptions."""

import configparser
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "lifang"
ENGINES = {"duckdb", "sqlalchemy", "alembic", "sqlite3", "tantivy"}


@pytest.fixture(scope="module")
def config() -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    assert parser.read(ROOT / ".importlinter"), ".importlinter is missing"
    return parser


def rooms_in(folder: Path) -> set[str]:
    return {each.parent.name for each in folder.glob("*/__init__.py")}


def names(config: configparser.ConfigParser, contract: str, key: str) -> set[str]:
    return set(config[f"importlinter:contract:{contract}"][key].replace("|", " ").split())


def test_every_contract_is_kept() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [linter, "--config", ROOT / ".importlinter", "--no-cache", "--no-logo"],
        cwd=ROOT / "src",
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, f"Some rooms import upwards or sideways:\n{done.stdout[-6000:]}{done.stderr[-2000:]}"
    assert " 0 broken" in done.stdout


def test_no_contract_has_an_exception(config: configparser.ConfigParser) -> None:
    exceptions = {(section, key) for section in config.sections() for key in config[section] if "ignore" in key}
    assert exceptions == set(), "Mend the import instead of excepting it."


@pytest.mark.parametrize(("contract", "folder"), [("floors", PACKAGE), ("doors", PACKAGE / "doors")])
def test_every_room_has_its_floor(config: configparser.ConfigParser, contract: str, folder: Path) -> None:
    section = config[f"importlinter:contract:{contract}"]
    assert section["type"] == "layers"
    assert section["exhaustive"] == "True"
    assert names(config, contract, "layers") == rooms_in(folder)


def test_every_room_but_the_store_is_kept_from_the_engines(config: configparser.ConfigParser) -> None:
    assert names(config, "engines", "forbidden_modules") >= ENGINES
    expected = {f"lifang.{room}" for room in rooms_in(PACKAGE) - {"store"}}
    assert names(config, "engines", "source_modules") == expected
