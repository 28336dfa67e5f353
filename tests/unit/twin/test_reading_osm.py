"""Buildings of OpenStreetMap stand where and as high as their tags say."""

import json
from base64 import b64decode
from pathlib import Path

import pytest
import shapely

from lifang.core import BadInput
from lifang.twin import read_model
from lifang.twin.reading.osm.heights import heights, metres
from lifang.twin.reading.osm.relations import relations_of

LON, LAT = 104.06, 30.66
PBF = """
AAAADQoJT1NNSGVhZGVyGDsQLxo3eJxT4vMvzg1OzkjNTdQNM9AzU+JySc0rTvXLT0ktbmIUyMlMyi/OzSzN1TfSMzLWMwQAX2cOkwAAAAsKB0
9TTURhdGEYcBCiAhpreJzjYuFi4GIQmskkNI2JS4IJCPiwYK0mRi4JRhxASIIBB5DCKaOEU0ZLggmHjJNmw8NNS5gYLvAznOdHJXsYGc4D8QJ5
hvnyIDEvg4b1mx6wg2UXyKNREMUX+MGqJ5xmBIsH4XQQANdIJIcAAAAMCgdPU01EYXRhGPMBEMECGu0BeJzj6mfkYuDiSCrNzEnJzEvnYslLzE
3lYstIzUzPKOHiys3Mi4eyuRNTUoqsikuKUlNLuJgrU4u52J4unPJs6R4uFmMDhVwuRjMunqdLVj7dNefpkuUvGycDjeWHGWuVk1qWmlPMxZVY
kFhUkpuaV1LMxWjKxVKckZrCxZ6TmJdSWpzKxZpelFhcLLSGUUqZg1uIlZGJmYVVipWNnYOTS4mLg1GAQYJBgUGD24mVCQhYpWQ5eISYGHmkmH
j5UKXFwNLSHLxCjIxSjPyoklpgSVEOND12UGE01UFQowSEGAWkGAVRJdNAkgArKD1lAAAACwoHT1NNRGF0YRh6EHYadnic4/LhYuBiKaksSOXi
SCrNzEnJzEvn4oexrHJSy1Jzirl4cktzSjIL8nMq0/PzuNiKkzPy83O4GI2AelnzS0tSi7hYM/PyUouE1JRUONiFmBmZmKWYWVjZlLg4GAUYJB
gUGDTYnZg4OL2YZJiCmBgZAaxtGuM=
"""  # the city below as osmium 4.3 (libosmium) writes it


def nodes(first: int, x: int, side: int) -> str:
    corners = ((x, 0), (x + side, 0), (x + side, side), (x, side))
    return "".join(
        f'<node id="{first + n}" version="1" lat="{LAT + b * 1e-4}" lon="{LON + a * 1e-4}"/>'
        for n, (a, b) in enumerate(corners)
    )


def way(number: int, first: int, **tags: str) -> str:
    ring = "".join(f'<nd ref="{each}"/>' for each in (first, first + 1, first + 2, first + 3, first))
    told = "".join(f'<tag k="{key.replace("__", ":")}" v="{value}"/>' for key, value in tags.items())
    return f'<way id="{number}" version="1">{ring}{told}</way>'


def relation(number: int, **tags: str) -> str:
    told = "".join(f'<tag k="{key.replace("__", ":")}" v="{value}"/>' for key, value in tags.items())
    members = '<member type="way" ref="14" role="outer"/><member type="way" ref="15" role="inner"/>'
    return f'<relation id="{number}" version="1">{members}<tag k="type" v="multipolygon"/>{told}</relation>'


def city() -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?><osm version="0.6">'
        + nodes(1, 0, 1) + nodes(11, 2, 1) + nodes(21, 4, 1) + nodes(31, 6, 9) + nodes(41, 7, 2) + nodes(51, 20, 1)
        + way(11, 1, building="yes", name="塔楼", height="30 m", min_height="6", addr__street="天府大道")
        + way(12, 11, building="apartments", building__levels="5")
        + way(13, 21, building="shed")
        + way(14, 31) + way(15, 41)
        + way(16, 51, landuse="grass")
        + relation(7, building="school", building__levels="2")
        + "</osm>"
    ).encode()  # fmt: skip


