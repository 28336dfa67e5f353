"""Published models that break or keep one rule each: the broken rule is named, and nothing that keeps it is blamed."""

from pathlib import Path

import ifcopenshell
import pytest

from lifang.twin.reading.ifc.rules import RULES, findings

CASES = sorted((Path(__file__).parent / "cases" / "ifc_rules").glob("*.ifc"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_published_model_breaks_the_rule_that_it_says_it_breaks(path: Path) -> None:
    verdict, rule = path.stem.split("-")[:2]
    told = [each for each in findings(ifcopenshell.open(path)) if each["rule"] == rule.upper()]
    assert bool(told) == (verdict == "fail")
    assert all(each["object"] and each["what"] and each["mend"] for each in told)


def test_every_rule_has_a_model_that_breaks_it_and_one_that_does_not() -> None:
    seen = {(path.stem.split("-")[0] == "fail", path.stem.split("-")[1].upper()) for path in CASES}
    assert {rule for fails, rule in seen if fails} == set(RULES)
    assert len({rule for fails, rule in seen if not fails}) >= len(RULES) - 3
