"""Topics of the twin go out as BCF 2.1 by its schema and come back as they were; others' files are read."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from lxml import etree

from lifang.core import BadInput, from_wgs84
from lifang.guard import Classification
from lifang.twin import Topic, Viewpoint, read_bcf, write_bcf

CASES = Path(__file__).parents[2] / "conformance" / "cases" / "bcf"
PICTURE = b"\x89PNG\r\n\x1a\n" + b"picture"
VIEW = Viewpoint(
    (104.0650, 30.6590, 60.0),
    (104.0655, 30.6594, 10.0),
    selection=("house:1xS3BCk291UvhgP2dvNMKI", "town:b"),
    shown=False,
    exceptions=("town:b",),
)
TOPIC = Topic(
    "0f0b2a3c-1111-4222-8333-444455556666",
    "门太窄 <door>",
    "Widen it & the frame.",
    "ana",
    datetime(2026, 11, 30, 8, tzinfo=UTC),
    view=VIEW,
    link="?room=twin&t.cut=h9",
)
PLAIN = replace(TOPIC, guid="1f0b2a3c-1111-4222-8333-444455556666", view=None, link="", status="Closed")


def written(*topics: Topic, picture: bytes | None = PICTURE) -> bytes:
    target = io.BytesIO()
    write_bcf(target, topics, lambda topic: picture if topic.view else None)
    return target.getvalue()


def test_every_part_keeps_to_the_published_schema() -> None:
    schemas = {
        "bcf.version": "version",
        "markup.bcf": "markup",
        "viewpoint.bcfv": "visinfo",
    }
    straight_down = replace(TOPIC, guid=PLAIN.guid.replace("1f", "2f"), view=Viewpoint((104, 30, 9), (104, 30, 0)))
    with zipfile.ZipFile(io.BytesIO(written(TOPIC, PLAIN, straight_down))) as archive:
        parts = [each for each in archive.namelist() if not each.endswith(".png")]
        assert len(parts) == 6
        for name in parts:
            schema = etree.XMLSchema(etree.parse(CASES / f"{schemas[name.rpartition('/')[2]]}.xsd"))
            schema.assertValid(etree.fromstring(archive.read(name)))
        assert archive.read(f"{TOPIC.guid}/snapshot.png") == PICTURE


def test_topics_come_back_as_they_were() -> None:
    assert written(TOPIC, PLAIN) == written(TOPIC, PLAIN)
    (back, picture), (plain, none) = read_bcf(io.BytesIO(written(TOPIC, PLAIN)))
    assert (picture, none, plain) == (PICTURE, None, PLAIN)
    assert back.view is not None
    assert np.allclose(back.view.eye, VIEW.eye, rtol=0, atol=1e-8)
    ways = [
        np.array([*np.ravel(from_wgs84(np.array([each.target[0]]), np.array([each.target[1]]), crs="EPSG:32648")),
                  each.target[2]])
        - np.array([*np.ravel(from_wgs84(np.array([each.eye[0]]), np.array([each.eye[1]]), crs="EPSG:32648")),
                    each.eye[2]])
        for each in (VIEW, back.view)
    ]  # fmt: skip
    one, other = (each / np.linalg.norm(each) for each in ways)
    assert one @ other > 1 - 1e-9  # it looks the same way
    assert replace(back, view=replace(back.view, eye=VIEW.eye, target=VIEW.target)) == TOPIC


def published(**parts: bytes) -> io.BytesIO:
    folder, target = "3153ceb9-0d9b-4f89-9670-dc95768836af", io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name in ("markup.bcf", "viewpoint.bcfv"):
            content = parts.get(name.partition(".")[0]) or (CASES / "perspective" / name).read_bytes()
            place = "Viewpoint_caddfaad-73b0-4751-8d3f-ba2a4a954b7a.bcfv" if name == "viewpoint.bcfv" else name
            archive.writestr(f"{folder}/{place}", content)
    target.seek(0)
    return target


def test_the_published_case_of_a_camera_is_read_where_its_coordinates_are_named() -> None:
    ((topic, _),) = read_bcf(published(), crs="EPSG:32631")
    assert (topic.title, topic.classification) == ("Perspective Camera", Classification.SHARED)
    assert topic.view is not None
    assert topic.view.field_of_view == 60
    eye, target = (
        np.array([*np.ravel(from_wgs84(np.array([lon]), np.array([lat]), crs="EPSG:32631")), up])
        for lon, lat, up in (topic.view.eye, topic.view.target)
    )
    assert np.allclose(eye, (19.1479514688529, -22.614447888675, 18.3473354318386), atol=1e-6)
    assert np.allclose((target - eye) / 50, (-0.548840699, 0.560081665, -0.620550100), atol=1e-6)
    with pytest.raises(BadInput, match="coordinate system"):
        list(read_bcf(published()))


CAMERA = (CASES / "perspective" / "viewpoint.bcfv").read_bytes()


def test_characters_that_xml_has_not_are_told_as_such() -> None:
    ((back, _),) = read_bcf(io.BytesIO(written(replace(PLAIN, title="a\x0bb\nc"))))
    assert back.title == "a\ufffdb\nc"


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ({"markup": b"<Markup>"}, "no XML"),
        ({"markup": b'<!DOCTYPE x [<!ENTITY a "b">]><Markup><Topic/></Markup>'}, "no XML"),
        ({"markup": b"<Markup><Topic Guid='..'/></Markup>"}, "no GUID"),
        ({"viewpoint": b"<VisualizationInfo><PerspectiveCamera/></VisualizationInfo>"}, "three numbers"),
        ({"viewpoint": CAMERA.replace(b">60<", b">wide<")}, "FieldOfView"),
        ({"viewpoint": CAMERA.replace(b">60<", b">nan<")}, "FieldOfView"),
    ],
)
def test_a_file_that_is_not_so_is_refused_with_its_place(parts: dict[str, Any], says: str) -> None:
    with pytest.raises(BadInput, match=says) as told:
        list(read_bcf(published(**parts), crs="EPSG:32631"))
    assert told.value.where.startswith("3153ceb9")
    with pytest.raises(BadInput, match="no BCF"):
        list(read_bcf(io.BytesIO(b"PK nothing")))
