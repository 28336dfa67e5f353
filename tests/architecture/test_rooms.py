"""Rooms have a door sign and a face, are entered by the face only, and keep no state at module level."""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from lifang.core import loading

SOURCE = Path(__file__).parents[2] / "src"
PACKAGE = SOURCE / "lifang"
ENGINES = {"duckdb", "sqlalchemy", "alembic", "sqlite3", "tantivy"}
NAMELESS = re.compile(r"^_?(utils?|helpers?|common|misc|shared|stuff|tools?|base|core_utils)(_|$)")
EMPTY_MAKERS = {"dict", "list", "set"}
FILLED_LATER = {"defaultdict", "OrderedDict", "deque", "Counter"}
SIGN = {
    "not belong here": "what does not belong there",
    "read": "which datasets it reads",
    "write": "which datasets it writes",
}  # the words of a door sign, each with what they tell
UNFINISHED = re.compile(r"#\s*(TO" + "DO|FIX" + "ME|XX" + "X|HA" + "CK)")


@dataclass(frozen=True)
class Import:
    """One ``import`` of something of lifang: by which module, what, and on which line."""

    by: str
    of: str
    line: int


def module_name(path: Path) -> str:
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = sorted(path for path in PACKAGE.rglob("*.py") if "migrations" not in path.parts)
MODULES = {module_name(path): path for path in FILES}
PACKAGES = sorted(name for name, path in MODULES.items() if path.name == "__init__.py" and name != "lifang")


@cache
def trees() -> dict[str, ast.Module]:
    with loading():
        return {module: ast.parse(path.read_text("utf-8"), str(path)) for module, path in MODULES.items()}


def tree_of(module: str) -> ast.Module:
    return trees()[module]


def statements(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """Return every statement within ``body``, at any depth: no expression holds one."""
    for node in body:
        yield node
        for part in ("body", "orelse", "finalbody", "handlers", "cases"):
            yield from statements(getattr(node, part, ()))


def room_of(module: str) -> str:
    """Return the room a module is in; each door is a room of its own."""
    parts = module.split(".")
    depth = 3 if len(parts) > 2 and parts[1] == "doors" else 2
    return ".".join(parts[:depth])


ROOMS = sorted({room_of(name) for name in PACKAGES})


def for_types_only(module: str) -> set[int]:
    tests = [
        node
        for node in ast.walk(tree_of(module))
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
    ]
    return {id(inner) for node in tests for inner in ast.walk(node)}


@cache
def imports_of(module: str, *, with_types: bool = True) -> tuple[Import, ...]:
    return tuple(_imports(module, with_types=with_types))


def _imports(module: str, *, with_types: bool) -> Iterator[Import]:
    left_out = set() if with_types else for_types_only(module)
    for node in statements(tree_of(module).body):
        if id(node) in left_out:
            continue
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}:{node.lineno} imports relatively; write the full name."
            source = str(node.module)
            offered = face(source) or [] if source in MODULES else []
            for each in node.names:
                whole = f"{source}.{each.name}"
                is_module = whole in MODULES and each.name not in offered
                yield Import(module, whole if is_module else source, node.lineno)
        elif isinstance(node, ast.Import):
            yield from (Import(module, each.name, node.lineno) for each in node.names)


def where(module: str, line: int) -> str:
    return f"{MODULES[module].relative_to(SOURCE.parent)}:{line}"


def docstring(module: str) -> str:
    return ast.get_docstring(tree_of(module)) or ""


@cache
def face(module: str) -> list[str] | None:
    for node in tree_of(module).body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        if any(isinstance(target, ast.Name) and target.id == "__all__" for target in targets):
            return [str(name) for name in ast.literal_eval(node.value)]  # type: ignore[union-attr,arg-type]
    return None


def defined(module: str) -> set[str]:
    names: set[str] = set()
    top = tree_of(module).body
    late = (
        inner for node in top if isinstance(node, ast.If) for inner in node.body
    )  # for types, loaded when asked for
    for node in (*top, *late):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names |= {each.asname or each.name for each in node.names}
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {target.id for target in targets if isinstance(target, ast.Name)}
    return names


