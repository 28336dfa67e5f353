"""What the city says of itself: its name, time, layers; and of its observations, to the bus."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from lifang.app.asking import Decisions
from lifang.app.bus import Bus
from lifang.catalogue import Catalogue, licence_of
from lifang.core import NotFound, Settings, format_instant, from_micros, version_of
from lifang.guard import Action, Classification, Resource, Subject
from lifang.sensing import Quality, Sensing
from lifang.store import Observations, Store

_TOLD_AT_ONCE = 1000


def describe_city(settings: Settings, store: Store, clock_state: Mapping[str, Any], subject: Subject) -> dict[str, Any]:
    """Return the city's name, place, time and counts, for a subject."""
    bounds = store.lake.bounds()
    known = None if subject.is_anonymous else subject
    return {
        "id": settings.id,
        "name": {"zh": settings.name_zh, "en": settings.name_en},
        "area_code": settings.area_code,
        "extent": list(settings.extent),
        "time_zone": settings.time_zone,
        "now": clock_state["now"],
        "clock": dict(clock_state),
        "embedded_by": list(settings.embedded_by),
        "version": version_of("lifang"),
        "observations": {
            "count": store.lake.observation_count(),
            "first": format_instant(bounds[0]) if bounds else None,
            "last": format_instant(bounds[1]) if bounds else None,
        },
        "subject": {"id": known.id, "name": known.name, "roles": sorted(known.roles)} if known else None,
    }


def describe_layers(settings: Settings, catalogue: Catalogue, asker: Decisions) -> list[dict[str, Any]]:
    """Return the layers that the asker may see, from below upwards; those whose dataset is absent are left out."""
    found = [*_layers(settings, catalogue, asker)]
    shown = (Resource("dataset", each["dataset"], Classification(each["classification"])) for each in found)
    asker.seen(*shown, action="list")
    return found


def _layers(settings: Settings, catalogue: Catalogue, asker: Decisions) -> Iterator[dict[str, Any]]:
    for layer in settings.layers:
        try:
            dataset = catalogue.dataset(layer["dataset"])
        except NotFound:
            continue
        if not asker.may(Action.READ, dataset.resource) or not dataset.releases():
            continue
        card = dataset.card
        licence = licence_of(card.licence).name
        yield {
            "id": card.id,
            "name": {"zh": card.name.zh, "en": card.name.en},
            "dataset": card.id,
            "geometry": layer["geometry"],
            "label_column": layer.get("label"),
            "attribution": {"zh": card.attribution.zh, "en": card.attribution.en},
            "licence": card.licence,
            "licence_name": {"zh": licence.zh, "en": licence.en},
            "source": card.source_text or card.source_url,
            "classification": card.classification.value,
            "style": layer["style"],
        }


def tell_observations(bus: Bus, sensing: Sensing, observations: Observations) -> None:
    """Publish committed observations, open and other ones apart; of a bulk only the newest thousand."""
    if not bus.heard:
        return
    newest = slice(max(0, len(observations.time) - _TOLD_AT_ONCE), None)
    numbers, values = observations.datastream[newest], observations.value[newest]
    groups: dict[Classification, list[dict[str, Any]]] = defaultdict(list)
    for number, value, quality in zip(
        numbers.tolist(), values.tolist(), observations.quality[newest].tolist(), strict=True
    ):
        stream = sensing.datastream(number)
        told = {
            "datastream": stream.id,
            "value": value if np.isfinite(value) else None,
            "quality": Quality(quality).word,
        }
        groups[stream.classification].append(told)
    moment = format_instant(from_micros(int(observations.time.max())))
    for classification, items in groups.items():
        bus.publish("observations", {"time": moment, "items": items}, classification=classification)
