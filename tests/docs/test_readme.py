"""README says only what holds: its links lead somewhere, its picture is there, its rooms exist."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text("utf-8")


def test_every_relative_link_of_every_document_leads_somewhere() -> None:
    broken = []
    for document in [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        targets = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", document.read_text("utf-8"))
        local = (target for target in targets if not target.startswith("http"))
        broken += [f"{document.relative_to(ROOT)}: {each}" for each in local if not (document.parent / each).exists()]
    assert not broken


def test_every_room_that_readme_names_exists() -> None:
    rows = [re.match(r"\| ([a-z, ]+) \|", line) for line in README.splitlines()]
    rooms = {name for row in rows if row and row[1] != "room" for name in row[1].split(", ")}
    assert rooms == {path.parent.name for path in (ROOT / "src" / "lifang").glob("*/__init__.py")} - {"core", "app"}


def test_the_two_commands_are_targets_of_the_makefile() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert set(re.findall(r"^\$ make (\w+)", README, re.MULTILINE)) <= targets