def test_a_room_has_a_door_sign() -> None:
    assert [fault for room in ROOMS for fault in faults_of_sign(room)] == []


def faults_of_sign(room: str) -> Iterator[str]:
    sign = docstring(room).lower()
    if not re.match(rf"({re.escape(room.removeprefix('lifang.'))}|{room.rsplit('.', 1)[-1]}): ", sign):
        yield f"{room}/__init__.py begins with its name, a colon and its purpose."
    yield from (f"{room} does not say {what}." for words, what in SIGN.items() if words not in sign)


def test_a_package_has_a_docstring_and_a_face_that_exists() -> None:
    assert [package for package in PACKAGES if not docstring(package)] == []
    faces = {package: face(package) for package in PACKAGES}
    assert [package for package, names in faces.items() if names is None] == [], "These have no __all__."
    missing = [
        f"{package}.{name}"
        for package, names in faces.items()
        for name in names or []
        if name not in defined(package) and f"{package}.{name}" not in MODULES
    ]
    assert missing == [], "An __all__ names what is not there."


def test_other_rooms_are_entered_by_their_face_only() -> None:
    trespasses = [
        f"{where(module, each.line)} enters {each.of}; use the face of {room_of(each.of)}."
        for module in MODULES
        for each in imports_of(module)
        if each.of.startswith("lifang.") and room_of(each.of) != room_of(module) and each.of != room_of(each.of)
    ]
    assert trespasses == []


def test_no_module_imports_in_a_circle() -> None:
    graph: dict[str, set[str]] = {}
    for module in MODULES:
        needed = {each.of for each in imports_of(module, with_types=False) if each.of in MODULES}
        graph[module] = {name for name in needed if name != module}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"These modules import each other: {' <- '.join(error.args[1])}")


def test_only_the_store_knows_an_engine() -> None:
    found = [
        f"{where(module, each.line)} imports {each.of}"
        for module in MODULES
        for each in imports_of(module)
        if each.of.split(".")[0] in ENGINES and room_of(module) != "lifang.store"
    ]
    assert found == []


def test_every_name_says_what_is_inside() -> None:
    nameless = [name for name in MODULES if NAMELESS.match(name.rsplit(".", 1)[-1])]
    assert nameless == [], "Name a file after what it holds."


def test_a_module_keeps_no_state() -> None:
    states = [
        f"{where(module, node.lineno)} {ast.unparse(node)[:60]}"
        for module in MODULES
        for node in tree_of(module).body
        if is_empty(node)
    ]
    states += [
        f"{where(module, node.lineno)} {ast.unparse(node)}"
        for module in MODULES
        for node in statements(tree_of(module).body)
        if isinstance(node, ast.Global)
    ]
    assert states == [], "Pass state in, or keep it in an object."


def is_empty(node: ast.stmt) -> bool:
    """Return whether a statement makes an empty container that something will be put into."""
    if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None or "__all__" in ast.unparse(node):
        return False
    value = node.value
    if isinstance(value, ast.Dict):
        return not value.keys
    if isinstance(value, ast.List):
        return not value.elts
    if not isinstance(value, ast.Call) or not isinstance(value.func, ast.Name):
        return False
    return value.func.id in FILLED_LATER or (value.func.id in EMPTY_MAKERS and not value.args and not value.keywords)


def test_only_the_command_line_prints() -> None:
    prints = [
        where(module, node.lineno)
        for module in MODULES
        if not module.startswith("lifang.doors.cli")
        for node in ast.walk(tree_of(module))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert prints == []


def test_nothing_is_marked_as_unfinished() -> None:
    marks = [
        f"{path.relative_to(SOURCE.parent)}:{number}"
        for path in FILES
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if UNFINISHED.search(line)
    ]
    assert marks == []
