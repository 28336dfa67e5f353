from datetime import UTC, datetime, timedelta

import pytest

from lifang.core import BadInput, check_slug, new_id

START = datetime(2019, 1, 1, tzinfo=UTC)


def test_ids_sort_by_their_moment() -> None:
    moments = [START + timedelta(milliseconds=step) for step in (0, 1, 2, 1000, 86_400_000, 10**12)]
    ids = [
        new_id("alert", moment, randbits=[lambda bits: 0, lambda bits: (1 << bits) - 1][index % 2])
        for index, moment in enumerate(moments)
    ]
    assert ids == sorted(ids)


def test_an_id_has_its_kind_ten_characters_of_time_and_sixteen_of_chance() -> None:
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    second = new_id("job", epoch + timedelta(milliseconds=1), randbits=lambda _: 0)
    assert second == "job_" + "0" * 9 + "1" + "0" * 16
    assert new_id("job", epoch, randbits=lambda _: (1 << 80) - 1) == "job_" + "0" * 10 + "z" * 16


def test_a_ulid_of_a_known_moment_has_its_published_time_part() -> None:
    moment = datetime.fromtimestamp(1_469_918_176.385, tz=UTC)  # the ULID specification's example: 01ARYZ6S41
    assert new_id("x", moment)[2:12] == "01aryz6s41"


def test_ids_of_one_moment_differ_and_sort_as_they_were_made() -> None:
    ids = [new_id("job", START) for _ in range(1000)]
    assert ids == sorted(set(ids))


@pytest.mark.parametrize("text", ["a", "air_quality", "cnemc-1431a", "a1", "x" * 64])
def test_a_slug_is_returned(text: str) -> None:
    assert check_slug(text) == text


@pytest.mark.parametrize(
    "text",
    ["", "1a", "A", "a b", "a--b", "a-", "-a", "a/b", "../a", "a.b", "成都", "a\n", "x" * 65, "a\0", "x" * 10_000],
)
def test_what_is_no_slug_is_refused_briefly(text: str) -> None:
    with pytest.raises(BadInput, match="cannot be a city id") as caught:
        check_slug(text, what="city id")
    assert len(str(caught.value)) < 300
