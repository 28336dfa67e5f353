"""An object on which a kernel hangs or crashes is told of by its GlobalId, and the rest of its model comes in."""

import faulthandler
import json
import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pytest
from tests.unit.twin.ifc_model import WALL, house

from lifang.twin import Placement
from lifang.twin.reading.ifc import child, failing
from lifang.twin.reading.ifc.opening import opened

ARCH = "27WU4A9R19$vKWO$AdOnKA"
# A surface that cgal-simple of ifcopenshell 0.8 does not come to an end with: of IfcArbitraryOpenProfileDef.ifc, in
# https://github.com/IfcOpenShell/files
ENDLESS = f"""#150=IFCCARTESIANPOINT((0.,0.));
#151=IFCAXIS2PLACEMENT2D(#150,$);
#152=IFCELLIPSE(#151,50.,25.);
#153=IFCTRIMMEDCURVE(#152,(IFCPARAMETERVALUE(0.)),(IFCPARAMETERVALUE(3.14159)),.T.,.PARAMETER.);
#154=IFCARBITRARYOPENPROFILEDEF(.CURVE.,$,#153);
#155=IFCSURFACEOFLINEAREXTRUSION(#154,#7,#36,100.);
#156=IFCGEOMETRICSET((#155));
#157=IFCSHAPEREPRESENTATION(#11,'Body','GeometricSet',(#156));
#158=IFCPRODUCTDEFINITIONSHAPE($,$,(#157));
#159=IFCBUILDINGELEMENTPROXY('{ARCH}',$,'Arch',$,$,#32,#158,$,$);
"""


def test_the_rest_of_a_model_comes_in_where_a_kernel_hangs_on_one_object(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(failing, "_STEP_S", 0.3)
    monkeypatch.setattr(failing, "_ALONE_S", 0.3)
    path = tmp_path / "model.ifc"
    path.write_bytes(house(more=ENDLESS))
    model, projects = opened(path)
    reading = child._Reading(model, Placement("EPSG:4544", 410_000.0, 3_394_000.0, 500.0), projects)
    told = reading.into(tmp_path)["findings"]
    assert [each["what"] for each in told if (each["object"], each["rule"]) == (ARCH, "geometry")] == [child._HANGS]
    shaped = [pa.ipc.open_stream(each.read_bytes()).read_all() for each in tmp_path.glob("objects-[01].arrow")]
    assert [guid for each in shaped for guid in each["guid"].to_pylist()] == [WALL]
    bare = pa.ipc.open_stream((tmp_path / "objects-bare.arrow").read_bytes()).read_all()
    assert ARCH not in bare["guid"].to_pylist()


@dataclass(frozen=True)
class Thing:
    """An object that is worked on as its letter says."""

    GlobalId: str

    def id(self) -> int:
        """Return a number of its own."""
        return ord(self.GlobalId)


def hang() -> None:
    while True:
        pass


def crash() -> None:
    faulthandler.disable()  # it is meant to
    os.kill(os.getpid(), signal.SIGSEGV)


FATE: dict[str, Callable[[], object]] = {"H": hang, "C": crash}


@pytest.mark.parametrize(
    ("given", "done", "fails"),
    [
        ("abc", "abc", ["", "", ""]),
        ("aHbCc", "abc", ["H", "C", ""]),
        ("aCCCCCbc", "a", ["", "CCCCC", "bc"]),
        ("aTbc", "a", ["", "", "Tbc"]),  # with others only
    ],
)
def test_it_is_found_which_objects_work_fails_on(
    given: str, done: str, fails: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(failing, "_STEP_S", 0.05)
    monkeypatch.setattr(failing, "_ALONE_S", 0.05)
    came, result = tmp_path / "came", tmp_path / "result"
    came.touch()

    def work(things: Sequence[Thing], without: failing.Failing) -> None:
        came.write_text("")
        for each in things:
            failing.in_time(crash if each.GlobalId == "T" else FATE.get(each.GlobalId, int))
            came.write_text(came.read_text() + each.GlobalId)
        lost = ["".join(each.GlobalId for each in some) for some in (without.hangs, without.crashes, without.untried)]
        result.write_text(json.dumps(["".join(each.GlobalId for each in things), lost]))

    def alone(thing: Thing) -> None:
        FATE.get(thing.GlobalId, int)()

    things = [Thing(each) for each in given]
    failing.done_without_failing(work, alone, things, lambda: set(came.read_text()))  # type: ignore[arg-type]
    assert json.loads(result.read_text()) == [done, fails]
