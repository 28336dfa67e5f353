"""What has to load quickly loads little."""

import subprocess
import sys

import lifang.core

HEAVY = {
    "duckdb",
    "sqlalchemy",
    "fastapi",
    "pyarrow",
    "pyproj",
    "numpy",
    "uvicorn",
    "lifang.app",
    "lifang.store",
    "lifang.doors.api",
    "lifang.doors.cli.twin",
}


def test_a_command_loads_nothing_of_the_house_before_it_needs_it() -> None:
    told = subprocess.run(
        [sys.executable, "-c", "import sys, lifang.doors.cli.main; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert set(told.stdout.split()) & HEAVY == set()


def test_a_server_loads_what_few_ask_for_when_they_ask() -> None:
    told = subprocess.run(
        [sys.executable, "-c", "import sys, lifang.doors.api; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert set(told.stdout.split()) & {"asyncssh", "reportlab", "PIL", "pandas", "ifcopenshell", "numba"} == set()


def test_what_core_loads_late_is_there_when_it_is_asked_for() -> None:
    assert [name for name in lifang.core.__all__ if not hasattr(lifang.core, name)] == []
