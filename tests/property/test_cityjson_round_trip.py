"""What a CityJSON file tells beside shapes comes out again: groups with roles, several wholes; as file and sequence."""

import itertools
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lifang.core import NotFound, SystemClock
from lifang.guard import SYSTEM, Classification
from lifang.store import Store
from lifang.twin import Twin, read_cityjson

_SINCE = datetime(2020, 1, 1, tzinfo=UTC)
_SQUARE = [(0, 0, 0), (10, 0, 0), (10, 8, 0), (0, 8, 0)]
_numbers = itertools.count()


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twin]:
    with Store.open(tmp_path_factory.mktemp("kin"), clock=SystemClock(), threads=1) as opened:
        yield Twin(opened, SystemClock())


def city(objects: dict[str, Any], vertices: list[Any], **more: Any) -> bytes:
    return json.dumps({
        "type": "CityJSON", "version": "2.0",
        "metadata": {"referenceSystem": "https://www.opengis.net/def/crs/EPSG/0/4544"},
        "transform": {"scale": [1, 1, 1], "translate": [410_000, 3_394_000, 500]},
        "CityObjects": objects, "vertices": vertices, **more,
    }).encode()  # fmt: skip


def lines_of(content: bytes, form: str) -> list[dict[str, Any]]:
    return [json.loads(each) for each in (content.splitlines() if form == "cityjsonseq" else [content])]


def exported(twin: Twin, model: str, form: str, folder: Path) -> bytes:
    path = folder / f"{model}-{form}"
    twin.export(twin.query(at=_SINCE, models=[model])).write(path, form)
    return path.read_bytes()


def added(twin: Twin, content: bytes) -> str:
    model = f"m{next(_numbers)}"
    found = read_cityjson(content, prefix=model)
    twin.add(model, found, classification=Classification.OPEN, valid_from=_SINCE, by=SYSTEM)
    return model


def kin(objects: dict[str, Any]) -> dict[str, Any]:
    """Return what each object belongs to, and the role of each member of each group."""
    told = {}
    for name, each in objects.items():
        children = each.get("children", [])
        roles = dict(zip(children, each.get("children_roles") or [None] * len(children), strict=True))
        told[name] = (each["type"], set(each.get("parents", [])), roles, len(each.get("geometry") or []))
    return told


@st.composite
def families(draw: st.DrawFn) -> dict[str, Any]:
    """Draw buildings with rooms, which are in several of them, and groups of all these and of other groups."""
    vertices, objects = [], dict[str, Any]()
    for number in range(draw(st.integers(1, 4))):
        vertices += [[x + 20 * number, y, z] for x, y, z in _SQUARE]
        surface = {"type": "MultiSurface", "lod": "1", "boundaries": [[[4 * number + at for at in range(4)]]]}
        objects[f"b{number}"] = {"type": "Building", "geometry": [surface], "parents": [], "children": []}
    for number in range(draw(st.integers(0, 3))):
        wholes = draw(st.lists(st.sampled_from([each for each in objects if each[0] == "b"]), min_size=1, unique=True))
        objects[f"r{number}"] = {"type": "BuildingRoom", "geometry": [], "parents": [], "children": []}
        for whole in wholes:
            objects[whole]["children"].append(f"r{number}")
            objects[f"r{number}"]["parents"].append(whole)
        objects[f"r{number}"]["geographicalExtent"] = [410_001, 3_394_001, 500, 410_002, 3_394_002, 503]
    for number in range(draw(st.integers(0, 3))):
        members = draw(st.lists(st.sampled_from(list(objects)), unique=True, min_size=1))
        roles = draw(st.none() | st.tuples(*(st.sampled_from(["主楼", "annexe", None]) for _ in members)).map(list))
        shape = objects["b0"]["geometry"] if draw(st.booleans()) else []
        name = f"g{number}"
        objects[name] = {"type": "CityObjectGroup", "geometry": shape, "parents": [], "children": members}
        if roles and any(roles):
            objects[name]["children_roles"] = roles
        for each in members:
            objects[each]["parents"].append(name)
    return {"objects": objects, "vertices": vertices}


