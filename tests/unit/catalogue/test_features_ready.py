"""Features that are kept ready answer in the very bytes that the lake's rows give, and as exactly."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import orjson
import pytest
import shapely

from lifang.catalogue import Card, Catalogue, FeatureQuestion, Features
from lifang.catalogue.features import ReadyKeeper
from lifang.core import Box, ManualClock, NotFound, Settings
from lifang.guard import SYSTEM
from lifang.store import Store

_COUNT = 6000
_BOXES = [
    (Box(103.2, 30.4, 103.25, 30.44),),
    (Box(103.0, 30.1, 104.9, 31.4),),
    (Box(0, 0, 1, 1),),
    (Box(103.3, 30.5, 103.3, 30.5),),
    (Box(103.2, 30.4, 103.4, 30.6), Box(103.3, 30.5, 103.5, 30.7)),
]


@pytest.fixture
def shapes() -> np.ndarray:
    rng = np.random.default_rng(11)
    corners = rng.uniform([103.0, 30.1], [104.5, 31.2], (_COUNT, 1, 2)) + rng.uniform(0, 0.03, (_COUNT, 3, 2))
    return shapely.polygons([shapely.linearrings(np.vstack([each, each[:1]])) for each in corners])


@pytest.fixture
def both(catalogue: Catalogue, store: Store, tmp_path: Path, shapes: np.ndarray) -> tuple[Features, Features]:
    """The features as the lake gives them, and kept ready."""
    features = [
        {"type": "Feature", "geometry": shapely.geometry.mapping(shape) if n % 50 else None,
         "properties": {"code": f"号/{n}", "size": n / 7, "built": "2001-02-03"}}
        for n, shape in enumerate(shapes)
    ]  # fmt: skip
    path = tmp_path / "parts.geojson"
    path.write_bytes(orjson.dumps({"type": "FeatureCollection", "features": features}))
    columns = {"code": {"type": "text"}, "size": {"type": "number"}, "built": {"type": "date"}}
    card = Card.from_mapping({"id": "parts", "key": ["code"], "columns": columns})
    catalogue.add(path, card=card, by=SYSTEM)
    slow = catalogue.dataset("parts").features()
    catalogue.wait_until_ready()
    assert (store.folder / "features" / "parts" / "1" / "ready.json").exists()
    return slow, catalogue.dataset("parts").features()


def test_what_is_ready_is_what_the_lake_gives(both: tuple[Features, Features], shapes: np.ndarray) -> None:
    slow, ready = both
    there = np.arange(_COUNT) % 50 > 0
    for boxes in ((), *_BOXES):
        for offset in (0, 7):
            asked = FeatureQuestion(boxes, limit=40, offset=offset)
            assert ready.page(asked) == slow.page(asked)
        if boxes:
            area = shapely.union_all([shapely.box(box.west, box.south, box.east, box.north) for box in boxes])
            if not area.is_empty and area.area:
                expected = int((shapely.intersects(shapes, area) & there).sum())
                assert ready.page(FeatureQuestion(boxes)).matched == expected


def test_one_is_found_by_its_id(both: tuple[Features, Features]) -> None:
    slow, ready = both
    for name in ("号/0", "号/1", f"号/{_COUNT - 1}"):
        assert ready.one(name) == slow.one(name)
    for features in both:
        with pytest.raises(NotFound):
            features.one("号/-1")


def test_a_cut_off_file_is_made_anew(
    catalogue: Catalogue, store: Store, clock: ManualClock, settings: Settings, both: tuple[Features, Features]
) -> None:
    slow, _ = both
    texts = store.folder / "features" / "parts" / "1" / "texts"
    catalogue.close()
    texts.write_bytes(texts.read_bytes()[:-10])
    again = Catalogue(store, clock, settings)
    asked = FeatureQuestion(limit=10, offset=_COUNT - 10)
    assert again.dataset("parts").features().page(asked) == slow.page(asked)
    again.wait_until_ready()
    assert again.dataset("parts").features().page(asked) == slow.page(asked)
    again.close()


def test_features_of_a_destroyed_dataset_are_not_made_again_by_who_still_reads_it(
    both: tuple[Features, Features], catalogue: Catalogue, store: Store
) -> None:
    keeper, dataset = ReadyKeeper(store.folder / "others"), catalogue.dataset("parts")
    asked = dataset.rows(), dataset.release(), ["code"]
    readers = [threading.Thread(target=keeper.get, args=asked) for _ in range(4)]
    for each in readers:
        each.start()
    keeper.forget("parts")
    assert keeper.get(*asked) is None
    for each in readers:
        each.join()
    keeper.wait()
    assert not list((store.folder / "others").rglob("*.json"))
