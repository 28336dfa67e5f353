"""Lines of code that read a dataset: curl, Python, R and JavaScript, ready to be run."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Literal

_TOKEN = "YOUR_TOKEN"  # noqa: S105 - what a reader puts their own in place of


@dataclass(frozen=True)
class Snippet:
    """One piece of code: its language, what it does in Chinese and English, the code."""

    language: Literal["curl", "python", "r", "javascript"]
    zh: str
    en: str
    code: str


def snippets_of(root: str, dataset_id: str, *, is_open: bool, has_geometry: bool) -> list[Snippet]:
    """Return code that reads the dataset at ``root`` (``https://city.example``): as a table, and as a map's layer."""
    rows = f"{root}/api/v1/datasets/{dataset_id}/rows"
    csv = f"{rows}?format=csv"
    found = [
        Snippet("curl", "下载为 CSV", "download as CSV", _curl(csv, dataset_id, is_open)),
        Snippet("python", "读入 pandas", "read into pandas", _python(csv, is_open)),
        Snippet("r", "读入数据框", "read into a data frame", _r(csv, is_open)),
        Snippet("javascript", "取前一百行", "fetch the first hundred rows", _javascript(f"{rows}?limit=100", is_open)),
    ]
    found.append(Snippet("curl", "用 SQL 查询", "ask by SQL", _sql(root, dataset_id, is_open)))
    if has_geometry:
        layer = f"{rows}?format=geojson"
        found.append(Snippet("python", "读入 GeoPandas", "read into GeoPandas", _geopandas(layer, is_open)))
    return found


def _curl(url: str, dataset_id: str, is_open: bool) -> str:
    token = "" if is_open else f' -H "Authorization: Bearer {_TOKEN}"'
    return f'curl --fail{token} -o {dataset_id}.csv "{url}"\n'


def _sql(root: str, dataset_id: str, is_open: bool) -> str:
    token = "" if is_open else f' -H "Authorization: Bearer {_TOKEN}"'
    asked = f'SELECT count(*) AS n FROM "{dataset_id}"'  # noqa: S608 - told, not run; an id has no quotes
    body = json.dumps({"sql": asked})
    return (
        f'curl --fail{token} -H "Content-Type: application/json" -H "X-Lifang: script" -d \'{body}\' '
        f'"{root}/api/v1/query"\n'
    )


def _python(url: str, is_open: bool) -> str:
    options = "" if is_open else f', storage_options={{"Authorization": "Bearer {_TOKEN}"}}'
    return f'import pandas as pd\n\nrows = pd.read_csv("{url}"{options})\nprint(rows.head())\n'


def _geopandas(url: str, is_open: bool) -> str:
    head = "" if is_open else f', headers={{"Authorization": "Bearer {_TOKEN}"}}'
    return (
        "import io\nfrom urllib.request import Request, urlopen\n\nimport geopandas as gpd\n\n"
        f'with urlopen(Request("{url}"{head})) as answer:\n'
        "    layer = gpd.read_file(io.BytesIO(answer.read()))\nlayer.plot()\n"
    )


def _r(url: str, is_open: bool) -> str:
    if is_open:
        return f'rows <- read.csv("{url}", check.names = FALSE)\nhead(rows)\n'
    return (
        f'file <- tempfile(fileext = ".csv")\ndownload.file("{url}", file,\n'
        f'  headers = c(Authorization = "Bearer {_TOKEN}"))\nrows <- read.csv(file, check.names = FALSE)\nhead(rows)\n'
    )


def _javascript(url: str, is_open: bool) -> str:
    head = "" if is_open else f', {{ headers: {{ Authorization: "Bearer {_TOKEN}" }} }}'
    return (
        f'const answer = await fetch("{url}"{head});\nif (!answer.ok) throw new Error(answer.statusText);\n'
        "const { items, total } = await answer.json();\nconsole.log(total, items);\n"
    )
