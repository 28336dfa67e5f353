"""Text files: which encoding, which delimiter, and whether it is text at all."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from lifang.core import BadInput

_CHUNK = 4 << 20
_LINE_MAX = 8 << 20
_HEAD = 256 << 10
_DELIMITERS = ",\t;|"
_ENCODINGS = {
    "utf-8": "utf-8",
    "utf-8-sig": "utf-8",
    "utf8": "utf-8",
    "gb18030": "gb18030",
    "gbk": "gb18030",
    "gb2312": "gb18030",
}
_CONTROL = re.compile(rb"[\x01-\x08\x0e-\x1a\x1c-\x1f]")
_HANZI_UTF8 = re.compile(rb"(?:[\xe4-\xe9][\x80-\xbf][\x80-\xbf]){2}")
_MEND_ENCODING = "Save the whole file in one encoding, best UTF-8."
_MIXED_SHARE = 0.001
_MARKUP = re.compile(r"\s*<[a-z!?/]", re.IGNORECASE)


def looks_like_markup(head: str) -> bool:
    """Return whether text begins like XML or HTML."""
    return bool(_MARKUP.match(head))


def find_encoding(path: Path, *, declared: str) -> str:
    """Return ``utf-8`` or ``gb18030``; ``BadInput`` with the place for NUL bytes, UTF-16, mixed or other encodings.

    The whole file is decoded once as a stream, so that a bad byte is found before anything is written.
    """
    wanted = _ENCODINGS.get(declared.lower()) if declared else None
    if declared and wanted is None:
        raise BadInput(f"Encoding {declared[:40]!r} is not read.", where="encoding", mend="Use utf-8 or gb18030.")
    tried = [wanted] if wanted else ["utf-8", "gb18030"]
    wrong: list[int] = []
    for encoding in tried:
        offset = _first_error(path, encoding)
        if offset is None:
            if encoding == "gb18030" and not wanted:
                _refuse_mixed(path)
            return encoding
        wrong.append(offset)
    raise BadInput(
        f"The text is not all {'UTF-8, nor all GB18030' if wanted is None else wanted}.",
        where=f"line {_line(path, wrong[0])}, byte {wrong[0] + 1}",
        mend="Correct encoding in the card, or leave it out." if wanted else _MEND_ENCODING,
    )


def _first_error(path: Path, encoding: str) -> int | None:
    """Return at which byte (from 0) the text stops being of this encoding, or ``None``."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    offset = 0
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            if offset == 0 and chunk.startswith((b"\xff\xfe", b"\xfe\xff")):
                raise BadInput("The text is UTF-16.", where="byte 1", mend="Save it as UTF-8.")
            if (at := chunk.find(b"\0")) >= 0:
                raise BadInput(
                    "There is a NUL byte: this is not a text file.",
                    where=f"byte {offset + at + 1}",
                    mend="Send CSV, GeoJSON, Parquet, XLSX, GeoPackage or a zipped shapefile.",
                )
            if encoding == "gb18030" and (control := _CONTROL.search(chunk)):
                return offset + control.start()
            held = len(decoder.getstate()[0])
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError as error:
                return offset - held + error.start
            offset += len(chunk)
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        return offset - len(error.object) + error.start
    return None


def _line(path: Path, offset: int) -> int:
    """Return the number of the line that a byte stands on."""
    lines, left = 1, offset
    with path.open("rb") as stream:
        while left > 0 and (chunk := stream.read(min(_CHUNK, left))):
            lines += chunk.count(b"\n")
            left -= len(chunk)
    return lines


def _lines(path: Path) -> Iterator[bytes]:
    """Yield the lines of a file; one beyond the bound comes in parts, so that no line fills memory."""
    with path.open("rb") as stream:
        while line := stream.readline(_LINE_MAX):
            yield line


def _refuse_mixed(path: Path) -> None:
    """Refuse a file whose lines are partly UTF-8 and partly not: read as GB18030 the first would turn to nonsense."""
    as_utf8 = other = first_other = 0
    for number, line in enumerate(_lines(path), start=1):
        if line.isascii():
            continue
        try:
            line.decode("utf-8")
        except UnicodeDecodeError:
            other += 1
            first_other = first_other or number
        else:
            as_utf8 += bool(_HANZI_UTF8.search(line))
    if as_utf8 > _MIXED_SHARE * (as_utf8 + other):
        raise BadInput(
            f"The text mixes encodings: {as_utf8} lines are UTF-8, {other} are not.",
            where=f"line {first_other} is the first that is not UTF-8",
            mend=_MEND_ENCODING,
        )


def read_head(path: Path, encoding: str, *, size: int = _HEAD) -> str:
    """Return the beginning of the text without a byte order mark; a character cut at the end is left out."""
    with path.open("rb") as stream:
        raw = stream.read(size)
    return codecs.getincrementaldecoder(encoding)("strict").decode(raw).removeprefix("\ufeff")


def find_delimiter(head: str) -> str:
    """Return the delimiter that gives the most regular table of the first rows; a comma for one column."""
    whole_lines = head[: head.rfind("\n") + 1] or head
    best = (0.0, 0, ",")
    for delimiter in _DELIMITERS:
        counts = Counter(len(row) for row in _rows(whole_lines, delimiter) if row)
        if not counts:
            continue
        width, lines = counts.most_common(1)[0]
        if width > 1:
            best = max(best, (round(lines / counts.total(), 2), width, delimiter))
    return best[2]


def _rows(text: str, delimiter: str) -> list[list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows: list[list[str]] = []
    try:
        for row in reader:
            rows.append(row)
            if len(rows) >= 200:
                break
    except csv.Error:
        return rows
    return rows
