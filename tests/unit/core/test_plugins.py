import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from lifang.core import Conflict, NotFound, Plugins


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    folder = tmp_path / "wards_of_chengdu"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    spec = "from types import SimpleNamespace\nspec = SimpleNamespace(id={!r})\n"
    (folder / "south.py").write_text(spec.format("south"))
    (folder / "north.py").write_text(spec.format("north_gate"))
    (folder / "helper.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("wards_of_chengdu")
    for name in [name for name in sys.modules if name.startswith("wards_of_chengdu")]:
        del sys.modules[name]


def test_modules_with_a_spec_are_found_by_looking(package: ModuleType) -> None:
    plugins = Plugins(package)
    assert [spec.id for spec in plugins.specs()] == ["north_gate", "south"]
    assert plugins.get("north_gate").__name__ == "wards_of_chengdu.north"
    assert len(list(plugins)) == 2


def test_an_unknown_plugin_is_refused_with_those_there_are(package: ModuleType) -> None:
    with pytest.raises(NotFound, match="north_gate, south"):
        Plugins(package).get("west")


def test_two_plugins_of_one_name_conflict(package: ModuleType) -> None:
    again = Path(str(package.__file__)).parent / "again.py"
    again.write_text("from types import SimpleNamespace\nspec = SimpleNamespace(id='south')\n")
    with pytest.raises(Conflict, match="south"):
        Plugins(package).specs()
