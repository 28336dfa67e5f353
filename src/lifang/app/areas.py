"""The city's districts, from the dataset that its map draws as districts."""

from __future__ import annotations

from collections.abc import Sequence

from lifang.catalogue import Catalogue
from lifang.core import NotFound, Settings
from lifang.sensing import network
from lifang.standards import code_list

_STYLE, _GEOMETRY = "district", "geometry"


def city_districts(settings: Settings, catalogue: Catalogue) -> Sequence[network.District]:
    """Return the districts with code and outline, the city's own outline left out; none without such a layer."""
    layer = next((each for each in settings.layers if each.get("style") == _STYLE), None)
    if layer is None:
        return ()
    try:
        dataset = catalogue.dataset(str(layer["dataset"]))
        relation = dataset.rows()
    except NotFound:
        return ()
    key, label = dataset.card.key[0], str(layer.get("label") or dataset.card.key[0])
    rows = relation.select([*dict.fromkeys((key, label)), _GEOMETRY]).to_pylist()
    english = {each.code: each.en for each in code_list("gbt2260")}
    return [
        network.District(code, str(row[label]), english.get(code) or str(row[label]), row[_GEOMETRY])
        for code, row in ((str(row[key]), row) for row in rows)
        if code != settings.area_code and row[_GEOMETRY] is not None
    ]
