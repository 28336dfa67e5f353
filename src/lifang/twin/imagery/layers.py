"""The pictures of a city's ground: each is cut into tiles as it comes in, and told of until it is taken away."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pmtiles.reader import MmapSource, Reader

from lifang.core import BadInput, Clock, NotFound, TooLarge, check_slug, ended_apart, format_instant
from lifang.guard import Action, Classification, Resource, Subject, require
from lifang.store import Store, change_setting, read_setting

_CHILD = Path(__file__).with_name("child.py")
_LAYERS = "twin:imagery"
_MEMORY_BYTES, _FILE_BYTES = 1_500_000_000, 2_000_000_000
_SECONDS, _BYTES_PER_SECOND = 120.0, 200_000
_HELD_OPEN = 16
_MEND = "Look at it with `gdalinfo`, and write it anew with `gdal_translate`."


@dataclass(frozen=True)
class ImageryCard:
    """What is told of a picture: its titles, where it is from, its licence's id, who may see it."""

    zh: str
    en: str
    source: str
    licence: str
    classification: Classification


@dataclass(frozen=True)
class ImageryLayer:
    """A picture on the map: ``bounds`` west, south, east, north in degrees; ``zooms`` of its tiles, both ends.

    ``crs`` and ``size`` (columns, rows) are those of the file, which ``original`` names by its SHA-256; ``archive``
    names the PMTiles of its tiles.
    """

    id: str
    card: ImageryCard
    bounds: tuple[float, float, float, float]
    zooms: tuple[int, int]
    crs: str
    size: tuple[int, int]
    tiles: int
    original: str
    archive: str
    added: str

    @property
    def resource(self) -> Resource:
        """What a decision on it is made about."""
        return Resource("object", f"imagery/{self.id}", self.card.classification)

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> ImageryLayer:
        """Return what ``as_json`` gave."""
        card = ImageryCard(**{**told["card"], "classification": Classification(told["card"]["classification"])})
        several = {name: tuple(told[name]) for name in ("bounds", "zooms", "size")}
        return cls(**{**told, **several, "card": card})

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON-able values."""
        return asdict(self)


class Imagery:
    """The pictures of one city."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock

    def add(
        self, layer: str, path: Path, card: ImageryCard, *, by: Subject, poll: Callable[[], None] = lambda: None
    ) -> ImageryLayer:
        """Return the layer that the GeoTIFF at ``path`` became, in the place of one of its id.

        ``BadInput`` if it is no picture that says where it lies, ``TooLarge`` if it is too large. ``poll`` is asked
        again and again meanwhile and raises to stop.
        """
        check_slug(layer, what="imagery id")
        require(by, Action.ADMIT, Resource("object", f"imagery/{layer}", card.classification))
        scratch = self._store.folder / "scratch"
        scratch.mkdir(exist_ok=True)
        with TemporaryDirectory(dir=scratch, prefix="imagery-") as name:
            folder = Path(name)
            told = {**_cut(path, folder, poll), "id": layer, "card": asdict(card)}
            with self._store.blobs.lock:
                original, archive = self._kept(path), self._kept(folder / "tiles.pmtiles")
                added = format_instant(self._clock.now())
                found = ImageryLayer.from_json({**told, "original": original, "archive": archive, "added": added})
                change_setting(self._store, _LAYERS, lambda held: {**(held or {}), layer: found.as_json()})
        return found

    def remove(self, layer: str, *, by: Subject) -> None:
        """Take a layer from the map; the file that was sent is kept. ``NotFound`` if there is none."""
        found = self.get(layer)
        require(by, Action.ADMIT, found.resource)
        change_setting(self._store, _LAYERS, lambda held: {key: told for key, told in held.items() if key != layer})

    def layers(self) -> list[ImageryLayer]:
        """Return the layers there are, by id."""
        held = read_setting(self._store, _LAYERS) or {}
        return [ImageryLayer.from_json(held[key]) for key in sorted(held)]

    def get(self, layer: str) -> ImageryLayer:
        """Return a layer, or ``NotFound``."""
        told = (read_setting(self._store, _LAYERS) or {}).get(layer)
        if told is None:
            raise NotFound(f"There is no imagery {layer[:80]!r}.", mend="List them: GET /api/v1/twin/imagery.")
        return ImageryLayer.from_json(told)

    def needing(self, sha256: str) -> str:
        """Return which layer, ``imagery:ID``, was cut from the file of a hash, or has its tiles in it, or ``""``."""
        return next((f"imagery:{each.id}" for each in self.layers() if sha256 in (each.original, each.archive)), "")

    def tile(self, layer: ImageryLayer, z: int, x: int, y: int) -> bytes:
        """Return a tile as WebP, nothing where the picture is not."""
        if not (layer.zooms[0] <= z <= layer.zooms[1] and 0 <= x < 2**z and 0 <= y < 2**z):
            return b""
        return _reader(self._store.blobs.path(layer.archive)).get(z, x, y) or b""

    def _kept(self, path: Path) -> str:
        with path.open("rb") as stream:
            return str(self._store.blobs.put(stream, max_bytes=path.stat().st_size).sha256)


def _cut(path: Path, folder: Path, poll: Callable[[], None]) -> dict[str, Any]:
    """Have the picture cut into tiles in ``folder`` and return what is told of it."""
    shutil.copyfile(path, folder / "picture.tif")
    seconds = _SECONDS + path.stat().st_size / _BYTES_PER_SECOND
    bounds = {"memory_bytes": _MEMORY_BYTES, "seconds": seconds, "file_bytes": _FILE_BYTES}
    (folder / "request.json").write_text(json.dumps(bounds), "utf-8")
    if not ended_apart(_CHILD, folder, seconds=seconds, poll=poll):
        raise TooLarge(f"The picture cannot be read within {seconds:.0f} s.", mend="Send it in smaller parts.")
    answer = folder / "answer.json"
    if not answer.exists():
        raise BadInput("The picture cannot be read: it is damaged, or needs more memory than it may take.", mend=_MEND)
    told: dict[str, Any] = json.loads(answer.read_bytes())
    if problem := told.get("problem"):
        raise (TooLarge if told["large"] else BadInput)(**problem)
    return told


@lru_cache(maxsize=_HELD_OPEN)
def _reader(path: Path) -> Any:
    with path.open("rb") as stream:
        return Reader(MmapSource(stream))  # type: ignore[no-untyped-call]