@settings(max_examples=20, deadline=None)
@given(told=families())
def test_groups_roles_and_several_wholes_come_out_as_they_went_in(
    twin: Twin, tmp_path_factory: pytest.TempPathFactory, told: dict[str, Any]
) -> None:
    model, folder = added(twin, city(told["objects"], told["vertices"])), tmp_path_factory.mktemp("out")
    for form in ("cityjson", "cityjsonseq"):
        lines = lines_of(exported(twin, model, form, folder), form)
        objects = {name: each for line in lines for name, each in line["CityObjects"].items()}
        assert kin(objects) == kin(told["objects"])
        for line in lines:  # all the children of a feature are in it, its first one among them
            assert {child for each in line["CityObjects"].values() for child in each.get("children", [])} <= set(
                line["CityObjects"]
            )
            assert line["type"] == "CityJSON" or line["id"] in line["CityObjects"]


words = st.text("里坊ab-", min_size=1, max_size=6)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(-9, 9) | words,
    lambda each: st.lists(each, max_size=2) | st.dictionaries(words, each, max_size=2),
    max_leaves=4,
)
extended = st.dictionaries(words.map("+{}".format), values, max_size=2)


@settings(max_examples=15, deadline=None)
@given(root=extended, attributes=extended, title=words, more=extended, kind=words.map("+{}".format))
def test_extensions_their_members_and_metadata_come_out_as_they_went_in(
    twin: Twin, tmp_path_factory: pytest.TempPathFactory, root: dict[str, Any], attributes: dict[str, Any],
    title: str, more: dict[str, Any], kind: str,
) -> None:  # fmt: skip
    surface = {"type": "MultiSurface", "lod": "1", "boundaries": [[[0, 1, 2, 3]]]}
    surface["semantics"] = {"surfaces": [{"type": kind, "+depth": 3}], "values": [0]}
    noise = {"Noise": {"url": "https://example.org/noise.ext.json", "version": "0.5"}}
    contact = {"contactName": "测绘院", "emailAddress": "a@example.org", "role": "owner"}
    told = {"title": title, "identifier": "17", "pointOfContact": contact, "referenceDate": "1977-02-28", **more}
    system = {
        "referenceSystem": "https://www.opengis.net/def/crs/EPSG/0/4544",
        "geographicalExtent": [9, 9, 9, 9, 9, 9],
    }
    objects = {"x": {"type": kind, "attributes": attributes, "geometry": [surface]}}
    content = city(objects, _SQUARE, **root, extensions=noise, metadata={**told, **system})
    model, folder = added(twin, content), tmp_path_factory.mktemp("out")
    for form in ("cityjson", "cityjsonseq"):
        head, *features = lines_of(exported(twin, model, form, folder), form)
        only = (features or [head])[0]["CityObjects"]["x"]
        assert (only["type"], only["attributes"]) == (kind, attributes)
        assert only["geometry"][0]["semantics"] == surface["semantics"]
        assert {name: each for name, each in head.items() if name.startswith("+")} == root
        assert head["extensions"] == noise
        metadata = head["metadata"]
        low, high = np.reshape(metadata.pop("geographicalExtent"), (2, 3))
        assert metadata.pop("referenceSystem") != system["referenceSystem"]
        assert metadata == told
        corners = np.array((features or [head])[0]["vertices"]) * 0.001 + head["transform"]["translate"]
        assert corners.min(axis=0) == pytest.approx(low, abs=0.1 if features else 1e-6)
        assert corners.max(axis=0) == pytest.approx(high, abs=0.1 if features else 1e-6)
        assert (low - 0.001 <= corners.min(axis=0)).all()  # a sequence's begins it: a box of degrees about its objects
        assert (high + 0.001 >= corners.max(axis=0)).all()


