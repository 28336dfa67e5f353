"""Points and lines of CityJSON that go through the store come out as they went in: ids, types, places, properties."""

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.twin.test_reading import city

from lifang.core import SystemClock, parse_instant
from lifang.guard import SYSTEM, Classification
from lifang.store import Store
from lifang.twin import Twin, read_cityjson

_SINCE = parse_instant("2020-01-01T00:00:00Z")
_numbers = itertools.count()
_COUNT = 12
vertices = st.lists(
    st.tuples(*[st.integers(-90_000, 90_000)] * 3), min_size=_COUNT, max_size=_COUNT, unique=True
)  # millimetres
lods = st.sampled_from(["0", "1", "2.1", "3"])
number = st.integers(0, _COUNT - 1)
line = st.lists(number, min_size=2, max_size=6).filter(lambda own: all(a != b for a, b in itertools.pairwise(own)))
points = st.lists(number, min_size=1, max_size=6)
meant = st.one_of(st.none(), st.integers(0, 1))
kinds = {"MultiPoint": points, "MultiLineString": st.lists(line, min_size=1, max_size=4)}
surfaces = [{"type": "TrafficArea"}, {"type": "+Stop", "bay": 3}]


@st.composite
def geometry(draw: st.DrawFn) -> dict[str, Any]:
    kind = draw(st.sampled_from(sorted(kinds)))
    made = {"type": kind, "lod": draw(lods), "boundaries": draw(kinds[kind])}
    if draw(st.booleans()):
        values = [draw(meant) for _ in made["boundaries"]]
        made["semantics"] = {"surfaces": surfaces, "values": values}
    return made


@st.composite
def thing(draw: st.DrawFn) -> dict[str, Any]:
    kind = draw(st.sampled_from(["Road", "Railway", "SolitaryVegetationObject", "GenericCityObject"]))
    attributes = draw(st.dictionaries(st.sampled_from("abc"), st.one_of(st.integers(0, 9), st.text(max_size=3))))
    return {"type": kind, "attributes": attributes, "geometry": draw(st.lists(geometry(), min_size=1, max_size=3))}


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Twin, Path]]:
    folder = tmp_path_factory.mktemp("thin")
    with Store.open(folder / "city", clock=SystemClock(), memory_mb=64, threads=1) as store:
        yield Twin(store, SystemClock()), folder


def placed(document: dict[str, Any]) -> dict[str, Any]:
    """Return its objects with places, in whole millimetres, instead of numbers of vertices."""
    scale, origin = (document["transform"][each] for each in ("scale", "translate"))
    at = [
        tuple(round((each * size + start) * 1000) for each, size, start in zip(own, scale, origin, strict=True))
        for own in document["vertices"]
    ]

    def put(numbers: Any) -> Any:
        return [put(each) for each in numbers] if isinstance(numbers, list) else at[numbers]

    return {
        own: {**told, "geometry": [{**each, "boundaries": put(each["boundaries"])} for each in told["geometry"]]}
        for own, told in document["CityObjects"].items()
    }


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(told=st.lists(thing(), min_size=1, max_size=3), corners=vertices)
def test_what_went_in_comes_out(twin: tuple[Twin, Path], told: list[dict[str, Any]], corners: list[Any]) -> None:
    room, folder = twin
    model = f"m{next(_numbers)}"
    transform = {"scale": [0.001] * 3, "translate": [410_000.0, 3_394_000.0, 500.0]}
    document = city({f"o{n}": each for n, each in enumerate(told)}, vertices=corners, transform=transform)
    found = read_cityjson(json.dumps(document).encode(), prefix=model)
    assert not found.faults
    room.add(model, found, classification=Classification.OPEN, valid_from=_SINCE, by=SYSTEM)
    path = folder / "out.json"
    room.export(room.query(at=_SINCE, models=[model])).write(path, "cityjson", crs="EPSG:4544")
    assert placed(json.loads(path.read_bytes())) == placed(document)
