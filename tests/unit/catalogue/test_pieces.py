"""GeoJSON as a stream: the cut is right wherever a block ends, and what is not JSON is told by line and column."""

from pathlib import Path

import orjson
import pytest

from lifang.catalogue.reading.pieces import Pieces
from lifang.core import BadInput, TooLarge

from .conftest import rows, table

POINT = {"type": "Point", "coordinates": [104.1, 30.6]}
TRICKY = [
    {"a": 'x"],}[{,"features":['},
    [],
    [[], {}],
    {},
    "],",
    "\\",
    '\\\\"',
    "成都,]",
    1.5,
    None,
    {"features": [1, 2]},
]


def cut(folder: Path, text: bytes, *, most: int = 10_000) -> tuple[list[object], object, bool]:
    path = folder / "document.json"
    path.write_bytes(text)
    pieces = Pieces(path, "features", most=most, expected="Send GeoJSON.")
    members = [pieces.parsed(piece) for piece in pieces]
    again = [pieces.parsed(piece) for piece in pieces]
    assert members == again
    return members, *pieces.rest


@pytest.mark.parametrize("block", [1, 2, 3, 7, 64, 4096])
def test_members_and_rest_are_whole_wherever_a_block_ends(tmp_path: Path, monkeypatch, block: int) -> None:
    monkeypatch.setattr("lifang.catalogue.reading.pieces._BLOCK", block)
    before, after = {"name": 'a"features": [', "other": [1, [2]]}, {"crs": {"features": [3]}, "end": "\\"}
    for option in (0, orjson.OPT_INDENT_2):
        text = orjson.dumps({**before, "features": TRICKY, **after}, option=option)
        for bom in (b"", b"\xef\xbb\xbf"):
            assert cut(tmp_path, bom + text) == (TRICKY, {**before, "features": [], **after}, True)


@pytest.mark.parametrize(
    "document", [{}, [], [{"features": [1]}], {"features": {"features": [1]}}, {"features": 3}, "features", [[1], [2]]]
)
def test_a_document_without_the_array_is_the_rest(tmp_path: Path, document: object) -> None:
    assert cut(tmp_path, orjson.dumps(document)) == ([], document, False)


@pytest.mark.parametrize("text", [b'{"features": []}', b'{"features": [ \n ]}'])
def test_an_empty_array_has_no_members(tmp_path: Path, text: bytes) -> None:
    assert cut(tmp_path, text) == ([], {"features": []}, True)


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ('{"features": [1,\n 2,]}', "line 2, column 4"),
        ('{"features": [1,\n "成都" x]}', "line 2, column 7"),
        ('{"features": [1,\n 2}', "line 2, column 3"),
        ('{"features": [1,\n 2', "line 2, column 3"),
        ('{"features": [1, 2],\n\n "成": x}', "line 3, column 7"),
        ('{"a": x,\n "features": [1, 2]}', "line 1, column 7"),
        ('{"features": [1]} []', "line 1, column 19"),
        ('{"features": [1], "features": [2]}', "line 1, column 33"),
    ],
)
def test_what_is_not_json_is_refused_with_its_line_and_column(tmp_path: Path, text: str, where: str) -> None:
    with pytest.raises(BadInput) as caught:
        cut(tmp_path, text.encode())
    assert caught.value.where == where
    assert caught.value.mend


@pytest.mark.parametrize(
    "text", [b'{"features": [%s, 2]}', b'{"other": %s, "features": [2]}', b"[%s]", b'{"features": [%s']
)
def test_a_member_or_a_rest_beyond_the_bound_is_too_large(tmp_path: Path, monkeypatch, text: bytes) -> None:
    monkeypatch.setattr("lifang.catalogue.reading.pieces._BLOCK", 100)
    with pytest.raises(TooLarge, match="1000 bytes") as caught:
        cut(tmp_path, text % (b"1" * 2_000), most=1_000)
    assert caught.value.mend


@pytest.mark.slow
def test_a_large_file_is_read_apart_as_a_small_one_is_read_here(read, monkeypatch) -> None:
    good = {"type": "Feature", "id": 7, "properties": {"nm": "甲", "n": 5, "empty": None}, "geometry": POINT}
    bad = {**good, "geometry": {"type": "Point", "coordinates": ["x", 1]}}
    features = [good, bad, {**good, "geometry": None}]
    text = orjson.dumps({"type": "FeatureCollection", "features": features})
    answers = []
    for small in (1 << 20, 0):
        monkeypatch.setattr("lifang.catalogue.reading.sniff._SMALL", small)
        opened = read(text, "a.geojson")
        refused = [each for batch in opened.batches() for each in batch.refused]
        shapes = [shape for batch in opened.batches() for shape in batch.geometry]
        answers.append((opened.headers, opened.texts, table(opened), rows(opened), refused, shapes))
    assert answers[0] == answers[1]
    assert answers[0][3] == [1, 3]
    assert [(each.row, each.rule) for each in answers[0][4]] == [(2, "geojson")]
