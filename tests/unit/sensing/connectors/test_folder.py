"""The folder: whole files only, each once, a bad one holding up no other."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from .conftest import NOON, Room

_CONFIG = """
kind = "folder"
zone = "+08:00"
[source]
path = "inbox"
{source}
[time]
field = "t"
[thing]
id = "s-{{s}}"
lon = 104.0
lat = 30.6
[[values]]
field = "v"
unit = "mm"
"""
_HOUR = 3600


def put(room: Room, name: str, content: str | bytes, *, age_s: float = 60.0) -> Path:
    path = room.folder / "inbox" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    moment = NOON.timestamp() - age_s
    os.utime(path, (moment, moment))
    return path


def rows(count: int, start: int = 0) -> str:
    return "s,t,v\n" + "".join(f"a,2024-01-01T{(start + n) % 24:02}:00,{start + n}\n" for n in range(count))


@pytest.fixture
def inbox(room: Room) -> Room:
    (room.folder / "inbox").mkdir()
    room.add(_CONFIG.format(source=""))
    return room


def test_a_file_is_taken_once_whatever_it_is_called(inbox: Room) -> None:
    put(inbox, "a.csv", rows(3))
    assert inbox.pull().counts["values"] == 3
    put(inbox, "b.csv", rows(3))
    assert inbox.pull().counts["values"] == 3
    put(inbox, "a.csv", rows(5))
    assert (
        inbox.pull().counts["values"] == 3 + 5
    )  # the same moments again: they replace, so that nothing is there twice
    assert len(inbox.series("s-a.v")) == 5


def test_a_file_that_somebody_writes_to_is_left_until_it_rests(inbox: Room) -> None:
    put(inbox, "a.csv", rows(3), age_s=1)
    assert inbox.pull().counts["values"] == 0
    put(inbox, "a.csv", rows(4), age_s=6)
    assert inbox.pull().counts["values"] == 4


def test_a_bad_file_is_told_and_holds_up_no_other(inbox: Room) -> None:
    put(inbox, "a_empty.csv", "")
    put(inbox, "b_twice.csv", "s,t,t,v\na,x,y,1\n")
    put(inbox, "c_binary.csv", b"s,t,v\na,2024-01-01T00:00,\xff\xfe\n")
    put(inbox, "d_quote.csv", 's,t,v\na,"2024-01-01T00:00,1\n')
    put(inbox, "e.parquet", b"PAR1 this is none PAR1")
    put(inbox, "f.csv", rows(2))
    status = inbox.pull()
    assert status.state == "running"
    assert status.counts["values"] == 2
    assert sorted(each.where for each in inbox.issues()) == [
        "a_empty.csv", "b_twice.csv", "c_binary.csv", "d_quote.csv", "e.parquet"]  # fmt: skip
    assert all(each.mend for each in inbox.issues())
    assert inbox.pull().counts["refused"] == status.counts["refused"]


def test_bad_rows_are_told_by_line_and_the_others_are_taken(inbox: Room) -> None:
    put(
        inbox,
        "a.csv",
        "s,t,v\na,2024-01-01T00:00,1\na,2024-01-01T01:00\na,soon,3\na,2024-01-01T03:00,x\nb,2024-01-01T04:00,5\n",
    )
    assert inbox.pull().counts["values"] == 2
    told = {(each.row, each.column, each.rule) for each in inbox.issues()}
    assert told == {(3, "", "columns"), (4, "t", "time"), (5, "v", "number")}


@pytest.mark.parametrize(
    ("source", "content"),
    [
        ('delimiter = ";"', "s;t;v\na;2024-01-01T00:00;1\n"),
        ("", "s;t;v\na;2024-01-01T00:00;1\n"),
        ("", "s\tt\tv\r\na\t2024-01-01T00:00\t1\r\n"),
        ("", "\ufeffs,t,v\na,2024-01-01T00:00,1\n"),
        ('encoding = "gb18030"', "s,t,v,名\na,2024-01-01T00:00,1,站\n".encode("gb18030")),
        ("skip_lines = 2", "报表\n\ns,t,v\na,2024-01-01T00:00,1\n"),
        ('header = ["s", "t", "v"]', "a,2024-01-01T00:00,1\n"),
        ("", 's,t,v,"a ""b"", c"\na,2024-01-01T00:00,1,"x\ny"\n'),
    ],
)
def test_csv_comes_in_many_dresses(room: Room, source: str, content: str | bytes) -> None:
    room.add(_CONFIG.format(source=source))
    put(room, "a.csv", content)
    assert room.pull().counts["values"] == 1, room.issues()
    assert room.series("s-a.v") == {1_704_038_400: (1.0, 0)}


def test_parquet_is_taken_with_its_own_types(inbox: Room) -> None:
    path = inbox.folder / "inbox" / "a.parquet"
    moments = [datetime(2024, 1, 1, hour, tzinfo=UTC) for hour in range(3)]
    pq.write_table(pa.table({"s": ["a"] * 3, "t": moments, "v": [1.5, None, 3.0]}), path)
    os.utime(path, (0, 0))
    assert inbox.pull().counts["values"] == 2
    assert list(inbox.series("s-a.v").values()) == [(1.5, 0), (3.0, 0)]


def test_links_and_what_is_no_file_are_not_followed(inbox: Room, tmp_path: Path) -> None:
    outside = tmp_path / "secret.csv"
    outside.write_text(rows(3), "utf-8")
    (inbox.folder / "inbox" / "link.csv").symlink_to(outside)
    os.mkfifo(inbox.folder / "inbox" / "pipe.csv")
    (inbox.folder / "inbox" / "folder.csv").mkdir()
    put(inbox, "z.csv", rows(1))
    os.utime(inbox.folder / "inbox" / "link.csv", (0, 0), follow_symlinks=False)
    status = inbox.pull()
    assert status.counts["values"] == 1
    assert status.state == "failing"  # the link stays and is told of at each pull
    assert "link" in status.troubles[0].what


def test_a_file_past_the_bound_is_refused_unread(room: Room) -> None:
    room.add(_CONFIG.format(source="bytes_max = 10"))
    put(room, "a.csv", rows(3))
    assert room.pull().counts["values"] == 0
    assert "bytes" in room.issues()[0].rule


def test_a_long_file_is_taken_in_parts_and_goes_on_after_a_restart(
    inbox: Room, opening: Callable[[], Room], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [f"a,{1_700_000_000 + n},{n}" for n in range(12_000)]
    inbox.add(_CONFIG.format(source="").replace('field = "t"', 'field = "t"\nformat = "unix_s"'))
    put(inbox, "a.csv", "s,t,v\n" + "\n".join(lines) + "\n")
    taken = 0
    ingest = inbox.sensing.ingest

    def break_off(*given: object, **more: object) -> object:
        nonlocal taken
        taken += 1
        if taken == 2:
            raise OSError("the plug was pulled")
        return ingest(*given, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(inbox.sensing, "ingest", break_off)
    assert inbox.pull().state == "failing"
    row = inbox.sensing.store.registry.get("connector", "feed")
    assert row is not None
    assert row["checkpoint"]["rows"] == 5000
    again = opening()
    assert again.pull().counts["values"] == 12_000
    assert len(again.series("s-a.v")) == 12_000
    assert again.pull().counts["values"] == 12_000


def test_a_missing_folder_is_told(room: Room) -> None:
    room.add(_CONFIG.format(source=""))
    status = room.pull()
    assert (status.state, status.troubles[0].where) == ("failing", "inbox")
