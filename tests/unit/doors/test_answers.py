"""Cursors and entity tags."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.requests import Request

from lifang.core import BadInput
from lifang.doors.http import decode_cursor, encode_cursor, entity_tag, json_answer


def _request(**headers: str) -> Request:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": "GET", "path": "/", "headers": raw, "query_string": b""})


@settings(max_examples=50, deadline=None)
@given(st.text(), st.integers(-(2**53), 2**53))
def test_a_cursor_gives_back_its_key(text: str, number: int) -> None:
    assert decode_cursor("list", encode_cursor("list", text, number), str, int) == (text, number)


@settings(max_examples=100, deadline=None)
@given(st.text())
def test_any_other_text_is_no_cursor(text: str) -> None:
    with pytest.raises(BadInput):
        decode_cursor("list", text, int)


def test_a_cursor_of_another_list_or_shape_is_refused() -> None:
    for wrong in (
        encode_cursor("other", 1),
        encode_cursor("list", "1"),
        encode_cursor("list", 1, 2),
        encode_cursor("list", True),
    ):
        with pytest.raises(BadInput):
            decode_cursor("list", wrong, int)


def test_no_cursor_is_the_start() -> None:
    assert decode_cursor("list", None, int) is None


def test_an_answer_that_is_held_already_is_not_sent_again() -> None:
    first = json_answer(_request(), {"a": 1})
    tag = first.headers["etag"]
    assert first.status_code == 200
    assert json_answer(_request(if_none_match=tag), {"a": 1}).status_code == 304
    assert json_answer(_request(if_none_match=f'"x", {tag}'), {"a": 1}).status_code == 304
    assert json_answer(_request(if_none_match=tag), {"a": 2}).status_code == 200


def test_what_json_cannot_say_becomes_null() -> None:
    assert json_answer(_request(), [float("nan"), float("inf")]).body == b"[null,null]"


def test_tags_are_weak_because_answers_may_be_compressed() -> None:
    assert entity_tag(b"x").startswith('W/"')
