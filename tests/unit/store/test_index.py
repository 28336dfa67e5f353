"""The index answers exact values, beginnings, their opposites, and tells everything part by part."""

from __future__ import annotations

from pathlib import Path

import pytest

from lifang.store import (
    Begins,
    Clause,
    Either,
    Every,
    Having,
    IndexDocument,
    IndexFields,
    Nearly,
    SearchIndex,
    Span,
    Without,
    Words,
)

_FIELDS = IndexFields(texts=("text",), keywords=("kind",), numbers=("size",), sorts=("id",), version="1")


@pytest.fixture
def index(tmp_path: Path) -> SearchIndex:
    made = SearchIndex(tmp_path, _FIELDS)
    kinds = {"a": "a.b", "b": "aXb", "c": "[x](y)^$*", "d": "", "e": "a\nb"}
    made.change(
        IndexDocument(
            name, 1, {"text": name}, keywords={"kind": [kind] if kind else []}, numbers={"size": n}, sorts={"id": name}
        )
        for n, (name, kind) in enumerate(kinds.items())
    )
    return made


@pytest.mark.parametrize(
    ("clause", "found"),
    [
        (Begins("kind", "a."), "a"),
        (Begins("kind", "a"), "abe"),
        (Begins("kind", "[x](y)^$*"), "c"),
        (Begins("kind"), "abce"),
        (Without(Begins("kind")), "d"),
        (Every((Span("size", low=1), Without(Having("kind", ["aXb"])))), "cde"),
        (Either((Without(Span("size", low=1)), Having("id", ["e"]))), "ae"),
    ],
)
def test_clauses_find_what_they_say_and_nothing_else(index: SearchIndex, clause: Clause, found: str) -> None:
    assert "".join(index.search(clause, order="id")[0]) == found


def test_everything_is_told_once_part_by_part(index: SearchIndex) -> None:
    parts = list(index.parts(Span("size", low=1), size=2))
    assert [len(part) for part in parts] == [2, 2]
    assert sorted(each for part in parts for each in part) == list("bcde")


def test_a_phrase_that_ends_in_more_ways_than_tantivy_looks_at_is_found_all_the_same(index: SearchIndex) -> None:
    text = " ".join(f"a区{chr(0x4E00 + n)}" for n in range(17_000))
    index.change([IndexDocument("many", 1, {"text": text})])
    assert index.search(Words("A区", "text"))[0] == ["many"]
    assert index.search(Words("B区", "text"))[0] == []
    assert index.search(Nearly("区一二", "text"))[0] == ["many"]


def test_numbers_come_with_the_ids(index: SearchIndex) -> None:
    assert index.numbers(Every(), "size", order="id", offset=1, limit=2) == [("b", 1), ("c", 2)]
