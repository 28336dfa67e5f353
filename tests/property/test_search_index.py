"""The index finds what a look through every text finds: Chinese as substrings, other words by how they begin."""

import re
import unicodedata
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lifang.store import Either, Every, Having, IndexDocument, IndexFields, SearchIndex, Span, Words

HAN = "空气质量水电路街道人口房屋"
OTHERS = ["PM2.5", "road", "ｒｏａｄ", "air", "，", "12"]
TEXTS = st.lists(
    st.text(st.sampled_from(HAN), min_size=1, max_size=8)
    | st.sampled_from(["PM2.5", "road", "ｒｏａｄ", "air", "，", "12"]),
    min_size=1,
    max_size=6,
).map(lambda parts: " ".join(parts[:2]) + "".join(parts[2:]))
FIELDS = IndexFields(texts=("text",), keywords=("kind",), numbers=("size",), sorts=("title",), version="1")


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SearchIndex]:
    return SearchIndex(tmp_path_factory.mktemp("index"), FIELDS)


def put(index: SearchIndex, texts: list[str]) -> None:
    index.begin()
    index.change(
        IndexDocument(
            f"d{number}", number, {"text": text}, {"kind": [str(number % 3)]}, {"size": number}, {"title": text}
        )
        for number, text in enumerate(texts)
    )


def plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def found(index: SearchIndex, word: str) -> set[int]:
    ids, total = index.search(Words(word, "text"), limit=1000)
    assert len(ids) == total
    return {int(each[1:]) for each in ids}


@given(st.lists(TEXTS, min_size=1, max_size=30), st.data())
@settings(max_examples=40, deadline=None)
def test_every_piece_of_chinese_is_found_wherever_it_stands(
    index: SearchIndex, texts: list[str], data: st.DataObject
) -> None:
    put(index, texts)
    for _ in range(20):
        word = data.draw(st.text(st.sampled_from(HAN), min_size=1, max_size=4))
        assert found(index, word) == {number for number, text in enumerate(texts) if word in plain(text)}


@given(st.lists(TEXTS, min_size=1, max_size=30))
@settings(max_examples=20, deadline=None)
def test_a_word_is_found_where_one_begins_so(index: SearchIndex, texts: list[str]) -> None:
    put(index, texts)
    for word in ("road", "roa", "PM2", "１２"):
        begins = re.compile(rf"(?<![a-z0-9]){plain(word)}")
        assert found(index, word) == {number for number, text in enumerate(texts) if begins.search(plain(text))}


@given(st.lists(TEXTS, min_size=1, max_size=30), st.sets(st.sampled_from("012"), max_size=3), st.integers(0, 30))
@settings(max_examples=20, deadline=None)
def test_clauses_and_counts_agree_with_a_look_through_all(
    index: SearchIndex, texts: list[str], kinds: set[str], low: int
) -> None:
    put(index, texts)
    clause = Every((Either((Having("kind", sorted(kinds)), Words("水", "text"))), Span("size", low=low)))
    expected = [
        number for number, text in enumerate(texts) if number >= low and (str(number % 3) in kinds or "水" in text)
    ]
    ids, total = index.search(clause, order="size", limit=1000)
    assert (ids, total) == ([f"d{number}" for number in expected], len(expected))
    told = dict(index.counts(clause, {"kind": 10})["kind"])
    assert told == {kind: n for kind in "012" if (n := sum(str(each % 3) == kind for each in expected))}
