"""Search with facets over 100,000 datasets, beside SQLite's FTS5 with its trigram tokenizer over the same texts.

Run ``python -m bench.catalogue.search [datasets]``. A question of lifang's is a page of 20 with all its facets counted
over what an anonymous visitor may know; one of the peer's is the first 20 ids and the count of one facet. Processor
time is told beside the time that passed, which depends on what else the machine does.

Every two Chinese characters that stand beside each other in a text are a word here: those that stand in many datasets
are all asked for, of those that stand in few 2,000 are drawn; each must be found exactly as often as a look through all
texts finds it. A misspelt word has two letters exchanged, or one of four Chinese characters replaced: told is how often
the word that was meant is suggested. Space and time are boxes of 20 km and spans of two years.
"""

from __future__ import annotations

import random
import re
import resource
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from lifang.catalogue import THEMES, Catalogue, Search
from lifang.catalogue.spelling import distance
from lifang.core import Box, Settings, SystemClock
from lifang.guard import ANONYMOUS
from lifang.store import Store

WORDS = (  # noqa: SIM905 - words in quotes would fill a page
    "空气 质量 监测 交通 道路 公交 地铁 站点 人口 户籍 统计 教育 学校 幼儿 医院 卫生 社保 "
    "养老 住房 租赁 土地 规划 水务 供水 排水 河道 雨量 气象 预警 应急 消防 安全 生产 食品 "
    "药品 企业 法人 信用 许可 处罚 税务 财政 预算 采购 项目 投资 招标 环境 噪声 垃圾 绿地 "
    "公园 文化 图书 体育 旅游 景区 酒店 停车 充电 能源 电力 燃气 价格 农业 种植 养殖 科技 "
    "专利 人才 就业 培训 社区 街道 网格 事件 投诉 热线 证照 办件 窗口 数据 目录 指标 年度 "
    "月度 名单 清单 分布 位置 面积 数量 信息 记录 明细 汇总 报告 情况 标准 代码 成都 武侯 "
    "锦江 青羊 金牛 成华 高新 天府 "
).split()
ENGLISH = [
    "air",
    "quality",
    "traffic",
    "road",
    "bus",
    "metro",
    "station",
    "school",
    "hospital",
    "water",
    "rain",
    "permit",
    "company",
    "park",
]
_HAN = re.compile("[\u4e00-\u9fff]+")
MANY = 50  # datasets from which on a word is one of those that are all asked for
DRAWN = ["ecology", "transport", "health", "education", "economy", "housing", "planning", "culture", "energy", "other"]


def datasets(count: int) -> list[dict[str, Any]]:
    """Return synthetic cards: names and summaries of city words and, in each, four characters of its own."""
    draw = random.Random(7)
    han = [chr(each) for each in range(0x4E00, 0x4E00 + 3000)]
    found = []
    for number in range(count):
        name = "".join(draw.choices(WORDS, k=4)) + "".join(draw.choices(han, k=2))
        summary = "".join(draw.choices(WORDS, k=20)) + "".join(draw.choices(han, k=2))
        bureau = draw.randrange(300)
        found.append(
            {
                "id": f"d{number}",
                "name": {"zh": name, "en": " ".join(draw.choices(ENGLISH, k=3))},
                "summary": {"zh": summary},
                "provider": {"zh": f"第{bureau}局", "en": f"bureau {bureau}"},
                "theme": draw.choice(DRAWN),
                "keywords": draw.choices(WORDS, k=3),
                "classification": draw.choice(["open", "open", "shared", "restricted"]),
                "update_cycle": draw.choice(["daily", "monthly", "yearly"]),
                "coverage": {"start": f"{2005 + number % 18}-03-01", "end": f"{2006 + number % 18}-02-28"},
            }
        )
    return found


