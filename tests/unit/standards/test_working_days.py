"""Working days by the State Council's notices (国办发明电〔2025〕7号 for 2026), by weekends where none is known."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from lifang.standards import WorkingCalendar

CHENGDU = WorkingCalendar(ZoneInfo("Asia/Shanghai"))
DELFT = WorkingCalendar(ZoneInfo("Europe/Amsterdam"), chinese=False)


@pytest.mark.parametrize(
    ("day", "chengdu", "delft"),
    [
        ("2026-02-13", True, True),
        ("2026-02-14", True, False),  # a Saturday worked to make up for the Spring Festival
        ("2026-02-16", False, True),
        ("2026-02-23", False, True),
        ("2026-10-01", False, True),
        ("2026-11-30", True, True),
        ("2050-10-01", False, False),  # a Saturday of a year without an arrangement
        ("2050-10-03", True, True),
    ],
)
def test_a_day_is_worked_by_the_arrangement_of_the_country(day: str, chengdu: bool, delft: bool) -> None:
    found = date.fromisoformat(day)
    assert (CHENGDU.is_working(found), DELFT.is_working(found)) == (chengdu, delft)


def test_days_are_counted_in_the_zone_of_the_city() -> None:
    asked = datetime(2026, 2, 12, 17, tzinfo=UTC)  # 13 February, 01:00, in Chengdu
    assert CHENGDU.later(asked, 2) == datetime(2026, 2, 23, 17, tzinfo=UTC)  # 14 February, then the 24th
    assert CHENGDU.end_of_working_day(asked) == datetime(2026, 2, 13, 16, tzinfo=UTC)
    assert DELFT.later(datetime(2026, 2, 13, 9, tzinfo=UTC), 10) == datetime(2026, 2, 27, 9, tzinfo=UTC)
