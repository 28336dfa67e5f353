"""Pictures of the ground as an asker may see them, and as a job adds one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lifang.app.asking.asker import Asker
from lifang.app.asking.decisions import Decisions
from lifang.catalogue import licence_of
from lifang.guard import Action, Classification, Resource
from lifang.twin import Imagery, ImageryCard, ImageryLayer

if TYPE_CHECKING:
    from lifang.app.jobs import JobContext

ADD_IMAGERY = "add_imagery"


class ImageryView:
    """Reads and takes away pictures of the ground for an asker: each is decided, and recorded if it is not open."""

    def __init__(self, asker: Asker) -> None:
        self._asker = asker
        self._imagery = asker.city.twin.imagery

    def layers(self) -> list[dict[str, Any]]:
        """Return what is told of those that the asker may see, by id."""
        self._asker.decide(Action.READ, Resource("object"))
        return describe_imagery(self._imagery, self._asker)

    def layer(self, layer: str) -> ImageryLayer:
        """Return one that the asker may see, or ``NotFound``."""
        return self._asker.see("object", f"imagery/{layer}", lambda: self._imagery.get(layer), lambda it: it.resource)

    def tile(self, layer: str, z: int, x: int, y: int) -> bytes:
        """Return a tile of one that the asker may see as WebP, nothing where the picture is not."""
        return self._imagery.tile(self.layer(layer), z, x, y)

    def remove(self, layer: str) -> None:
        """Take one from the map; ``NotFound`` if the asker may not know of it."""
        found = self.layer(layer)
        self._asker.must(Action.ADMIT, found.resource)
        self._imagery.remove(layer, by=self._asker.subject)
        self._asker.seen(found.resource, action="remove")


def describe_imagery(imagery: Imagery, asker: Decisions) -> list[dict[str, Any]]:
    """Return what is told of the pictures that the asker may see, by id: titles, where from, licence, zooms, bounds."""
    shown = asker.classes(Action.READ, "object")  # decided also where there is none
    found = [each for each in imagery.layers() if each.card.classification in shown]
    asker.seen(*(each.resource for each in found), action="list")
    return [_told(each) for each in found]


def _told(layer: ImageryLayer) -> dict[str, Any]:
    licence = licence_of(layer.card.licence).name
    return {
        "id": layer.id,
        "name": {"zh": layer.card.zh, "en": layer.card.en},
        "tiles": f"/tiles/imagery/{layer.id}/{{z}}/{{x}}/{{y}}.webp?v={layer.archive[:12]}",
        "bounds": list(layer.bounds),
        "zooms": list(layer.zooms),
        "crs": layer.crs,
        "size": list(layer.size),
        "sha256": layer.original,
        "added": layer.added,
        "source": layer.card.source,
        "licence": layer.card.licence,
        "licence_name": {"zh": licence.zh, "en": licence.en},
        "classification": layer.card.classification.value,
    }


def imagery_job(imagery: Imagery, job: JobContext) -> Mapping[str, Any]:
    """Have a job add the picture that it was sent."""
    asked = job.job.arguments
    words = {name: asked[name] for name in ("zh", "en", "source", "licence")}
    card = ImageryCard(**words, classification=Classification(asked["classification"]))
    found = imagery.add(asked["imagery"], Path(asked["path"]), card, by=job.by, poll=job.check)
    return {"imagery": found.id, "tiles": found.tiles, "zooms": list(found.zooms), "source_sha256": found.original}
