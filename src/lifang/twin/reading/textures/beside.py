"""The images that lie beside a CityJSON in its zip, each decoded in a process apart before it is kept."""

from __future__ import annotations

import hashlib
import json
import posixpath
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from lifang.core import BadInput, TooLarge, ended_apart
from lifang.twin.reading.model import Fault
from lifang.twin.reading.packed import model_in, reading_zip

_CHILD = Path(__file__).with_name("child.py")
IMAGES_MAX, IMAGE_BYTES_MAX, ALL_BYTES_MAX = 10_000, 32 << 20, 512 << 20
PIXELS_MAX = 67_108_864
_MEMORY_BYTES, _FILE_BYTES = 1_500_000_000, 1_000_000_000
_SECONDS, _BYTES_PER_SECOND = 60.0, 200_000
_ELSEWHERE = re.compile(r"^[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_NAME_MAX = 300


@dataclass(frozen=True)
class Pictures:
    """``told`` of images by the names that the file has for them, ``files`` by their SHA-256, and what lacks.

    An image is told by ``name``, ``type`` (PNG or JPG), ``sha256``, its mean ``colour`` and whether it is ``clear`` in
    places; ``versions`` are those that are drawn, greatest first: each its SHA-256, media type, columns, rows, bytes.
    """

    told: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    faults: Sequence[Fault] = ()


def pictures_of(
    documents: Sequence[Mapping[str, Any]],
    content: bytes,
    *,
    model: str,
    scratch: Path = Path(),
    poll: Callable[[], None] = lambda: None,
) -> Pictures:
    """Return the images of a CityJSON's textures that lie beside it in the zip ``content``.

    ``BadInput`` for a path that is absolute or leads out of the file's folder, ``TooLarge`` past a bound. What is kept
    on the network is not fetched, what is no PNG nor JPEG is left out: warnings tell so.
    """
    names = list(dict.fromkeys(_names(documents)))
    if not names:
        return Pictures()
    if len(names) > IMAGES_MAX:
        raise TooLarge(f"More than {IMAGES_MAX:,} images are too many.", mend="Send the model in parts.")
    faults: list[Fault] = []
    paths = {each: path for each in names if (path := _path(each, model, faults))}
    found = _read(content, paths, model, faults) if content.startswith(b"PK") else {}
    if not content.startswith(b"PK") and paths:
        what = f"Its {len(paths)} images did not come with it: it has no textures."
        faults.append(_warning(model, what, "Send a zip of the file and its images.", "appearance.textures"))
    return _examined(found, model, scratch, poll, faults)


def _names(documents: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for each in documents:
        textures = (each.get("appearance") or {}).get("textures") or ()
        try:
            yield from (str(texture["image"]) for texture in textures)
        except (TypeError, KeyError):
            what = "The textures are not built as CityJSON asks."
            raise BadInput(what, where="appearance.textures", mend="See CityJSON 2.0, chapter 6.") from None


def _path(name: str, model: str, faults: list[Fault]) -> str:
    """Return the path of an image beside the file, empty if it is kept elsewhere."""
    path = name.replace("\\", "/")
    where = f"appearance.textures, {name[:80]!r}"
    if "://" in path:
        what = f"The image {name[:80]!r} is not fetched."
        faults.append(_warning(model, what, "Send it beside the file, in a zip.", "appearance.textures"))
        return ""
    if path.startswith("/") or _ELSEWHERE.match(path) or ".." in path.split("/") or "\0" in path:
        what = "An image's path leads out of the folder of the file."
        raise BadInput(what, where=where, mend="Name it by its path from there, such as appearances/1.jpg.")
    if len(path) > _NAME_MAX:
        raise BadInput("An image's path is too long.", where=where, mend=f"Up to {_NAME_MAX} characters.")
    return posixpath.normpath(path)


def _read(content: bytes, paths: Mapping[str, str], model: str, faults: list[Fault]) -> dict[str, bytes]:
    """Return the images that are there, by their names in the file."""
    found: dict[str, bytes] = {}
    left = ALL_BYTES_MAX
    with reading_zip(content) as archive:
        folder = posixpath.dirname(model_in(archive).filename)
        there = set(archive.namelist())
        for name, path in paths.items():
            whole = posixpath.join(folder, path)
            if whole not in there:
                faults.append(_warning(model, f"The image {name[:80]!r} is not beside the file.", _SEND, _WHERE))
                continue
            with archive.open(whole) as stream:
                image = stream.read(min(IMAGE_BYTES_MAX, left) + 1)
            if len(image) > min(IMAGE_BYTES_MAX, left):
                one, all_of_them = IMAGE_BYTES_MAX >> 20, ALL_BYTES_MAX >> 20
                what = f"An image is larger than {one} MiB, or all of them than {all_of_them} MiB."
                raise TooLarge(what, where=repr(name[:80]), mend="Send smaller images, or the model in parts.")
            left -= len(image)
            found[name] = image
    return found


_SEND, _WHERE = "Send it with the file.", "appearance.textures"
_OPENS = "Send a PNG or JPEG that opens elsewhere."


def _left_out(name: str, problem: str) -> str:
    if problem == "large":
        return f"The image {name[:80]!r} has more than {PIXELS_MAX:,} pixels: it is left out."
    if problem == "kind":
        return f"The image {name[:80]!r} is no PNG nor JPEG: it is left out."
    return f"The image {name[:80]!r} cannot be decoded: it is left out."


def _examined(
    found: Mapping[str, bytes], model: str, scratch: Path, poll: Callable[[], None], faults: list[Fault]
) -> Pictures:
    names = list(found)
    if not names:
        return Pictures(faults=faults)
    scratch.mkdir(exist_ok=True)
    told: dict[str, dict[str, Any]] = {}
    files: dict[str, bytes] = {}
    with TemporaryDirectory(dir=scratch, prefix="textures-") as folder_name:
        folder = Path(folder_name)
        for number, name in enumerate(names):
            (folder / f"{number}").write_bytes(found[name])
        for number, answer in enumerate(_answers(folder, len(names), sum(map(len, found.values())), poll)):
            name = names[number]
            if "problem" in answer:
                faults.append(_warning(model, _left_out(name, answer["problem"]), _OPENS, _WHERE))
                continue
            original = _kept(files, found[name])
            versions = []
            for version in answer.pop("versions"):
                file = found[name] if version["file"] is None else (folder / version["file"]).read_bytes()
                versions.append([_kept(files, file), version["media"], *version["size"], len(file)])
            told[name] = {"name": _path(name, model, []), "sha256": original, **answer, "versions": versions}
    return Pictures(told, files, faults)


def _kept(files: dict[str, bytes], content: bytes) -> str:
    digest = hashlib.sha256(content).hexdigest()
    files[digest] = content
    return digest


def _answers(folder: Path, count: int, size: int, poll: Callable[[], None]) -> list[dict[str, Any]]:
    seconds = _SECONDS + size / _BYTES_PER_SECOND
    bounds = {"memory_bytes": _MEMORY_BYTES, "seconds": seconds, "file_bytes": _FILE_BYTES}
    (folder / "request.json").write_text(json.dumps({"bounds": bounds, "count": count, "pixels": PIXELS_MAX}), "utf-8")
    ended = ended_apart(_CHILD, folder, seconds=seconds, poll=poll)
    answer = folder / "answer.json"
    if not ended or not answer.exists():
        what = "The images cannot be read: one is damaged, or needs more memory or time than it may take."
        raise BadInput(what, where=_WHERE, mend="Send smaller images, or the model without them.")
    found: list[dict[str, Any]] = json.loads(answer.read_bytes())
    return found


def _warning(model: str, what: str, mend: str, where: str) -> Fault:
    return Fault(model, "appearance", what, mend, where, "warning")
