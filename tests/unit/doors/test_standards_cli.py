"""Data standards on the command line: linted and compared as files, registered, shown, written for people."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from lifang.core import Conflict
from lifang.doors.cli.main import app
from lifang.standards import shipped_text

_CITY = 'id = "c"\nname_zh = "城"\nname_en = "c"\narea_code = "510100"\n'


def test_a_clerk_lints_registers_and_compares_a_standard(tmp_path: Path) -> None:
    (tmp_path / "city.toml").write_text(_CITY, "utf-8")
    file, newer = tmp_path / "own.toml", tmp_path / "newer.toml"
    text = shipped_text("school@1").replace('id = "school"', 'id = "own"')
    runner = CliRunner()

    def run(*words: str | Path, folder: bool = True) -> Result:
        more = ["--dir", str(tmp_path)] if folder else []
        return runner.invoke(app, ["standard", *map(str, words), *more], catch_exceptions=False)

    file.write_text(text.replace('type = "integer"', 'type = "whole"', 1), "utf-8")
    broken = run("lint", file, folder=False)
    line = next(n for n, each in enumerate(file.read_text("utf-8").splitlines(), 1) if "whole" in each)
    assert broken.exit_code == 1
    assert f"line {line}, elements.pupils.type" in broken.output.replace("\n", "")
    file.write_text(text, "utf-8")
    assert run("lint", file, folder=False).exit_code == 0
    assert json.loads(run("add", file, "--json").output)["standard"]["reference"] == "own@1"
    newer.write_text(text.replace("maximum = 2000", "maximum = 1000"), "utf-8")
    (change,) = json.loads(run("diff", "own@1", newer, "--json").output)
    assert (change["element"], change["kind"], change["breaking"]) == ("classes", "narrowed", True)
    with pytest.raises(Conflict):
        run("add", newer)
    shown = json.loads(run("list", "--kind", "theme", "--json").output)
    assert {"own@1", "school@1"} <= {each["reference"] for each in shown}
    assert "`school_id`" in run("docs", "own@1").output
