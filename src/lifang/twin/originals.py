"""The files that models came in, as they were sent, and which other files of a city the twin needs."""

from __future__ import annotations

from pathlib import Path

from lifang.store import Objects, Store, read_setting, write_setting

_ORIGINAL = "twin:original:"  # and the SHA-256 of a file: the model it came as
_PICTURES = (b"\x89PNG", b"\xff\xd8\xff")


class Originals:
    """The files of one city's models."""

    def __init__(self, store: Store, objects: Objects) -> None:
        self._store, self._objects = store, objects

    def keep(self, model: str, path: Path) -> str:
        """Return the SHA-256 of the file that a model came in; it is kept from now on."""
        with self._store.blobs.lock:
            with path.open("rb") as stream:
                sha256 = self._store.blobs.put(stream, max_bytes=path.stat().st_size).sha256
            write_setting(self._store, f"{_ORIGINAL}{sha256}", model)
        return sha256

    def needing(self, sha256: str) -> str:
        """Return which model, ``model:ID``, came as the file of a hash, or has it as an image of its textures, or "".

        All shapes are looked through for an image, and for nothing but an image: to keep whose they are beside would
        cost each model that comes in more than is won where a dataset is destroyed that was sent as a picture.
        """
        model = read_setting(self._store, f"{_ORIGINAL}{sha256}")
        if model is None and self._is_picture(sha256):
            model = self._objects.telling(sha256)
        return f"model:{model}" if model else ""

    def _is_picture(self, sha256: str) -> bool:
        if not self._store.blobs.exists(sha256):
            return False
        with self._store.blobs.open(sha256) as stream:
            return stream.read(4).startswith(_PICTURES)
