"""Places by names that are written with a slip, whole and in part, at a million objects.

Usage: python -m bench.twin.names [--objects 1000000]

The names are those of Chengdu's metro stations and streets and of the Duplex house's rooms and elements; beside them
stand a million houses with names and numbers. A slip is a letter left out, put in, replaced or exchanged with the next,
of Chinese a character that sounds alike or any other; a part is two words or, of Chinese, three characters or more of a
longer name. Told is how often a place that is called so, without the slip, comes first and among ten; what made-up
words find; how many of the names, written rightly, come first; and what a question takes.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import random
import re
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import shapely

from bench.twin.everything import CITY
from lifang.app import PlaceView, open_city
from lifang.core import NotFound, to_micros
from lifang.store import FOREVER, OBJECT_COLUMNS

_PACK = Path(__file__).parents[2] / "cities" / "chengdu" / "data"
_SINCE = datetime(2019, 1, 1, tzinfo=UTC)
_HAN = [chr(each) for each in range(0x4E00, 0x4E00 + 3000)]
_ASKED_MAX = 60  # of the names of a tongue, in each way
_LATIN = "abcdefghijklmnopqrstuvwxyz"
_ELEMENT = re.compile(r"=IFC(?:SPACE|DOOR|WINDOW|SLAB|WALL\w*|FURNISHINGELEMENT|FLOWTERMINAL)\('[^']+',#\d+,'([^']*)'")
_SPACE = re.compile(r"=IFCSPACE\('[^']+',#\d+,'([^']*)','[^']*',[^,]*,[^,]*,[^,]*,'([^']*)'")


def chinese_names() -> list[str]:
    """Return the names of Chengdu's metro stations and streets."""
    stations = json.loads(gzip.decompress((_PACK / "metro/chengdu_metro_stations_wgs84.geojson.gz").read_bytes()))
    streets = csv.DictReader((_PACK / "boundaries/chengdu_streets_gb2260_12digit.csv").open(encoding="utf-8"))
    found = {str(each["properties"]["name"]) for each in stations["features"]} | {each["name"] for each in streets}
    return sorted(each for each in found if len(each) >= 3)


def latin_names() -> list[str]:
    """Return the names of the Duplex's rooms and kinds of elements."""
    found = set()
    for model in ("architecture", "electrical"):
        text = gzip.decompress((_PACK / f"bim/duplex_{model}.ifc.gz").read_bytes()).decode("latin-1")
        found |= {f"{number} {name}" for number, name in _SPACE.findall(text)}
        found |= {re.sub(r":\d+$", "", each) for each in _ELEMENT.findall(text)}
    return sorted(each for each in found if len(each) >= 6 and "\\" not in each)


def slipped(text: str, draw: random.Random) -> str:
    """Return ``text`` with one slip in its letters, never in its digits."""
    places = [at for at in range(1, len(text)) if text[at].isalpha()]
    at = draw.choice(places)
    other = draw.choice(_alike(text[at], draw)) if ord(text[at]) > 0x2E80 else draw.choice(_LATIN)
    following = at + 1 < len(text) and text[at + 1].isalpha() and text[at + 1] != text[at]
    ways = [text[:at] + other + text[at + 1 :], text[:at] + other + text[at:], text[:at] + text[at + 1 :]]
    if following:
        ways.append(text[:at] + text[at + 1] + text[at] + text[at + 2 :])
    return draw.choice(ways)


def _alike(character: str, draw: random.Random) -> Sequence[str]:
    """Return characters beside one in the order of sounds of GB 2312, or any, one time in two."""
    code = character.encode("gb2312", "ignore")
    if len(code) != 2 or draw.random() < 0.5:
        return _HAN
    near = (bytes((code[0], min(code[1] + step, 254))).decode("gb2312", "ignore") for step in (-2, -1, 1, 2))
    return [each for each in near if each] or _HAN


def part_of(name: str, draw: random.Random) -> str:
    """Return two words of a name, or three characters of Chinese or more; nothing of one that has no more than that."""
    if ord(name[-1]) > 0x2E80:
        if len(name) < 5:
            return ""
        size = draw.randint(4, len(name) - 1)
        start = draw.randint(0, len(name) - size)
        return name[start : start + size]
    words = name.split()
    if len(words) < 3:
        return ""
    start = draw.randint(0, len(words) - 2)
    found = " ".join(words[start : start + 2])
    return found if sum(each.isalpha() for each in found) >= 6 else ""


