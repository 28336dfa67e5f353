"""People on the command line: roles and passwords set, accounts ended."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lifang.core import BadInput
from lifang.doors.cli.main import app

_CITY = 'id = "c"\nname_zh = "城"\nname_en = "c"\narea_code = "510100"\n'
_PASSWORD = "correct horse battery"


def test_a_person_is_given_roles_and_a_password_and_is_deactivated(tmp_path: Path) -> None:
    (tmp_path / "city.toml").write_text(_CITY, "utf-8")
    runner = CliRunner()

    def run(*words: str, typed: str = "") -> str:
        done = runner.invoke(app, ["user", *words, "--dir", str(tmp_path)], input=typed, catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output

    run("add", "li", "--role", "citizen", "--password", _PASSWORD)
    told = json.loads(run("set", "li", "--role", "analyst", "--role", "operator", "--json"))
    assert told["roles"] == ["analyst", "operator"]
    new = "another battery staple"
    assert new not in run("set", "li", "--password", typed=f"{new}\n{new}\n")
    assert json.loads(run("set", "li", "--deactivate", "--json"))["active"] is False
    with pytest.raises(BadInput, match="Nothing"):
        run("set", "li")
