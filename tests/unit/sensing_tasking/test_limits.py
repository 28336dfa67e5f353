"""Limits judged on facts alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lifang.sensing.tasking.limits import Case, Facts, refusal

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("limits", "last_given", "refused"),
    [
        ({}, NOW + SECOND, False),  # given by another thread meanwhile, or the clock was set back
        ({}, NOW, False),
        ({"minimum_interval_s": 30}, NOW + SECOND, True),
        ({"minimum_interval_s": 30}, NOW - 29 * SECOND, True),
        ({"minimum_interval_s": 30}, NOW - 30 * SECOND, False),
    ],
)
def test_an_interval_is_kept_only_where_one_is_declared(
    limits: dict[str, Any], last_given: datetime, refused: bool
) -> None:
    facts = Facts(NOW, NOW + 60 * SECOND, silent=False, seen={}, last={}, last_given=last_given)
    why = refusal(Case(limits, {}, {}, facts))
    assert (why is not None and why.rule == "interval") == refused
    assert refused or why is None
