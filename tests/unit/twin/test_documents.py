"""What files tell of themselves is kept through time, and not once more for each time that they come in again."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from lifang.core import SystemClock, to_micros
from lifang.guard import Classification
from lifang.store import ObjectQuery, Store, read_setting
from lifang.twin.documents import Documents

OPEN, RESTRICTED = Classification.OPEN, Classification.RESTRICTED
FIRST, LATER = {"metadata": {"title": "一"}}, {"metadata": {"title": "二"}}


def day(number: int) -> datetime:
    return datetime(2026, 1, number, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "store", clock=SystemClock()) as opened:
        yield opened


def test_each_moment_has_what_the_newest_file_told_of_it_and_no_file_is_kept_twice(store: Store) -> None:
    documents = Documents(store)

    def keep(members: dict[str, Any], number: int, grade: Classification = OPEN) -> int:
        documents.keep("m", members, grade, valid_from=day(number), valid_to=None, recorded=day(20 + number))
        return len(read_setting(store, "twin:told:m") or [])

    def told(number: int, known: int | None = None, *grades: Classification) -> Any:
        recorded = None if known is None else to_micros(day(known))
        query = ObjectQuery(
            to_micros(day(number)), recorded, classifications=[each.value for each in grades or (OPEN,)]
        )
        return documents.of(["m"], query)

    assert keep({}, 1) == 0
    assert [keep(FIRST, each) for each in (1, 1, 2, 3)] == [1, 1, 1, 1]
    assert keep(LATER, 4) == 2
    assert [told(each)[0] for each in (1, 3, 4)] == [FIRST, FIRST, LATER]
    assert told(4, known=22) == (FIRST, [OPEN])
    assert keep(FIRST, 2) == 3  # corrected from then on
    assert told(4) == (FIRST, [OPEN])
    assert keep(FIRST, 5, RESTRICTED) == 4
    assert told(5) == ({}, [])
    assert told(5, None, OPEN, RESTRICTED) == (FIRST, [RESTRICTED])
