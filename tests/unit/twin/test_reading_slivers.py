"""Rings that bound nothing are left out of a CityJSON geometry and told of, and what is told of its surfaces stays."""

import json
from typing import Any

import pytest
from tests.unit.twin.test_reading import SHELL, city, house, read

from lifang.twin.nesting import spread_out
from lifang.twin.reading.slivers import without_slivers

KINDS = [{"type": "GroundSurface"}, {"type": "RoofSurface"}, {"type": "WallSurface"}]
FLAT = [[0, 1, 0]]


def test_an_object_is_kept_without_the_surfaces_that_are_none() -> None:
    shell = [SHELL[0], FLAT, [*SHELL[1], [4, 5, 4]], *SHELL[2:], FLAT]
    materials = {"day": {"values": [[0, 1, 0, 1, 1, 1, 1, 0]]}}
    solid: dict[str, Any] = {"type": "Solid", "lod": "2", "boundaries": [shell], "material": materials}
    solid["semantics"] = {"surfaces": KINDS, "values": [[0, None, 1, 2, 2, 2, 2, None]]}
    styles = {"materials": [{"name": "a", "diffuseColor": [1, 0, 0]}, {"name": "b", "diffuseColor": [0, 0, 1]}]}
    found = read(city({"h": house(geometry=[solid]), "good": house()}, appearance=styles))
    good, mended = found.rows.sort_by("id").to_pylist()
    assert mended["geometry"][0]["wkb"] == good["geometry"][0]["wkb"]
    detail = json.loads(mended["geometry"][0]["detail"])
    assert (detail["shells"], detail["semantics"]["values"]) == ([6], [[0, 1, 2, 2, 2, 2]])
    assert [colour for colour, count, _ in detail["faces"] for _ in range(count)] == ["#ff0000"] * 2 + ["#0000ff"] * 4
    (told,) = found.faults
    assert (told.object, told.rule, told.severity, told.where) == ("m:h", "degenerate", "warning", "geometry lod 2")
    assert told.what.startswith("3 of its rings have fewer than three vertices")


@pytest.mark.parametrize(
    "told",
    [
        {"type": "MultiSurface", "boundaries": [FLAT]},
        {"type": "Solid", "boundaries": [SHELL, [FLAT]]},
        {"type": "MultiSolid", "boundaries": [[SHELL], [SHELL]]},
    ],
)
def test_what_would_lose_a_shell_or_has_no_such_ring_stays_as_it_is(told: dict[str, Any]) -> None:
    assert without_slivers(told) == (told, 0)


def test_texture_and_semantics_of_several_solids_stay_with_their_surfaces() -> None:
    told = {
        "type": "MultiSolid",
        "boundaries": [[[*SHELL, FLAT]], [[FLAT, *SHELL]]],
        "semantics": {"surfaces": KINDS, "values": [[[0, 1, 2, 2, 2, 2, 0]], None]},
        "texture": {"a": {"values": [[[[[n]] for n in range(7)]], [[[[n]] for n in range(7)]]]}},
    }
    changed, lost = without_slivers(told)
    assert (lost, changed["boundaries"]) == (2, [[SHELL], [SHELL]])
    assert changed["semantics"]["values"] == [[[0, 1, 2, 2, 2, 2]], None]
    assert changed["texture"]["a"]["values"] == [[[[[n]] for n in range(6)]], [[[[n]] for n in range(1, 7)]]]


def test_what_is_left_out_of_a_whole_shell_or_solid_stands_for_each_of_its_surfaces() -> None:
    assert spread_out("Solid", [[0, 1], None], [2, 3], ()) == [0, 1, None, None, None]
    assert spread_out("MultiSolid", [[[0], None], None], [1, 2, 2], [2, 1]) == [0, None, None, None, None]
    for values in ([[0, 1]], [[0], None], [[0, 1], None, None]):
        with pytest.raises(ValueError):  # noqa: PT011 - which of the two does not fit is not told
            spread_out("Solid", values, [2, 3], ())
