"""JSON from a web service, asked for again and again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, Self

import orjson
from pydantic import Field, model_validator

from lifang.core import BadInput, to_micros
from lifang.outside import Web, load_web
from lifang.sensing.connectors.mapping import Record, dig, items_of
from lifang.sensing.connectors.mapping.paths import steps_of
from lifang.sensing.connectors.running.model import ConnectorSpec, Context, Portion

_ROWS = 5000


class Options(Web):
    """Keys of ``[source]``."""

    method: Literal["GET", "POST"] = Field("GET", description="How to ask.")
    body: str = Field("", description="What to send with POST; JSON unless a Content-Type header says otherwise.")
    items: str = Field("@", description="The path to the records: a list, or one record.")
    layout: Literal["records", "columns"] = Field(
        "records", description="`columns`: the path leads to an object of lists of one length, such as Open-Meteo's."
    )

    @model_validator(mode="after")
    def _check_items(self) -> Self:
        steps_of(self.items)
        if self.body and self.method == "GET":
            raise BadInput("GET sends no body.", mend='Write method = "POST".')
        return self


spec = ConnectorSpec(
    id="http_poll",
    zh="网络接口轮询",
    en="JSON over HTTP",
    says=(
        "按间隔用 GET 或 POST 取 JSON；用路径取字段；用 ETag / If-Modified-Since 只在变化时下载；"
        "只连公网地址，内网地址须由管理员列入 allow。",
        "Asks a web service by GET or POST at intervals and takes fields by path; ETag and If-Modified-Since spare "
        "what has not changed. Only public addresses are reached, others when an administrator lists them in `allow`.",
    ),
    options=Options,
    citation="RFC 9110 (HTTP semantics, §13 conditional requests); RFC 8259 (JSON)",
    paths=True,
    reads=("web",),
    example="""\
kind = "http_poll"
zh = "河道水位"
en = "River gauges"
every_s = 60
zone = "Asia/Shanghai"
classification = "open"

[source]
url = "https://gauges.example/api/latest?key=${key}"
headers = { Authorization = "Bearer ${token}" }
items = "stations[*].readings[*]"

[time]
field = "at"

[thing]
id = "gauge-{^.id}"
zh = "{^.name}"
en = "Gauge {^.id}"
kind = "river gauge"
lon = "^.position[0]"
lat = "^.position[1]"

[[values]]
field = "level.cm"
code = "level"
zh = "水位"
en = "Water level"
observed_property = "WaterLevel"
unit = "m"
source_unit = "cm"
quality = "state"
missing = [-9999]

[quality]
ok = "good"
"*" = "estimated"
""",
)


def pull(options: Options, checkpoint: Mapping[str, Any], context: Context) -> Iterator[Portion]:
    """Yield the records of the answer, unless it has not changed."""
    headers = {"Accept": "application/json"}
    if options.body and not any(name.lower() == "content-type" for name in options.headers):
        headers["Content-Type"] = "application/json"
    loaded = load_web(
        options,
        checkpoint,
        timeout_s=context.left_s,
        stopping=context.stopping,
        method=options.method,
        body=options.body.encode(),
        headers=headers,
    )
    if loaded is None:
        return
    try:
        told = orjson.loads(loaded.body)
    except orjson.JSONDecodeError as error:
        raise BadInput(
            f"The answer is not JSON: {error}.", where=loaded.name, mend="Look at what the address answers."
        ) from error
    records = list(_records(told, options))
    received = to_micros(context.clock.now())
    for start in range(0, max(1, len(records)), _ROWS):
        part = records[start : start + _ROWS]
        whole = start + _ROWS >= len(records)
        yield Portion(
            loaded.name,
            records=[Record(row, each, received) for row, each in enumerate(part, start=start + 1)],
            checkpoint=loaded.checkpoint if whole else None,
        )


def _records(told: Any, options: Options) -> Iterator[Any]:
    if options.layout == "records":
        yield from items_of(told, options.items)
        return
    columns = dig(told, options.items)
    lists = {name: cells for name, cells in columns.items() if isinstance(cells, list)} if isinstance(
        columns, dict) else {}  # fmt: skip
    if not lists or len({len(cells) for cells in lists.values()}) != 1:
        raise BadInput(
            "There are no lists of one length.", where=f"items {options.items}", mend="Correct `items` or `layout`."
        )
    for cells in zip(*lists.values(), strict=True):
        yield dict(zip(lists, cells, strict=True))
