"""Rendered answers: held while they fit, the least used go first."""

from __future__ import annotations

from lifang.doors.api.rendered import Rendered


def test_an_answer_is_rendered_once() -> None:
    held, calls = Rendered(), []
    for _ in range(3):
        assert held.get("a", lambda: calls.append(1) or b"bytes") == b"bytes"  # type: ignore[func-returns-value]
    assert len(calls) == 1


def test_the_bytes_held_are_bounded_and_the_least_used_go_first() -> None:
    held = Rendered(max_bytes=10, each_max_bytes=5)
    held.get("a", lambda: b"12345")
    held.get("b", lambda: b"12345")
    held.get("a", lambda: b"other")
    held.get("c", lambda: b"12345")
    assert held.get("a", lambda: b"again") == b"12345"
    assert held.get("b", lambda: b"again") == b"again"


def test_an_answer_that_is_too_large_is_not_held() -> None:
    held = Rendered(max_bytes=10, each_max_bytes=5)
    held.get("a", lambda: b"123456")
    assert held.get("a", lambda: b"new") == b"new"
