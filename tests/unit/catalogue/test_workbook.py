import io
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime

import openpyxl
import pyarrow as pa
import pytest
from tests.unit.catalogue.conftest import table as read_table

from lifang.catalogue import bounded, check_rows, write_rows
from lifang.catalogue.export import workbook
from lifang.core import BadInput

TEXTS = [' a<b>&"c" ', "line\r\nline\ttab", "_x0041_x0042_ \x00\x1f", "=1+1", "", "𠮷家"]
MANY = pa.table(
    {
        "text": pa.array([*TEXTS, None]),
        "number": pa.array([0.1 + 0.2, -1e300, float("nan"), 5e-324, 1.0, None, float("-inf")]),
        "small": pa.array([0, 255, None, 1, 2, 3, 4], pa.uint8()),
        "whole": pa.array([2**53, -(2**53), 2**53 + 1, None, 0, -1, -(2**63)]),
        "truth": pa.array([True, False, None, True, True, False, False]),
        "day": pa.array([date(1900, 2, 28), date(1900, 3, 1), date(9999, 12, 31), None, *[date(2026, 1, 31)] * 3]),
        "moment": pa.array(
            [-(10**18), 0, 86_399_000_000, 1, None, 4_102_444_799_000_000, 253_402_300_799_000_000],
            pa.timestamp("us", tz="Asia/Shanghai"),
        ),
        "list": pa.array([["a"], [], None, None, None, None, ["=b"]]),
    }
)


def opened(content: bytes) -> list[list[list[object]]]:
    """Return the values of the cells of each sheet, by another's reader."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    return [[[cell.value for cell in row] for row in sheet.iter_rows()] for sheet in book]


def test_every_kind_of_value_is_read_back_by_another_program() -> None:
    ((head, *rows),) = opened(b"".join(write_rows(MANY.to_reader(max_chunksize=2), "xlsx")))
    assert head == MANY.column_names
    columns = dict(zip(head, zip(*rows, strict=True), strict=True))
    assert columns["number"] == (0.1 + 0.2, -1e300, "nan", 5e-324, 1, None, "-inf")
    assert columns["small"] == (0, 255, None, 1, 2, 3, 4)
    assert columns["whole"] == (2**53, -(2**53), str(2**53 + 1), None, 0, -1, str(-(2**63)))
    assert columns["truth"] == (True, False, None, True, True, False, False)
    assert columns["day"][:4] == ("1900-02-28", datetime.fromisoformat("1900-03-01"),
                                  datetime.fromisoformat("9999-12-31"), None)  # fmt: skip
    assert [each if each is None or isinstance(each, str) else each.replace(tzinfo=UTC) for each in columns["moment"]][
        1:
    ] == [
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(1970, 1, 1, 23, 59, 59, tzinfo=UTC),
        "1970-01-01T00:00:00.000001Z",
        None,
        datetime(2099, 12, 31, 23, 59, 59, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC),
    ]
    assert columns["list"] == ('["a"]', "[]", None, None, None, None, '["=b"]')


def test_texts_come_back_through_the_house_s_own_reader(read) -> None:
    content = b"".join(write_rows(MANY.select(["text", "whole"]), "xlsx"))
    assert [row["text"] for row in read_table(read(content, "a.xlsx"))] == [text or None for text in [*TEXTS, None]]


def test_the_first_bytes_come_with_the_first_rows_and_without_the_last_it_is_no_file() -> None:
    taken = []

    def coming() -> Iterator[pa.RecordBatch]:
        for number in range(5):
            taken.append(number)
            yield pa.record_batch({"a": pa.array(range(4_000))})

    pieces = write_rows(pa.RecordBatchReader.from_batches(pa.schema({"a": pa.int64()}), coming()), "xlsx")
    begun = next(pieces)
    assert begun.startswith(b"PK")
    assert taken == [0]
    rest = list(pieces)
    assert max(map(len, rest)) < 1_000_000
    assert len(opened(begun + b"".join(rest))[0]) == 20_001
    with pytest.raises(zipfile.BadZipFile):
        zipfile.ZipFile(io.BytesIO(begun + b"".join(rest[:-1])))


def test_more_rows_than_a_sheet_holds_go_on_in_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "_ROWS", 3)
    rows = pa.table({"a": range(7)})
    assert opened(b"".join(write_rows(rows.to_reader(max_chunksize=2), "xlsx"))) == [
        [["a"], [0], [1], [2]],
        [["a"], [3], [4], [5]],
        [["a"], [6]],
    ]
    monkeypatch.setattr(workbook, "_SHEET_BYTES", 1)
    assert len(opened(b"".join(write_rows(rows.to_reader(max_chunksize=2), "xlsx")))) == 4


def test_a_text_too_long_is_found_before_and_its_place_is_told() -> None:
    rows = pa.table({"n": [1, 2, 3], "a": ["x" * 32_767, None, "y" * 32_768], "list": [["z" * 32_760], None, None]})
    assert bounded(rows.schema, "xlsx") == ["a", "list"]
    assert bounded(rows.schema, "csv") == []
    with pytest.raises(BadInput, match="32,768 characters") as found:
        check_rows(rows.select(["a", "list"]).to_reader(max_chunksize=2), "xlsx")
    assert found.value.where == "row 3, column 'a'"
    check_rows(rows.slice(0, 2).to_reader(), "xlsx")


def test_more_columns_than_a_sheet_holds_are_refused_before_the_first_byte() -> None:
    with pytest.raises(BadInput, match="16384 columns"):
        write_rows(pa.table({f"c{n}": [1] for n in range(16_385)}), "xlsx")
    assert [workbook._letters(place) for place in (0, 25, 26, 701, 702, 16_383)] == ["A", "Z", "AA", "ZZ", "AAA", "XFD"]
