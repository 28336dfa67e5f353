"""The process apart: decodes the images of textures within its limits, and makes smaller ones of them.

It is started by ``beside`` with a folder that holds ``request.json`` and the images ``0``, ``1``, …, and leaves
``answer.json`` and the smaller images there.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, UnidentifiedImageError

from lifang.core import bound_process

SIDES = (1024, 256, 64)
_QUALITY = 85
_PNG, _JPEG = "image/png", "image/jpeg"
_PLAIN = ("1", "L", "LA", "P", "RGB", "RGBA")  # what every viewer of glTF shows


def main() -> None:
    """Answer the request in the folder named last on the command line."""
    folder = Path(sys.argv[-1])
    request = json.loads((folder / "request.json").read_bytes())
    bound_process(**request["bounds"])
    Image.MAX_IMAGE_PIXELS = None  # the bound here is smaller
    answers = [_looked_at(folder, each, request["pixels"]) for each in range(request["count"])]
    (folder / "answer.json").write_text(json.dumps(answers), "utf-8")
    os._exit(0)  # no clean-up: nothing here outlives the answer


def _looked_at(folder: Path, number: int, pixels_max: int) -> dict[str, Any]:
    try:
        with Image.open(folder / f"{number}", formats=["PNG", "JPEG"]) as held:
            if held.width * held.height > pixels_max:
                return {"problem": "large"}
            held.load()
            return _told(folder, number, held)
    except UnidentifiedImageError:
        return {"problem": "kind"}
    except Exception:  # noqa: BLE001 - decoders fail in ways of their own, and the other images are whole
        return {"problem": "damaged"}


def _told(folder: Path, number: int, held: Any) -> dict[str, Any]:
    rgba = held.convert("RGBA")
    weighed = np.asarray(rgba.resize((32, 32), Image.Resampling.BOX), np.float64).reshape(-1, 4)
    opacity = weighed[:, 3:] / 255
    mean = (weighed[:, :3] * opacity).sum(axis=0) / max(float(opacity.sum()), 1e-9)
    clear = rgba.getextrema()[3][0] < 255
    plain, media = held.mode in _PLAIN, _PNG if held.format == "PNG" else _JPEG  # also of several in one (MPO)
    versions = [{"file": None, "media": media, "size": held.size}] if plain else []
    for side in SIDES if plain else (max(held.size), *SIDES):
        if not versions or max(held.size) > side:
            versions.append(_smaller(folder, f"{number}.{side}", rgba, side, clear=clear))
    return {
        "type": "PNG" if media == _PNG else "JPG",
        "colour": "#" + bytes(np.rint(mean).astype(np.uint8)).hex(),
        "clear": bool(clear),
        "versions": versions,
    }


def _smaller(folder: Path, name: str, rgba: Any, side: int, *, clear: bool) -> dict[str, Any]:
    """Write an image no longer than ``side`` pixels and return what is told of it."""
    share = min(side / max(rgba.size), 1.0)
    size = tuple(max(1, round(each * share)) for each in rgba.size)
    small = rgba.resize(size, Image.Resampling.BOX)
    if clear:
        small.save(folder / name, "PNG")
    else:
        small.convert("RGB").save(folder / name, "JPEG", quality=_QUALITY)
    return {"file": name, "media": _PNG if clear else _JPEG, "size": size}