def furnish(store: Store, cards: list[dict[str, Any]]) -> None:
    """Record the datasets, each with one release, as publishing them would."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    draw = np.random.default_rng(7)
    west, south = draw.uniform(103, 105, len(cards)), draw.uniform(30, 31.5, len(cards))
    rows: dict[str, list[dict[str, Any]]] = {
        "dataset": [],
        "life": [],
        "release": [],
        "quality_run": [],
        "resource_code": [],
    }
    for number, card in enumerate(cards):
        moment, key = start + timedelta(seconds=number), card["id"]
        both = {"classification": card["classification"], "updated": moment}
        name = card["name"]
        rows["dataset"].append(
            {"id": key, "created": moment, "zh": name["zh"], "en": name["en"], "theme": card["theme"], "metadata": card}
            | both
        )
        life = {"id": key, "state": "published", "since": moment, "by": "bench", "reason": "", "successor": ""}
        rows["life"].append(life | {"submitted_by": "", "destruction_asked_by": ""})
        box = [west[number], south[number], west[number] + 0.01, south[number] + 0.01]
        told = {"format": "csv", "classification": card["classification"], "bounds": [float(each) for each in box]}
        release = {
            "id": f"{key}@1",
            "dataset": key,
            "number": 1,
            "recorded": moment,
            "rows": 1,
            "refused": 0,
            "bytes": 1,
        }
        release |= {"source_sha256": "", "source_name": "", "sha256": "", "schema": {"columns": []}, "quality": {}}
        rows["release"].append(release | {"provenance": told})
        checked = {"id": f"{key}@1", "dataset": key, "release": 1, "recorded": moment, "checks": []}
        rows["quality_run"].append(checked)
        rows["resource_code"].append({"id": key, "front": "300000", "serial": number + 1})
    with store.registry.transaction() as transaction:
        for table, content in rows.items():
            transaction.insert_many(table, content)


def peer(cards: list[dict[str, Any]], path: Path) -> sqlite3.Connection:
    """Return FTS5 with trigrams over the texts, and the theme of each beside it."""
    connection = sqlite3.connect(path)
    connection.execute("CREATE VIRTUAL TABLE text USING fts5(body, tokenize = 'trigram')")
    connection.execute("CREATE TABLE facet (id INTEGER PRIMARY KEY, theme TEXT)")
    opened = [card for card in cards if card["classification"] == "open"]
    connection.executemany("INSERT INTO text(rowid, body) VALUES (?, ?)", enumerate(map(text_of, opened), 1))
    connection.executemany("INSERT INTO facet VALUES (?, ?)", ((n, card["theme"]) for n, card in enumerate(opened, 1)))
    connection.commit()
    return connection


def ask_peer(connection: sqlite3.Connection, word: str) -> int:
    quoted = '"' + word + '"'
    connection.execute("SELECT rowid FROM text WHERE text MATCH ? ORDER BY rank LIMIT 20", [quoted]).fetchall()
    query = "SELECT theme, count(*) FROM text JOIN facet ON facet.id = text.rowid WHERE text MATCH ? GROUP BY theme"
    return sum(int(count) for _, count in connection.execute(query, [quoted]))


def text_of(card: dict[str, Any]) -> str:
    theme, keywords = THEMES[card["theme"]].zh, " ".join(card["keywords"])
    names = [card["id"], card["name"]["zh"], card["name"]["en"]]
    return "\n".join([*names, card["summary"]["zh"], card["provider"]["zh"], theme, keywords])


def pairs(texts: list[str]) -> Counter[str]:
    """Return in how many of ``texts`` each two Chinese characters stand beside each other."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update({run[at : at + 2] for run in _HAN.findall(text) for at in range(len(run) - 1)})
    return counts


def incomplete(catalogue: Catalogue, counts: Counter[str], words: list[str]) -> list[str]:
    """Return the words that are not found exactly as often as they are there."""
    return [word for word in words if catalogue.found(Search(word), subject=ANONYMOUS).total != counts[word]]


def misspelt(draw: random.Random) -> list[tuple[str, str]]:
    """Return words as they are written by mistake, each with what was meant."""
    found = [
        (word[:at] + word[at + 1] + word[at] + word[at + 2 :], word)
        for word in ENGLISH
        for at in range(1, len(word) - 2)
        if len(word) > 4
    ]
    for _ in range(60):
        word, at = "".join(draw.sample(WORDS, 2)), draw.randrange(4)
        found.append((word[:at] + "鑫" + word[at + 1 :], word))
    return [(wrong, meant) for wrong, meant in found if wrong != meant]


def spelling(
    catalogue: Catalogue, words: list[tuple[str, str]]
) -> tuple[int, list[tuple[str, str, str]], tuple[float, float, float, float]]:
    """Return how often what was meant is suggested, what else was (wrong, suggested, meant), and what it takes."""
    told: dict[str, str | None] = {}

    def ask(word: str) -> None:
        told[word] = catalogue.suggestion(Search(word), subject=ANONYMOUS)

    took = timed(ask, [wrong for wrong, _ in words])
    others = [(wrong, told[wrong] or "", meant) for wrong, meant in words if told[wrong] != meant]
    return len(words) - len(others), others, took


def told_of(others: list[tuple[str, str, str]], right: int) -> str:
    """Return how many misspelt words lead to what was meant, to a commoner word as near, to none, and which."""
    near = [each for each in others if each[1] and distance(each[0], each[1], 2) <= distance(each[0], each[2], 2)]
    return (
        f"misspelt words: {right} of {right + len(others)} lead to what was meant, {len(near)} to a commoner word as "
        f"near, {len(others) - len(near)} to none ({'; '.join(' > '.join(each) for each in others)})"
    )


