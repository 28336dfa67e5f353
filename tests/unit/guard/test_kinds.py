"""Every kind of resource that the house asks about is one that the rules know."""

import re
from pathlib import Path

from lifang.guard import KINDS, RULES

PACKAGE = Path(__file__).parents[3] / "src" / "lifang"
ASKED = re.compile(r'(?<![\w.])Resource\(\s*"([^"]+)"')


def kinds_asked_about() -> dict[str, str]:
    found = {}
    for path in PACKAGE.rglob("*.py"):
        for asked in ASKED.finditer(path.read_text("utf-8")):
            found[asked[1]] = path.name
    return found


def test_no_room_asks_about_a_kind_without_a_rule() -> None:
    unknown = {kind: where for kind, where in kinds_asked_about().items() if kind not in KINDS}
    assert unknown == {}, "Such a question is always answered no: add the kind to the rules."


def test_the_rules_know_no_kind_that_nobody_asks_about() -> None:
    assert KINDS - set(kinds_asked_about()) == set()


def test_every_kind_has_a_rule() -> None:
    assert set().union(*(rule.kinds for rule in RULES)) == KINDS