def test_ways_and_relations_become_solids_as_high_as_they_say(tmp_path: Path) -> None:
    found = read_model(city(), prefix="osm", scratch=tmp_path)
    rows = {each["id"]: each for each in found.rows.to_pylist()}
    assert {own: (each["bottom_m"], each["top_m"]) for own, each in rows.items()} == {
        "osm:way:11": (6.0, 30.0),
        "osm:way:12": (0.0, 15.0),
        "osm:way:13": (0.0, 3.0),
        "osm:relation:7": (0.0, 6.0),
    }
    tower = json.loads(rows["osm:way:11"]["properties"])
    assert (rows["osm:way:11"]["name"], tower["addr:street"], tower["height_from"]) == ("塔楼", "天府大道", "height")
    assert json.loads(rows["osm:way:13"]["properties"])["height_from"] == "assumed"
    yard = shapely.from_wkb(rows["osm:relation:7"]["geometry"][0]["wkb"])
    assert shapely.area(yard) == pytest.approx((81 - 4) * 1e-8, rel=1e-6)
    assert list(tmp_path.iterdir()) == []


def test_parts_belong_to_the_building_that_they_stand_in_and_tell_its_form_if_they_cover_it(tmp_path: Path) -> None:
    whole = (
        nodes(1, 0, 4) + nodes(11, 1, 2) + nodes(21, 0, 4) + nodes(31, 9, 2) + nodes(51, 20, 1)
        + way(11, 1, building="yes", height="40")
        + way(12, 11, building__part="yes", height="60'6&quot;", min_height="12")
        + way(13, 21, building__part="yes", height="12") + way(14, 31, building="yes", height="9")
        + way(15, 51, building__part="yes", height="5")
    )  # fmt: skip
    found = read_model(f'<?xml version="1.0"?><osm version="0.6">{whole}</osm>'.encode(), prefix="o", scratch=tmp_path)
    rows = {each["id"]: each for each in found.rows.to_pylist()}
    assert {own: (each["class"], each["parent"], len(each["geometry"])) for own, each in rows.items()} == {
        "o:way:11": ("Building", "", 0),  # its parts tell its form
        "o:way:12": ("BuildingPart", "o:way:11", 1),
        "o:way:13": ("BuildingPart", "o:way:11", 1),
        "o:way:14": ("Building", "", 1),
        "o:way:15": ("BuildingPart", "", 1),
    }
    assert (rows["o:way:12"]["bottom_m"], rows["o:way:12"]["top_m"]) == (12.0, pytest.approx(60.5 * 0.3048))
    assert rows["o:way:11"]["east"] == pytest.approx(LON + 4e-4)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("3.5", 3.5),
        ("3,5 m", 3.5),
        ("12,25", 12.25),
        ("40'6\"", 12.3444),
        ("40'6,5\"", 12.3571),
        ("131 ft", 39.9288),
        ("1,200", None),
        ("tall", None),
    ],
)
def test_heights_are_read_with_decimal_point_or_comma_in_metres_or_feet(told: str, expected: float | None) -> None:
    found = metres(told)
    assert found is None if expected is None else found == pytest.approx(expected)


WHOLE = {"building": "yes", "height": "30", "min_height": "2"}


@pytest.mark.parametrize(
    ("tags", "whole", "expected"),
    [
        ({"height": "20", "roof:height": "5", "building:levels": "4"}, {}, (0, 20, "height")),  # the roof is in it
        ({"building:levels": "4", "roof:levels": "2"}, {}, (0, 18, "building:levels")),
        ({"building:levels": "4", "roof:levels": "2", "roof:height": "4.5"}, {}, (0, 16.5, "building:levels")),
        ({"building:levels": "4", "roof:shape": "flat", "roof:levels": "1"}, {}, (0, 12, "building:levels")),
        ({"building:levels": "0", "roof:height": "6", "roof:shape": "gabled"}, {}, (0, 6, "building:levels")),
        ({"building:levels": "7", "building:min_level": "3"}, {}, (9, 21, "building:levels")),
        (
            {"height": "33", "roof:height": "5", "building:levels": "7", "building:min_level": "3"},
            {},
            (12, 33, "height"),
        ),
        ({"building:min_level": "2", "min_height": "7", "building:levels": "4"}, {}, (7, 12, "building:levels")),
        ({"building:min_level": "2"}, {}, (6, 9, "assumed")),
        ({"building:levels": "3", "min_level": "-1"}, {}, (0, 9, "building:levels")),  # a number of indoor tagging
        ({"building:part": "yes"}, WHOLE, (2, 30, "whole")),
        ({"building:part": "yes", "min_height": "12"}, WHOLE, (12, 30, "whole")),
        ({"building:part": "yes", "building:levels": "2"}, WHOLE, (0, 6, "building:levels")),
        ({"building:part": "yes"}, {"building": "yes"}, (0, 3, "assumed")),
    ],
)
def test_heights_follow_simple_3d_buildings(tags: dict[str, str], whole: dict[str, str], expected: object) -> None:
    assert heights(tags, whole) == expected