def places_and_times(draw: random.Random, count: int) -> list[dict[str, Any]]:
    """Return boxes of about 20 km with spans of two years."""
    corners = [(draw.uniform(103, 104.8), draw.uniform(30, 31.3), draw.randrange(2005, 2022)) for _ in range(count)]
    return [
        {"box": Box(west, south, west + 0.2, south + 0.2), "start": f"{year}-01-01", "end": f"{year + 1}-12-31"}
        for west, south, year in corners
    ]


def timed(ask: Callable[[Any], Any], questions: list[Any]) -> tuple[float, float, float, float]:
    """Return the 50th and 99th percentile of the time that passed, and of processor time, in milliseconds."""
    took = []
    for question in questions:
        start, worked = time.perf_counter(), time.process_time()
        ask(question)
        took.append((1000 * (time.perf_counter() - start), 1000 * (time.process_time() - worked)))
    (p50, c50), (p99, c99) = np.percentile(took, [50, 99], axis=0)
    return float(p50), float(p99), float(c50), float(c99)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    cards = datasets(count)
    draw = random.Random(11)
    texts = [text_of(card) for card in cards if card["classification"] == "open"]
    counts = pairs(texts)
    common = sorted(word for word, number in counts.items() if number >= MANY)
    rare = sorted(word for word, number in counts.items() if number < MANY)
    drawn = draw.sample(rare, min(len(rare), 2000))
    words = draw.sample(common, min(len(common), 500))
    with tempfile.TemporaryDirectory() as scratch, Store.open(Path(scratch) / "city", clock=SystemClock()) as store:
        furnish(store, cards)
        catalogue = Catalogue(store, SystemClock(), Settings("bench", "测", "bench", "510100"))
        start = time.perf_counter()
        catalogue.found(Search())
        built = time.perf_counter() - start
        missed = [len(incomplete(catalogue, counts, each)) for each in (common, drawn)]

        def ask(search: Search) -> None:
            catalogue.found(search, subject=ANONYMOUS)
            catalogue.facets(search, subject=ANONYMOUS)

        plain = timed(ask, [Search(word) for word in words])
        commonest = timed(ask, [Search(word) for word in WORDS])
        narrowed = timed(ask, [Search(word, {"theme": ["ecology"], "tag": [WORDS[0]]}) for word in words])
        everything = timed(ask, [Search(chosen={"theme": [theme]}) for theme in DRAWN * 5])
        where = places_and_times(draw, 200)
        placed = timed(ask, [Search(**each) for each in where])
        words_near = timed(ask, [Search(word, **each) for word, each in zip(words, where, strict=False)])
        wrong = misspelt(draw)
        right, others, spelt = spelling(catalogue, wrong)
        size = sum(path.stat().st_size for path in (store.folder / "index").rglob("*") if path.is_file())
        connection = peer(cards, Path(scratch) / "peer.sqlite")
        long = [text.split("\n")[1][:4] for text in draw.sample(texts, 200)]
        theirs = timed(lambda word: ask_peer(connection, word), long)
        ours = timed(ask, [Search(word) for word in long])
        none = sum(ask_peer(connection, word) == 0 for word in words)
    print(f"{count:,} datasets, {len(texts):,} of them open; index built in {built:.1f} s, {size / 1e6:.0f} MB")
    for name, some, bad in (("many", common, missed[0]), (f"fewer than {MANY}", drawn, missed[1])):
        print(f"two-character words that stand in {name} datasets: {len(some) - bad:,} of {len(some):,} found wherever "
              f"they stand")  # fmt: skip
    print(f"({len(rare):,} words stand in few; the drawn ones are of those)")
    print(told_of(others, right))
    print("page of 20 and ten facets, ms            p50      p99   processor p50   p99")
    for name, (p50, p99, c50, c99) in (
        ("words of a sample", plain),
        ("the commonest words", commonest),
        ("words, two facets chosen", narrowed),
        ("no words, a theme chosen", everything),
        ("a place and a time", placed),
        ("words, a place and a time", words_near),
        ("a misspelt word: what was meant", spelt),
    ):
        print(f"{name:<36}{p50:>8.2f}{p99:>9.2f}{c50:>16.2f}{c99:>6.2f}")
    print("wanted: a search with facets under 10 ms p99")
    print(f"FTS5 trigram: {none} of the {len(words)} two-character words find nothing")
    print(f"four characters: lifang {ours[0]:.2f} / {ours[1]:.2f} ms with ten facets, ", end="")
    print(f"FTS5 trigram {theirs[0]:.2f} / {theirs[1]:.2f} ms with one")
    print(f"ratio (FTS5 with one facet / lifang with ten, p50): {theirs[0] / ours[0]:.2f}")
    print(f"peak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
