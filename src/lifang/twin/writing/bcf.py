"""Clashes as issues that planning tools open: a BIM Collaboration Format file, one topic a clash.

Source: buildingSMART BCF-XML 2.1: markup.xsd, visinfo.xsd, version.xsd. A view selects both elements and tells no
camera, as each tool knows in which coordinates it shows them.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import IO
from uuid import NAMESPACE_URL, uuid5
from xml.etree import ElementTree as ET

from lifang.core import format_instant

_GUID = re.compile(r"[0-3][0-9A-Za-z_$]{21}")
_VERSION, _SYSTEM = "2.1", "lifang"
_MADE = (1980, 1, 1, 0, 0, 0)  # the same clashes are the same bytes


@dataclass(frozen=True)
class Issue:
    """What is wrong, in words, with the ids of the objects that it is about."""

    title: str
    description: str
    objects: tuple[str, ...]


def write_bcf(target: IO[bytes], issues: Iterable[Issue], *, found: datetime, author: str) -> None:
    """Write issues that were ``found`` then as BCF 2.1; a topic about the same objects keeps its GUID."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        version = ET.Element("Version", VersionId=_VERSION)
        _text(version, "DetailedVersion", _VERSION)
        _put(archive, "bcf.version", version)
        for number, issue in enumerate(issues):
            guid = str(uuid5(NAMESPACE_URL, f"{_SYSTEM}:{':'.join(issue.objects)}"))
            _put(archive, f"{guid}/markup.bcf", _markup(issue, guid, number, format_instant(found), author))
            _put(archive, f"{guid}/viewpoint.bcfv", _view(issue, guid))


def _markup(issue: Issue, guid: str, number: int, found: str, author: str) -> ET.Element:
    markup = ET.Element("Markup")
    topic = ET.SubElement(markup, "Topic", Guid=guid, TopicType="Clash", TopicStatus="Open")
    told = {"Title": issue.title, "Index": str(number), "CreationDate": found, "CreationAuthor": author}
    for name, value in {**told, "Description": issue.description}.items():
        _text(topic, name, value)
    view = ET.SubElement(markup, "Viewpoints", Guid=_view_guid(guid))
    _text(view, "Viewpoint", "viewpoint.bcfv")
    return markup


def _view(issue: Issue, guid: str) -> ET.Element:
    view = ET.Element("VisualizationInfo", Guid=_view_guid(guid))
    components = ET.SubElement(view, "Components")
    selection = ET.SubElement(components, "Selection")
    for each in issue.objects:
        own = each.rpartition(":")[2]
        component = ET.SubElement(selection, "Component", {"IfcGuid": own} if _GUID.fullmatch(own) else {})
        _text(component, "OriginatingSystem", _SYSTEM)
        _text(component, "AuthoringToolId", each)
    ET.SubElement(components, "Visibility", DefaultVisibility="true")
    return view


def _view_guid(guid: str) -> str:
    return str(uuid5(NAMESPACE_URL, f"{_SYSTEM}:view:{guid}"))


def _text(parent: ET.Element, name: str, value: str) -> None:
    ET.SubElement(parent, name).text = value


def _put(archive: zipfile.ZipFile, name: str, root: ET.Element) -> None:
    content = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    entry = zipfile.ZipInfo(name, _MADE)
    entry.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(entry, content)