def test_a_relation_of_a_building_says_whose_part_one_is_and_a_part_without_a_height_has_that_of_its_whole(
    tmp_path: Path,
) -> None:
    members = "".join(
        f'<member type="way" ref="{own}" role="{role}"/>' for own, role in ((11, "outline"), (12, "part"))
    )
    content = (
        '<osm version="0.6">' + nodes(1, 0, 4) + nodes(11, 4, 4) + nodes(21, 5, 1)
        + way(11, 1, building="yes", height="40") + way(12, 21, building__part="yes") + way(13, 11, building="yes")
        + way(14, 11, building__part="yes", height="9") + way(15, 11, building__part="yes", height="20", min_height="9")
        + f'<relation id="3" version="1">{members}<tag k="type" v="building"/></relation></osm>'
    )  # fmt: skip
    rows = {each["id"]: each for each in read_model(content.encode(), prefix="o", scratch=tmp_path).rows.to_pylist()}
    told = {own: (each["parent"], each["top_m"], len(each["geometry"])) for own, each in rows.items()}
    assert told == {
        "o:way:11": ("", 40, 1),
        "o:way:12": ("o:way:11", 40, 1),  # beside it, as an arcade is
        "o:way:13": ("", 20, 0),  # as high as its parts
        "o:way:14": ("o:way:13", 9, 1),
        "o:way:15": ("o:way:13", 20, 1),
    }


def drawn(number: int, *refs: int) -> str:
    corners = "".join(f'<nd ref="{each}"/>' for each in refs)
    return f'<way id="{number}" version="1">{corners}<tag k="building" v="yes"/></way>'


def test_what_has_no_outline_is_told_by_its_id_and_one_that_crosses_itself_is_mended(tmp_path: Path) -> None:
    missing, whole = (relation(own, building="yes").replace('"14"', f'"{way}"') for own, way in ((7, 900), (8, 17)))
    content = (
        '<osm version="0.6">' + nodes(1, 0, 2) + nodes(11, 4, 2) + nodes(21, 8, 9) + nodes(31, 9, 1)
        + drawn(11, 1, 2, 3, 4)
        + drawn(12, 11, 13, 12, 14, 11)
        + drawn(13, 1, 301, 302, 1)
        + drawn(14, 1, 2, 1)
        + way(15, 31) + drawn(17, 21, 22, 23) + drawn(18, 23, 24, 21)
        + missing + whole.replace("<tag", '<member type="way" ref="18" role="outer"/><tag', 1) + "</osm>"
    )  # fmt: skip
    found = read_model(content.encode(), prefix="o", scratch=tmp_path)
    assert [(each.object, each.rule, each.severity) for each in found.faults] == [
        ("o:way:11", "rings", "error"),
        ("o:relation:7", "rings", "error"),  # one of its ways is not in the file
        ("o:relation:8", "rings", "warning"),  # its yard touches its ring
        ("o:way:12", "rings", "warning"),
        ("o:way:13", "degenerate", "error"),  # two of its nodes are not in the file
        ("o:way:14", "degenerate", "error"),
    ]
    rows = {each["id"]: shapely.from_wkb(each["geometry"][0]["wkb"]) for each in found.rows.to_pylist()}
    assert {own: shapely.area(flat) for own, flat in rows.items()} == {
        "o:way:12": pytest.approx(2e-8, rel=1e-6),  # two triangles, a quarter of the square each
        "o:relation:8": pytest.approx(80e-8, rel=1e-6),
    }


def test_pbf_says_what_xml_says(tmp_path: Path) -> None:
    binary, text = (read_model(each, prefix="osm", scratch=tmp_path).rows for each in (b64decode(PBF), city()))
    told = [{each["id"]: each for each in rows.to_pylist()} for rows in (binary, text)]
    assert list(told[0]) == sorted(told[1])
    for own, each in told[0].items():
        assert json.loads(each["properties"]) == json.loads(told[1][own]["properties"])
        assert (each["west"], each["top_m"]) == pytest.approx((told[1][own]["west"], told[1][own]["top_m"]))
    binary_file, text_file = tmp_path / "map.osm.pbf", tmp_path / "map.osm"
    binary_file.write_bytes(b64decode(PBF))
    text_file.write_bytes(city())
    assert relations_of(binary_file) == relations_of(text_file) != []


def test_a_map_without_buildings_or_in_pieces_says_so(tmp_path: Path) -> None:
    bare = b'<?xml version="1.0"?><osm version="0.6">' + nodes(1, 0, 1).encode() + way(1, 1, landuse="grass").encode()
    with pytest.raises(BadInput, match="no buildings"):
        read_model(bare + b"</osm>", prefix="osm", scratch=tmp_path)
    with pytest.raises(BadInput, match="damaged"):
        read_model(b"\x00\x00\x00\x0d\x0a\x09OSMHeader\x18\x7f broken", prefix="osm", scratch=tmp_path)
    assert list(tmp_path.iterdir()) == []
