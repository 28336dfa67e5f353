"""Topics as a file that planning tools open: BIM Collaboration Format.

Source: buildingSMART BCF-XML 2.1: markup.xsd, visinfo.xsd, version.xsd. The format names no coordinate system: cameras
stand in the UTM zone of the view, as what is exported does, and a label of the topic names it.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterable, Sequence
from typing import IO
from uuid import NAMESPACE_URL, uuid5
from xml.etree import ElementTree as ET

import numpy as np

from lifang.core import Box, format_instant, from_wgs84
from lifang.twin.topics.model import Place, Topic, Viewpoint
from lifang.twin.writing import metric_crs

SYSTEM = "lifang"
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, 2.2
_GUID = re.compile(r"[0-3][0-9A-Za-z_$]{21}")
_VERSION, _VIEW, _PICTURE = "2.1", "viewpoint.bcfv", "snapshot.png"
_MADE = (1980, 1, 1, 0, 0, 0)  # the same topics are the same bytes
_SIGHT_DEG = (45.0, 60.0)  # visinfo.xsd, FieldOfView


def write_bcf(target: IO[bytes], topics: Iterable[Topic], pictures: Callable[[Topic], bytes | None]) -> None:
    """Write topics with their ``pictures`` (PNG) as BCF 2.1."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        version = ET.Element("Version", VersionId=_VERSION)
        _text(version, "DetailedVersion", _VERSION)
        _put(archive, "bcf.version", _told(version))
        for number, topic in enumerate(topics):
            picture = pictures(topic)
            _put(archive, f"{topic.guid}/markup.bcf", _told(_markup(topic, number, pictured=picture is not None)))
            if topic.view is not None:
                _put(archive, f"{topic.guid}/{_VIEW}", _told(_view(topic.view, topic.guid)))
            if picture is not None:
                _put(archive, f"{topic.guid}/{_PICTURE}", picture)


def _markup(topic: Topic, number: int, *, pictured: bool) -> ET.Element:
    markup = ET.Element("Markup")
    attributes = {"Guid": topic.guid, "TopicType": topic.kind, "TopicStatus": topic.status}
    said = ET.SubElement(markup, "Topic", attributes)
    if topic.link:
        _text(said, "ReferenceLink", topic.link)
    _text(said, "Title", topic.title)
    _text(said, "Index", str(number))
    if topic.view is not None:
        _text(said, "Labels", _system(topic.view))
    _text(said, "CreationDate", format_instant(topic.created))
    _text(said, "CreationAuthor", topic.author)
    _text(said, "Description", topic.description)
    if topic.view is not None or pictured:
        view = ET.SubElement(markup, "Viewpoints", Guid=_view_guid(topic.guid))
        if topic.view is not None:
            _text(view, "Viewpoint", _VIEW)
        if pictured:
            _text(view, "Snapshot", _PICTURE)
    return markup


def _view(seen: Viewpoint, guid: str) -> ET.Element:
    view = ET.Element("VisualizationInfo", Guid=_view_guid(guid))
    components = ET.SubElement(view, "Components")
    _components(components, "Selection", seen.selection)
    visibility = ET.SubElement(components, "Visibility", DefaultVisibility=str(seen.shown).lower())
    _components(visibility, "Exceptions", seen.exceptions)
    _camera(view, seen)
    return view


def _components(parent: ET.Element, name: str, objects: Sequence[str]) -> None:
    if not objects:
        return
    listed = ET.SubElement(parent, name)
    for each in objects:
        own = each.rpartition(":")[2]
        component = ET.SubElement(listed, "Component", {"IfcGuid": own} if _GUID.fullmatch(own) else {})
        _text(component, "OriginatingSystem", SYSTEM)
        _text(component, "AuthoringToolId", each)


def _camera(view: ET.Element, seen: Viewpoint) -> None:
    eye, target = (_metres(each, _system(seen)) for each in (seen.eye, seen.target))
    ahead = (target - eye) / np.linalg.norm(target - eye)
    level = np.array([0.0, 0.0, 1.0]) if np.hypot(*ahead[:2]) > 1e-6 else np.array([0.0, 1.0, 0.0])
    up = level - ahead * (level @ ahead)
    camera = ET.SubElement(view, "PerspectiveCamera")
    told = {"CameraViewPoint": eye, "CameraDirection": ahead, "CameraUpVector": up / np.linalg.norm(up)}
    for name, value in told.items():
        part = ET.SubElement(camera, name)
        for axis, each in zip("XYZ", value, strict=True):
            _text(part, axis, repr(round(float(each), 9)))
    _text(camera, "FieldOfView", repr(float(np.clip(seen.field_of_view, *_SIGHT_DEG))))


def _system(seen: Viewpoint) -> str:
    lon, lat, _ = seen.eye
    return metric_crs(Box(lon, lat, lon, lat))


def _metres(place: Place, crs: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    x, y = from_wgs84(np.array([place[0]]), np.array([place[1]]), crs=crs)
    return np.array([x[0], y[0], place[2]])


def _view_guid(guid: str) -> str:
    return str(uuid5(NAMESPACE_URL, f"{SYSTEM}:view:{guid}"))


def _text(parent: ET.Element, name: str, value: str) -> None:
    ET.SubElement(parent, name).text = _NO_XML.sub("\ufffd", value)


def _told(root: ET.Element) -> bytes:
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))


def _put(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(name, _MADE)
    entry.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(entry, content)
