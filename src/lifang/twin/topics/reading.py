"""Topics from a BCF file, within bounds.

Source: buildingSMART BCF-XML 2.1 (2.0 is read as far as it is the same): the first view of a topic with its picture.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO
from xml.etree.ElementTree import Element, ParseError

import numpy as np
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from lifang.core import BadInput, TooLarge, check_crs, parse_instant, to_wgs84
from lifang.twin.topics.model import Topic, Viewpoint
from lifang.twin.topics.writing import SYSTEM

PNG = b"\x89PNG\r\n\x1a\n"
_BYTES_MAX, _TOPICS_MAX = 200_000_000, 2_000
_SYSTEM = re.compile(r"EPSG:\d{4,5}")
_GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_SIGHT_DEG = 50.0
_AHEAD_M = 50.0  # a camera tells where it looks, not how far
_MEND = "Save it again as BCF 2.1."


def read_bcf(stream: IO[bytes], *, crs: str = "") -> Iterator[tuple[Topic, bytes | None]]:
    """Yield each topic of a BCF 2.1 file with its picture (PNG), if there is one; ``crs`` is where its cameras stand.

    A topic's own label (``EPSG:32648``) goes before ``crs``. ``BadInput`` for what is no such file.
    """
    try:
        with zipfile.ZipFile(stream) as archive:
            yield from _Archive(archive, crs).topics()
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise BadInput(f"This is no BCF file that can be read: {error}.", mend=_MEND) from error


class _Archive:
    """The files of a BCF file; they unpack to no more than 200 MB in all."""

    def __init__(self, archive: zipfile.ZipFile, crs: str) -> None:
        self._archive, self._crs, self._left = archive, crs, _BYTES_MAX
        self._names = set(archive.namelist())

    def topics(self) -> Iterator[tuple[Topic, bytes | None]]:
        """Yield each topic with its picture."""
        found = sorted(each for each in self._names if each.endswith("/markup.bcf"))
        if not found:
            raise BadInput("The file holds no topic.", where="markup.bcf", mend=_MEND)
        if len(found) > _TOPICS_MAX:
            raise TooLarge(f"The file holds more than {_TOPICS_MAX:,} topics.", mend="Save them in several files.")
        for name in found:
            yield self._topic(name)

    def _topic(self, name: str) -> tuple[Topic, bytes | None]:
        folder, markup = name.removesuffix("markup.bcf"), self._xml(name)
        said = markup.find("Topic")
        guid = "" if said is None else said.get("Guid", "").lower()
        if said is None or not _GUID.fullmatch(guid):
            raise BadInput("A topic has no GUID.", where=name, mend=_MEND)
        views = markup.find("Viewpoints")
        file, shot = ("", "") if views is None else (views.findtext(each) or "" for each in ("Viewpoint", "Snapshot"))
        system = next((each.text for each in said.iter("Labels") if _SYSTEM.fullmatch(each.text or "")), self._crs)
        view = self._view(folder + file, system or "") if folder + file in self._names and file else None
        picture = self._bytes(folder + shot) if shot and folder + shot in self._names else None
        link = next((each.text or "" for each in said.iter("ReferenceLink")), "")
        topic = Topic(
            guid,
            _line(said, "Title", name)[:200],
            (said.findtext("Description") or "")[:10_000],
            (said.findtext("CreationAuthor") or "")[:200],
            parse_instant(_line(said, "CreationDate", name)),
            kind=said.get("TopicType", "Issue")[:40],
            status="Closed" if said.get("TopicStatus", "").lower() in {"closed", "resolved"} else "Open",
            view=view,
            link=link if link.startswith("?") else "",
        )
        return topic, picture if picture and picture.startswith(PNG) else None

    def _view(self, name: str, crs: str) -> Viewpoint | None:
        told = self._xml(name)
        camera = told.find("PerspectiveCamera")
        if camera is None:
            return None
        if not crs:
            what = "The file does not say in which coordinate system its cameras stand."
            raise BadInput(what, where=name, mend="Name it: crs=EPSG:4544.")
        eye, ahead = (_point(camera, each, name) for each in ("CameraViewPoint", "CameraDirection"))
        if not np.linalg.norm(ahead):
            raise BadInput("A camera looks nowhere.", where=name, mend=_MEND)
        places = np.array([eye, eye + ahead / np.linalg.norm(ahead) * _AHEAD_M])
        lon, lat = to_wgs84(places[:, 0], places[:, 1], crs=check_crs(crs))
        if not (np.isfinite([lon, lat]).all() and (np.abs(lon) <= 180).all() and (np.abs(lat) <= 90).all()):
            raise BadInput(f"A camera stands nowhere in {crs}.", where=name, mend="Name another crs.")
        stand, look = ((float(x), float(y), float(z)) for x, y, z in zip(lon, lat, places[:, 2], strict=True))
        visibility = told.find("Components/Visibility")
        shown = visibility is None or visibility.get("DefaultVisibility", "true") in {"true", "1"}
        named = (_ids(told, each) for each in ("Components/Selection", "Components/Visibility/Exceptions"))
        return Viewpoint(stand, look, _sight(camera, name), next(named), shown, next(named))

    def _xml(self, name: str) -> Element:
        try:
            root: Element = fromstring(self._bytes(name), forbid_dtd=True)
        except (ParseError, DefusedXmlException, ValueError) as error:
            raise BadInput("A part of the file is no XML that can be read.", where=name, mend=_MEND) from error
        return root

    def _bytes(self, name: str) -> bytes:
        with self._archive.open(name) as part:
            content = part.read(self._left + 1)
        self._left -= len(content)
        if self._left < 0:
            raise TooLarge(f"The file unpacks to more than {_BYTES_MAX:,} bytes.", mend="Save it in several files.")
        return content


def _line(said: Element, name: str, where: str) -> str:
    text = said.findtext(name)
    if not text:
        raise BadInput(f"A topic has no {name}.", where=where, mend=_MEND)
    return text


def _point(camera: Element, name: str, where: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    try:
        found = np.array([float(camera.findtext(f"{name}/{axis}") or "nan") for axis in "XYZ"])
    except ValueError:
        found = np.array([np.nan])
    if not np.isfinite(found).all():
        raise BadInput(f"{name} is not three numbers.", where=where, mend=_MEND)
    return found


def _sight(camera: Element, where: str) -> float:
    """Return the angle of view in degrees; that of most cameras if it is not told."""
    try:
        found = float(camera.findtext("FieldOfView") or _SIGHT_DEG)
    except ValueError:
        found = 0.0
    if not 0 < found < 180:
        raise BadInput("A camera's FieldOfView is no angle.", where=where, mend=_MEND)
    return found


def _ids(told: Element, path: str) -> tuple[str, ...]:
    """Return what the components of a list are called: by us, where we wrote them, else by their IFC GUID."""
    listed = told.find(path)
    ids = []
    for each in () if listed is None else listed.iter("Component"):
        own = each.findtext("AuthoringToolId") if each.findtext("OriginatingSystem") == SYSTEM else None
        ids.append(own or each.get("IfcGuid") or "")
    return tuple(each[:300] for each in ids if each)[:10_000]
