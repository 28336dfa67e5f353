"""Power networks of pandapower: a small one against its own numbers, the Upper Rhine's against its published counts."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
from tests.unit.twin.elevation import elevation_model
from tests.unit.twin.test_reading_epanet import axes, told

from lifang.core import BadInput, distance_m
from lifang.twin.checking import checked
from lifang.twin.reading import Bed, ModelFile, read_ground, read_model, read_pandapower
from lifang.twin.studying import clearances_between

OBERRHEIN = Path(__file__).parents[3] / "cities" / "oberrhein" / "data" / "mv_oberrhein.json.gz"
A, B, C = (104.06, 30.65), (104.07, 30.65), (104.07, 30.66)


def table(columns: list[str], *rows: list[Any], index: list[int] | None = None) -> dict[str, Any]:
    inner = {"columns": columns, "index": index or list(range(len(rows))), "data": rows}
    return {
        "_module": "pandas.core.frame",
        "_class": "DataFrame",
        "orient": "split",
        "_object": orjson.dumps(inner).decode(),
    }


def point(at: tuple[float, float]) -> str:
    return orjson.dumps({"type": "Point", "coordinates": at}).decode()


def way(*places: tuple[float, float]) -> str:
    return orjson.dumps({"type": "LineString", "coordinates": places}).decode()


HEAD = b'{"_class": "pandapowerNet", "_object": '
LINE = ["name", "std_type", "from_bus", "to_bus", "length_km", "max_i_ka", "parallel", "type", "in_service", "geo"]


def network(**changes: Any) -> dict[str, Any]:
    """Two stations with a cable that the file tells from its end, an overhead line and a transformer at one place."""
    return {
        "bus": table(
            ["name", "vn_kv", "in_service", "geo"],
            ["West", 20.0, True, point(A)],
            ["East", 20.0, True, point(B)],
            ["North", 20.0, True, point(C)],
            ["Low", 0.4, True, point(B)],
        ),
        "line": table(
            LINE,
            ["K1", "NA2XS2Y", 0, 1, 1.0, 0.362, 1, "cs", True, way(B, (104.065, 30.651), A)],
            ["F1", "243-AL1", 1, 2, 1.1, 0.5, 1, "ol", True, None],
        ),
        "trafo": table(["name", "hv_bus", "lv_bus", "sn_mva", "vn_hv_kv", "vn_lv_kv"], ["T", 1, 3, 0.63, 20.0, 0.4]),
        "load": table(
            ["bus", "p_mw", "scaling", "in_service"], [3, 0.2, 0.5, True], [3, 0.1, 1.0, True], [3, 9, 1, False]
        ),
        "sgen": table(["bus", "p_mw", "scaling", "in_service"], [2, 0.05, None, True]),
        "ext_grid": table(["bus"], [0]),
        "switch": table(["bus", "element", "et", "type", "closed"], [1, 0, "l", "LBS", False], [0, 1, "b", "CB", True]),
        "res_line": table(["loading_percent"], [17.5], [31.0]),
        "converged": True,
        **changes,
    }


def read(net: dict[str, Any] | None = None, **asked: Any) -> ModelFile:
    whole = {"_module": "pandapower.auxiliary", "_class": "pandapowerNet", "_object": net or network()}
    return read_pandapower(orjson.dumps(whole), prefix="p", **asked)


def test_a_power_network_becomes_closed_solids_with_what_it_tells() -> None:
    found = checked(read())
    assert {each.severity for each in found.faults} == {"warning"}  # marks that stand at one place
    objects = told(found)
    cable, overhead, trafo = objects["p:line:0"], objects["p:line:1"], objects["p:trafo:0"]
    assert (cable["function"], overhead["function"], trafo["function"]) == ("cable", "overhead line", "transformer")
    assert (cable["length_m"], cable["greatest_current_a"], cable["type"]) == (1000, 362, "NA2XS2Y")
    assert (cable["from"], cable["to"]) == ("p:bus:0", "p:bus:1")
    assert (cable["open_at"], cable["calculated_loading_percent"]) == ("bus 1", 17.5)
    assert "open_at" not in overhead
    assert trafo["rated_mva"] == 0.63
    assert objects["p:bus:3"]["load_mw"] == pytest.approx(0.2)
    assert objects["p:bus:2"]["generation_mw"] == 0.05
    assert objects["p:bus:0"]["external_grid"]
    assert objects["p:switch:1"]["closed"]
    names = dict(zip(found.rows["id"].to_pylist(), found.rows["name"].to_pylist(), strict=True))
    assert (names["p:line:0"], names["p:bus:2"]) == ("K1", "North")


def test_lines_run_from_their_first_bus_and_lie_or_hang_as_assumed() -> None:
    found = read()
    ways, objects = axes(found), told(found)
    assert [each[:2] for each in ways["p:line:0"]] == [list(A), [104.065, 30.651], list(B)]
    assert {each[2] for each in ways["p:line:0"]} == {-0.75}
    assert [each[:2] for each in ways["p:line:1"]] == [list(B), list(C)]
    assert {each[2] for each in ways["p:line:1"]} == {10.0}
    assert objects["p:line:0"]["height_from"] == "ground taken as at 0 m, less an assumed cover of 0.7 m"
    assert objects["p:line:1"]["height_from"] == "ground taken as at 0 m, and an assumed 10 m over it"
    assert objects["p:line:0"]["diameter_from"] == "assumed: the file gives none"


def test_lines_follow_the_ground_though_it_is_in_another_system() -> None:
    columns = np.mgrid[:80, :80][1]
    height = (500 + columns).astype(np.float32)
    ground = read_ground(elevation_model(height, 50.0, 409_000.0, 3_395_000.0))
    found = read(bed=Bed(ground, 1.0))
    objects, ways = told(found), axes(found)
    assert objects["p:line:0"]["height_from"] == "elevation model, less an assumed cover of 1 m"
    assert objects["p:line:1"]["height_from"] == "elevation model, and an assumed 10 m over it"
    cable, overhead = ways["p:line:0"], ways["p:line:1"]
    assert cable[0][:2] == pytest.approx(A, abs=1e-8)
    assert overhead[0][2] - cable[-1][2] == pytest.approx(10 + 1 + 0.05, abs=2e-3)


def test_cables_that_cross_are_told() -> None:
    south = (104.06, 30.64)
    buses = table(["vn_kv", "geo"], *([20.0, point(each)] for each in (A, B, C, south)))
    ways = [way(A, B), way(C, (104.065, 30.651), (104.065, 30.649), south)]
    lines = table(
        LINE, *([*["", "", *ends, 1, 1, 1, "cs", True], geo] for ends, geo in zip(((0, 1), (2, 3)), ways, strict=True))
    )
    (near,) = clearances_between(read(network(bus=buses, line=lines)).rows, 0.1)
    assert {near["one"], near["other"]} == {"p:line:0", "p:line:1"}
    assert near["gap_m"] == pytest.approx(-0.1, abs=0.02)  # a chord of 1 km lies 2 cm deeper than its ends


def test_a_file_of_version_2_has_its_places_in_tables_of_their_own() -> None:
    old = network(
        bus=table(["name", "vn_kv"], ["West", 20.0], ["East", 20.0]),
        bus_geodata=table(["x", "y"], [500_000.0, 3_390_000.0], [500_100.0, 3_390_000.0]),
        line=table(LINE[:4], ["K1", "", 0, 1]),
        line_geodata=table(["coords"], [[[5e5, 3.39e6], [500_050.0, 3_390_010.0], [500_100.0, 3.39e6]]]),
        **dict.fromkeys(("trafo", "load", "sgen", "switch")),
    )
    found = read(old, crs="EPSG:4544")
    assert len(axes(found)["p:line:0"]) == 3
    with pytest.raises(BadInput, match="coordinate system"):
        read(old)


@pytest.mark.parametrize(
    ("changes", "where", "what"),
    [
        ({"line": table(LINE[:4], ["K", "", 0, 77])}, "line 0", "'77'"),
        ({"line": table([*LINE[:4], "geo"], ["K", "", 0, 1, point(A)])}, "line 0", "Point"),
        ({"line": table(LINE[:5], ["K", "", 0, 1, "long"])}, "line 0", "long"),
        ({"line": table(LINE[:4], ["K", "", 1, 3])}, "line 0", "one place"),
        ({"load": table(["bus", "p_mw"], [5, 1.0])}, "load 0", "'5'"),
        ({"load": table(["bus"], [1])}, "load 0", "p_mw"),
        ({"trafo3w": table(["hv_bus"], [1])}, "trafo3w", "not read"),
        (
            {"bus": table(["vn_kv", "geo"], [20, point(A)], [20, point(B)], [20, point((5e5, 3e6))], [20, None])},
            "bus 2",
            "no longitude",
        ),
        ({"bus": table(["vn_kv", "geo"], [20, point(A)], [20, point(B)], [20, None], [20, None])}, "bus 2", "no coord"),
    ],
)
def test_what_is_faulty_is_refused_with_its_row(changes: dict[str, Any], where: str, what: str) -> None:
    found = read(network(**changes))
    assert any(each.where == where and what in each.what and each.mend for each in found.faults), found.faults
    assert "p:bus:0" in told(found)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (HEAD + b"", "no network"),
        (HEAD + b"[]}", "no network"),
        (HEAD + b'{"bus": {"_object": "[1]"}}}', "'bus'"),
        (HEAD + b'{"bus": {"_object": {"columns": ["a"], "index": [1], "data": []}}}}', "'bus'"),
        (HEAD + b"{}}", "no busbars"),
    ],
)
def test_a_file_that_cannot_be_understood_is_refused_whole(content: bytes, what: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=what):
        read_model(content, prefix="p", scratch=tmp_path)


def test_the_network_of_the_upper_rhine_has_its_published_parts_and_lengths(tmp_path: Path) -> None:
    content = gzip.compress(gzip.decompress(OBERRHEIN.read_bytes()))
    found = checked(read_model(content, prefix="power", scratch=tmp_path))
    assert [each for each in found.faults if each.severity == "error"] == []
    objects = told(found)
    kinds = [each["function"] for each in objects.values()]
    assert {each: kinds.count(each) for each in kinds} == {
        "busbar": 179,
        "cable": 171,
        "overhead line": 10,
        "transformer": 2,
    }  # those of the file's tables, and of SOURCES.md
    assert sum("open_at" in each for each in objects.values()) == 6
    found_loads = orjson.loads(gzip.decompress(OBERRHEIN.read_bytes()))["_object"]["res_load"]["_object"]
    loads = [row[0] for row in orjson.loads(found_loads)["data"]]  # what pandapower itself reckoned with
    assert sum(each.get("load_mw", 0) for each in objects.values()) == pytest.approx(sum(loads))
    lines = {each: np.array(axis).T for each, axis in axes(found).items()}
    drawn = [distance_m(lon[:-1], lat[:-1], lon[1:], lat[1:]).sum() for lon, lat, _ in lines.values()]
    given = [objects[each]["length_m"] for each in lines]
    assert np.median(np.array(drawn) / given) == pytest.approx(1, abs=2e-3)
