"""Published models that break or keep one rule each: the broken rule is named, and nothing that keeps it is blamed."""

from pathlib import Path

import ifcopenshell
import numpy as np
import pytest
from ifcopenshell.util.unit import calculate_unit_scale

from lifang.twin.reading.ifc.curves import Curves
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


@pytest.mark.parametrize("path", sorted(each for each in CASES if "pass-alb" in each.stem), ids=lambda path: path.stem)
def test_a_published_alignment_is_as_long_in_the_plan_as_its_segments(path: Path) -> None:
    model = ifcopenshell.open(path)
    curves, unit_m, followed = Curves(model), calculate_unit_scale(model), 0
    for each in model.by_type("IfcAlignment"):
        layouts = [part for nest in each.IsNestedBy for part in nest.RelatedObjects]
        plan = [part for part in layouts if part.is_a("IfcAlignmentHorizontal")]
        segments = [one.DesignParameters for part in plan for nest in part.IsNestedBy for one in nest.RelatedObjects]
        if segments:
            found = curves.of(each) or curves.of_layout(each)
            assert found is not None
            made = sum(np.linalg.norm(np.diff(line[:, :2], axis=0), axis=1).sum() for line in found.lines)
            assert made == pytest.approx(sum(one.SegmentLength for one in segments) * unit_m, rel=1e-4)
            followed += 1
    assert followed
