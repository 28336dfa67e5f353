"""What has to load quickly loads little."""

import subprocess
import sys

HEAVY = {
    "duckdb",
    "sqlalchemy",
    "fastapi",
    "pyarrow",
    "pyproj",
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
