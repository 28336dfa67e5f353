"""Files put into a folder: CSV or Parquet, each taken once, when nobody writes to it any more."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from itertools import islice
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import Field, model_validator

from lifang.core import BadInput, NotFound, Problem, Unavailable, to_micros
from lifang.outside import Opened, open_plain
from lifang.sensing.connectors.mapping import Issue, Part, Record
from lifang.sensing.connectors.running.model import ConnectorSpec, Context, Portion

_ROWS = 5000
_COLUMNS_MAX = 2000
_DELIMITERS = ",;\t|"


class Options(Part):
    """Keys of ``[source]``."""

    path: str = Field(min_length=1, description="The folder; a relative path starts in the city's folder.")
    pattern: list[str] = Field(["*.csv", "*.parquet"], min_length=1, description="Names of files to take.")
    settle_s: float = Field(5.0, ge=0, le=86_400, description="A file is taken when unchanged for so many seconds.")
    encoding: str = Field("utf-8", description="Of CSV files; `gb18030` for GBK.")
    delimiter: str = Field("", max_length=1, description="Between cells; found by itself if not given.")
    skip_lines: int = Field(0, ge=0, le=1000, description="Lines before the header.")
    header: list[str] = Field(default_factory=list, description="Names of the columns, if the file has no header.")
    bytes_max: int = Field(1_000_000_000, ge=1, description="How many bytes a file may have.")
    files_max: int = Field(1000, ge=1, description="How many files are taken in one pull.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        try:
            if not isinstance("".encode(codecs.lookup(self.encoding).name), bytes):
                raise LookupError(self.encoding)
        except LookupError as error:
            raise BadInput(f"{self.encoding[:40]!r} is no encoding.", mend="Use utf-8 or gb18030.") from error
        return self


spec = ConnectorSpec(
    id="folder",
    zh="文件夹",
    en="Folder of files",
    says=(
        "监视一个文件夹，文件写完后逐个读入 CSV 或 Parquet；按内容哈希记号，同一内容只读一次；"
        "坏行逐格报告，坏文件不影响其他文件。",
        "Watches a folder and takes each CSV or Parquet file once it is whole. What was taken is known by its "
        "content's hash. Bad cells are reported one by one; a bad file does not hold up the others.",
    ),
    options=Options,
    citation="RFC 4180 (CSV); Apache Parquet format",
    reads=("file",),
    example="""\
kind = "folder"
zh = "雨量站"
en = "Rain gauges"
every_s = 10
zone = "Asia/Shanghai"
classification = "open"

[source]
path = "inbox/rain"
pattern = ["*.csv"]

[time]
field = "time"
format = "%Y-%m-%d %H:%M"

[thing]
id = "rain-{station}"
zh = "{name}"
en = "Rain gauge {station}"
kind = "rain gauge"
lon = "lon"
lat = "lat"

[[values]]
field = "rain_cm"
code = "rain"
zh = "雨量"
en = "Rain"
unit = "mm"
source_unit = "cm"
period_s = 600
missing = ["", "-999"]
quality = "flag"
minimum = 0.0
maximum = 200.0