def test_an_extension_that_tells_no_version_is_told_and_an_address_of_1_1_becomes_one_of_2_0(twin: Twin) -> None:
    square = {"type": "MultiSurface", "lod": "1", "boundaries": [[[0, 1, 2, 3]]]}
    good, contact = (
        {"url": "https://example.org/a.json", "version": "1.0"},
        {"contactName": "a", "address": "天府大道 1"},
    )
    system = "https://www.opengis.net/def/crs/EPSG/0/4544"
    more = {"extensions": {"A": good, "B": {"url": "b"}}, "version": "1.1"}
    metadata = {"referenceSystem": system, "pointOfContact": contact}
    content = city({"b": {"type": "Building", "geometry": [square]}}, _SQUARE, **more, metadata=metadata)
    found = read_cityjson(content, prefix="m")
    assert [(each.object, each.where) for each in found.faults] == [("m", "extensions")]
    assert found.told["extensions"] == {"A": good}
    assert found.told["metadata"]["pointOfContact"]["address"] == {"text": "天府大道 1"}


def test_what_a_model_tells_is_of_its_time_and_for_who_may_see_it(twin: Twin, tmp_path: Path) -> None:
    surface = {"type": "MultiSurface", "lod": "1", "boundaries": [[[0, 1, 2, 3]]]}
    for year, grade in ((2020, Classification.OPEN), (2022, Classification.RESTRICTED)):
        content = city({"x": {"type": "Building", "geometry": [surface]}}, _SQUARE, **{"+since": year})
        since = datetime(year, 1, 1, tzinfo=UTC)
        twin.add("told", read_cityjson(content, prefix="told"), classification=grade, valid_from=since, by=SYSTEM)

    def root(year: int, *grades: Classification) -> Any:
        at = datetime(year, 6, 1, tzinfo=UTC)
        export = twin.export(twin.query(at=at, models=["told"], classifications=[each.value for each in grades]))
        export.write(tmp_path / "out", "cityjson")
        return json.loads((tmp_path / "out").read_bytes()).get("+since"), export.classes("cityjson")

    assert root(2021, Classification.OPEN) == (2020, [Classification.OPEN])
    assert root(2022, Classification.RESTRICTED, Classification.OPEN) == (2022, [Classification.RESTRICTED])
    with pytest.raises(NotFound):
        root(2022, Classification.OPEN)


def test_members_of_a_group_and_groups_of_an_object_are_links_that_a_later_file_ends(twin: Twin) -> None:
    square = {"type": "MultiSurface", "lod": "1", "boundaries": [[[0, 1, 2, 3]]]}
    objects = {
        "b": {"type": "Building", "geometry": [square]},
        "one": {"type": "CityObjectGroup", "children": ["b", "gone"], "children_roles": ["主楼", "x"]},
        "two": {"type": "CityObjectGroup", "children": ["b"], "children_roles": ["too", "many"]},
    }
    found = read_cityjson(city(objects, _SQUARE), prefix="town")
    assert [(each.object, each.severity, each.where) for each in found.faults] == [
        ("town:two", "warning", "children_roles"),
        ("town:one", "warning", "children"),
    ]
    twin.add("town", found, classification=Classification.OPEN, valid_from=_SINCE, by=SYSTEM)
    members = twin.links.to(["object:town:one"], at=_SINCE)
    assert [(each.object, each.kind, each.role, each.source) for each in members] == [
        ("town:b", "group", "主楼", "model:town")
    ]
    assert [each.target for each in twin.links.of(["town:b"], at=_SINCE)] == ["object:town:one", "object:town:two"]
    linked = twin.links.query(at=_SINCE, targets=["object:town:two"])
    assert [each.id for each in twin.objects(twin.query(at=_SINCE, linked=linked))] == ["town:b"]
    del objects["two"]
    later = datetime(2021, 1, 1, tzinfo=UTC)
    again = read_cityjson(city(objects, _SQUARE), prefix="town")
    twin.add("town", again, classification=Classification.OPEN, valid_from=later, by=SYSTEM)
    assert [each.target for each in twin.links.of(["town:b"], at=later)] == ["object:town:one"]
    assert len(twin.links.of(["town:b"], at=_SINCE)) == 2
