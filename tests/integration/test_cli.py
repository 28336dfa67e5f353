"""Every command answers, prints JSON when asked, and says clearly what is wrong.

Commands that open the city themselves come first; then it is served, and the commands speak to the server.
"""

from __future__ import annotations

import json
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lifang.core import owner_of
from lifang.doors.cli.main import app, main

RUNNER = CliRunner()
PASSWORD = "correct horse battery staple"
_CARD = """
id = "wells"
classification = "restricted"
key = ["code"]
[columns.code]
type = "integer"
[columns.depth]
type = "number"
unit = "m"
"""


def _run(*arguments: object) -> str:
    done = RUNNER.invoke(app, [str(each) for each in arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture(scope="module")
def city(furnished: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    home = tmp_path_factory.mktemp("cli")
    shutil.copytree(furnished, home / "city")
    (home / "wells.csv").write_text("code,depth\n1,12.5\n2,deep\n", "utf-8")
    (home / "wells.toml").write_text(_CARD, "utf-8")
    _run("data", "add", home / "wells.csv", "--card", home / "wells.toml", "--dir", home / "city", "--json")
    _run("user", "add", "li", "--role", "operator", "--password", PASSWORD, "--dir", home / "city")
    _run("sense", "replay", "--pause", "--dir", home / "city")  # what the scenes find stays as it is
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    command = [sys.executable, "-m", "lifang.doors.cli.main", "serve", "--dir", home / "city", "--port", port]
    with (home / "log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log)
    while not ((owner := owner_of(home / "city")) and owner.url):
        assert server.poll() is None, (home / "log").read_text("utf-8")
        time.sleep(0.1)
    yield home / "city"
    server.send_signal(signal.SIGINT)
    assert server.wait(timeout=60) == 0


@pytest.mark.parametrize(
    "command",
    [
        "data list",
        "data show districts",
        "data query 'SELECT count(*) AS n FROM roads'",
        "sense list",
        "sense latest",
        "sense series cnemc-1431a.pm2.5 --points 10",
        "sense replay",
        "sense devices",
        "sense links",
        "sense health --by type",
        "sense gaps --datastream cnemc-1431a.pm2.5",
        "sense coverage",
        "scene run device_health",
        "scene run gigabit_city",
        "scene show sensor_thresholds",
        "task actuators",
        "task list",
        "connect list",
        "scene list",
        "scene show air_quality_early_warning",
        "scene run air_quality_early_warning",
        "alert list",
        "user list",
        "user token li gateway",
        "ledger verify",
        "ledger list",
        "doctor",
    ],
)
def test_every_command_prints_json_and_also_speaks_to_people(city: Path, command: str) -> None:
    words = shlex.split(command)
    told = json.loads(_run(*words, "--dir", city, "--json"))
    assert told or told == []
    assert _run(*words, "--dir", city).strip()


def test_an_alert_is_taken_up_and_it_is_on_record(city: Path) -> None:
    (alert, *_) = json.loads(_run("alert", "list", "--dir", city, "--json"))
    taken = json.loads(_run("alert", "ack", alert["id"], "--note", "seen", "--dir", city, "--json"))
    assert taken["acknowledged_by"]
    records = json.loads(_run("ledger", "list", "--limit", 5000, "--dir", city, "--json"))
    acts = [(each["subject"], each["action"]) for each in records if each["resource"] == f"alert:{alert['id']}"]
    assert ("owner", "alert.acknowledged") in acts


def test_what_is_restricted_is_shown_for_a_stated_purpose_only(
    city: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["lifang", "data", "show", "wells", "--dir", str(city)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    assert "purpose" in capsys.readouterr().err
    assert "wells" in _run("data", "show", "wells", "--purpose", "inspection of wells", "--dir", city)
    (bad,) = json.loads(
        _run("data", "show", "wells", "--refused", "--purpose", "inspection of wells", "--dir", city, "--json")
    )
    assert (bad["row"], bad["column"], bad["value"]) == (3, "depth", "deep")


@pytest.mark.parametrize("form", ["csv", "xlsx", "geojson", "gpkg", "parquet", "arrow", "json"])
def test_a_dataset_is_written_in_every_format(city: Path, tmp_path: Path, form: str) -> None:
    target = tmp_path / f"districts.{form}"
    _run("data", "export", "districts", target, "--dir", city)
    assert target.stat().st_size > 1000


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("data", "show", "nothing"), "no dataset"),
        (("data", "query", "DROP TABLE roads"), "SELECT"),
        (("data", "add", "absent.csv"), "does not exist"),
        (("data", "add", "."), "is a folder"),
        (("backup", "/proc/nowhere/city.lifang"), "There is no folder /proc/nowhere"),
        (("sense", "series", "nothing"), "no datastream"),
        (("scene", "run", "nothing"), "no scene"),
        (("alert", "ack", "nothing"), "no alert"),
        (("sense", "gaps", "--device", "nothing"), "no device"),
        (("task", "give", "nothing", "level=1"), "no tasking capability"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    city: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    monkeypatch.setattr("sys.argv", ["lifang", *words, "--dir", str(city)])
    with pytest.raises(SystemExit) as ended:
        main()
    told = capsys.readouterr().err
    assert ended.value.code == 1
    assert said in told
    assert "Traceback" not in told


def test_what_fires_is_listed_first_however_old_it_is(city: Path) -> None:
    alerts = json.loads(_run("alert", "list", "--limit", 200, "--dir", city, "--json"))
    firing = [each["state"] == "firing" for each in alerts]
    assert firing == sorted(firing, reverse=True)
    assert len({each["id"] for each in alerts}) == len(alerts)


def test_what_the_system_refuses_is_said_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["lifang", "init", "/proc/nowhere/city"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    assert capsys.readouterr().err.startswith("lifang: The system refused: ")