[quality]
"" = "good"
E = "estimated"
"*" = "missing"
""",
)


def pull(options: Options, checkpoint: Mapping[str, Any], context: Context) -> Iterator[Portion]:
    """Yield the rows of each file that is whole and not taken yet, by name."""
    folder = context.folder / options.path
    if not folder.is_dir():
        raise NotFound("There is no such folder.", where=options.path, mend="Create it, or correct `path`.")
    failed: Problem | None = None
    for path in islice(_waiting(folder, options, context), options.files_max):
        context.check()
        try:
            opened = open_plain(path, bytes_max=options.bytes_max)
        except Unavailable as problem:
            failed = failed or problem
            continue
        except Problem as problem:
            yield _refusal(path.name, path.name, problem)
            continue
        with opened.stream:
            yield from _file(opened, options, checkpoint, context)
    if failed:
        raise failed


def _waiting(folder: Path, options: Options, context: Context) -> Iterator[Path]:
    now = context.clock.now().timestamp()
    for path in sorted(folder.iterdir()):
        if not any(fnmatch(path.name, each) for each in options.pattern) or not path.is_file():
            continue
        try:
            age = now - path.stat(follow_symlinks=False).st_mtime
        except FileNotFoundError:
            continue  # taken away meanwhile
        if abs(age) >= options.settle_s:
            yield path


def _file(opened: Opened, options: Options, checkpoint: Mapping[str, Any], context: Context) -> Iterator[Portion]:
    digest = opened.digest()
    if context.marked(digest) or opened.changed():
        return
    done = int(checkpoint.get("rows", 0)) if checkpoint.get("file") == digest else 0
    rows = _parquet(opened) if opened.name.lower().endswith(".parquet") else _delimited(opened, options)
    count = 0
    try:
        while part := list(islice(rows, _ROWS)):
            count += len(part)
            if count <= done:
                continue
            yield _portion(opened.name, part, {"file": digest, "rows": count}, context)
            context.check()
    except Problem as problem:
        yield _refusal(opened.name, digest, problem)
        return
    if opened.changed():
        return  # somebody writes on: the whole of it is taken when it rests
    yield Portion(opened.name, checkpoint={}, marks={digest: {"file": opened.name, "rows": count}})


def _portion(name: str, part: list[Any], checkpoint: Mapping[str, Any], context: Context) -> Portion:
    received = to_micros(context.clock.now())
    records = [Record(row, data, received) for row, data in part if not isinstance(data, Issue)]
    issues = [data for _, data in part if isinstance(data, Issue)]
    return Portion(name, records=records, issues=issues, checkpoint=checkpoint)


def _refusal(name: str, key: str, problem: Problem) -> Portion:
    issue = Issue(name, 0, "", problem.where if problem.where != name else "", problem.what, problem.mend)
    return Portion(name, issues=[issue], checkpoint={}, marks={key: {"file": name, "refused": problem.what}})


def _delimited(opened: Opened, options: Options) -> Iterator[tuple[int, Any]]:
    """Yield (line, cells by column) of each row, an ``Issue`` in place of the cells where their number is wrong."""
    encoding = "utf-8-sig" if codecs.lookup(options.encoding).name == "utf-8" else options.encoding
    text = io.TextIOWrapper(opened.stream, encoding=encoding, newline="", write_through=True)
    try:
        for _ in range(options.skip_lines):
            text.readline(1 << 20)
        start = text.tell()
        delimiter = options.delimiter or _find_delimiter(text.readline(1 << 20))
        text.seek(start)
        reader = csv.reader(text, delimiter=delimiter, strict=True)
        header = [name.strip() for name in options.header or next(reader, [])]
        _check_header(header)
        for cells in reader:
            line = reader.line_num + options.skip_lines
            if len(cells) == len(header):
                yield line, dict(zip(header, cells, strict=True))
            elif cells:
                mend = f"The row has {len(cells)} cells, the header {len(header)}: quote cells with delimiters in them."
                yield line, Issue(opened.name, line, "", delimiter.join(cells)[:200], "columns", mend)
    except (csv.Error, UnicodeError) as error:
        raise BadInput(
            f"The text cannot be read: {error}.", where=opened.name, mend="Check quotes, encoding and line ends."
        ) from error
    finally:
        text.detach()


def _find_delimiter(line: str) -> str:
    return max(_DELIMITERS, key=lambda sign: (line.count(sign), -_DELIMITERS.index(sign)))


def _check_header(header: list[str]) -> None:
    twice = {name for name in header if header.count(name) > 1} if len(header) <= _COLUMNS_MAX else set()
    if not any(header) or len(header) > _COLUMNS_MAX or twice:
        what = f"The column {min(twice)!r} is there twice." if twice else "There is no header that fits."
        raise BadInput(what, where="header", mend="Begin with one line of different column names.")


def _parquet(opened: Opened) -> Iterator[tuple[int, Any]]:
    """Yield (row from 1, cells by column)."""
    try:
        with pq.ParquetFile(opened.stream) as file:
            told = file.metadata
            size = sum(told.row_group(place).total_byte_size for place in range(told.num_row_groups))
            if told.num_columns > _COLUMNS_MAX or size > 100 * max(opened.size, 1 << 20):
                raise BadInput("The file unpacks to far more than it is.", where=opened.name, mend="Write it anew.")
            row = 0
            for batch in file.iter_batches(batch_size=_ROWS):
                for cells in batch.to_pylist():
                    row += 1
                    yield row, cells
    except (pa.ArrowException, OSError, ValueError) as error:
        if isinstance(error, Problem):
            raise
        text = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise BadInput(f"The Parquet cannot be read: {text}.", where=opened.name, mend="Write it anew.") from error