def table(names: list[str]) -> pa.Table:
    """Return rows of objects called so."""
    number = np.arange(len(names))
    west, south = 103 + (number % 1000) * 0.002, 30 + (number // 1000) * 0.0015
    wkb = shapely.to_wkb(shapely.box(west, south, west + 0.0002, south + 0.0002))
    shape = {"lod": "1", "kind": "footprint", "base_m": 0.0, "top_m": 9.0, "detail": None}
    same = {"model": "m", "class": "Building", "category": "base", "level": 2, "stage": "operation", "parent": "",
            "bottom_m": 0.0, "top_m": 9.0, "classification": "open", "valid_from": to_micros(_SINCE),
            "valid_to": FOREVER, "properties": "{}"}  # fmt: skip
    columns = {name: pa.repeat(pa.scalar(value), len(number)) for name, value in same.items()}
    columns |= {"id": [f"m:{each:07d}" for each in number.tolist()], "name": names, "cell": number // 100}
    columns |= {"west": west, "south": south, "east": west + 0.0002, "north": south + 0.0002}
    columns["geometry"] = pa.array([[{**shape, "wkb": each}] for each in wkb], OBJECT_COLUMNS.field("geometry").type)
    return pa.table({name: columns[name] for name in OBJECT_COLUMNS.names}).cast(OBJECT_COLUMNS)


def houses(count: int, draw: random.Random) -> list[str]:
    """Return names of houses: half of them Chinese, on roads that many share, half Latin."""
    roads = ["".join(draw.choices(_HAN[:1500], k=draw.randint(2, 4))) + draw.choice("路街巷") for _ in range(4000)]
    words = ["".join(draw.choices(_LATIN, k=draw.randint(4, 8))).title() for _ in range(3000)]
    return [
        f"{draw.choice(roads)}{each % 300}号" if each % 2 else f"{draw.choice(words)} House {each}"
        for each in range(count)
    ]


def main() -> None:
    """Print how many are found, first and at all, what made-up words find, and what a question takes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--objects", type=int, default=1_000_000)
    count = parser.parse_args().objects
    draw = random.Random(3)
    chinese, latin = chinese_names(), latin_names()
    known = [*chinese, *latin]
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "city.toml").write_text(CITY, "utf-8")
        with open_city(folder) as city:
            city.start(time_passes=False)
            city.store.lake.objects.record(table([*known, *houses(count, draw)]), subject="bench")
            print(f"{len(chinese)} Chinese and {len(latin)} Latin names among {count:,} houses")
            view, took = PlaceView(city.asker()), []

            def ask(text: str) -> list[str]:
                start = time.process_time()
                try:
                    return [each.name for each in view.find(text, at=city.now)]
                except NotFound:
                    return []
                finally:
                    took.append(1000 * (time.process_time() - start))

            for tongue, names in (("Chinese", chinese), ("Latin", latin)):
                chosen = draw.sample(names, min(len(names), _ASKED_MAX))
                mixed = draw.sample(names, len(names))
                parts = [(part, slipped(part, draw)) for each in mixed if (part := part_of(each, draw))][:_ASKED_MAX]
                _told(f"{tongue}, rightly", [(each, each) for each in chosen], ask)
                _told(f"{tongue}, with a slip", [(each, slipped(each, draw)) for each in chosen], ask)
                _told(f"{tongue}, a part with a slip", parts, ask)
            made_up = ["".join(draw.choices(_LATIN, k=draw.randint(6, 10))) for _ in range(_ASKED_MAX)]
            _false("made-up words", made_up, ask)
            _false("made-up Chinese", ["".join(draw.choices(_HAN, k=4)) for _ in range(_ASKED_MAX)], ask)
            p50, p99 = np.percentile(took, [50, 99])
            print(f"a question: CPU p50 {p50:.0f} ms, p99 {p99:.0f} ms, at most {max(took):.0f} ms")


def _told(what: str, asked: list[tuple[str, str]], ask: Callable[[str], list[str]]) -> None:
    first = among = 0
    for meant, text in asked:
        holding = [meant.casefold() in each.casefold() for each in ask(text)]
        first, among = first + any(holding[:1]), among + any(holding)
    print(f"{what}: {first} first, {among} among ten, of {len(asked)}")


def _false(what: str, words: list[str], ask: Callable[[str], list[str]]) -> None:
    hits = {each: found for each in words if (found := ask(each))}
    some = "; ".join(f"{word} > {found[0]}" for word, found in list(hits.items())[:5])
    print(f"{what}: {len(hits)} of {len(words)} find something {f'({some})' if some else ''}")


if __name__ == "__main__":
    sys.exit(main())
