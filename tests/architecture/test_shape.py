"""Files and functions fit their sizes, public ones are typed and documented, and what ships names no machine."""

import ast
import re
import shutil
import statistics
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "lifang"
FILE_LINES_MAX, FILE_LINES_P90, FILE_LINES_P50 = 400, 350, 150
FUNCTION_LINES_MAX, FUNCTION_LINES_P90, FUNCTION_LINES_P50 = 60, 40, 12
NOT_OURS = {"node_modules", ".venv", ".git", "site", "dist", "build", "__pycache__", ".mypy_cache", ".ruff_cache"}
BYTES_MAX = 2_000_000  # larger files are data, not text that a person wrote

Function = ast.FunctionDef | ast.AsyncFunctionDef
# Written in pieces, so that this file does not hold what it looks for.
MACHINE_PATH = re.compile(r"(?<![\w.~*])/(?:wo" + r"rk|ro" + r"ot|ho" + r"me/\w+|Us" + r"ers/\w+)/[\w.]")
INDEX_ADDRESS = re.compile(
    r"py"
    + r"pi\.org|pythonho"
    + r"sted\.org|registry\.np"
    + r"mjs|deb\.deb"
    + r"ian\.org|index-ur"
    + r"l[= ]+\S*https?:|index_ur"
    + r"l\s*=\s*\S*https?:|https?://\S+/sim"
    + r"ple/?(?=[\s\"']|$)"
    r"|^registr" + r"y\s*=\s*https?:|\"resolve" + r"d\":\s*\"https?:",
    re.MULTILINE,
)
PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[\w,-]+\])?==(\S+)")


def tracked() -> list[Path]:
    """Return the files that git keeps or would keep; without git, all that are ours."""
    git = shutil.which("git")
    if git and (ROOT / ".git").exists():
        listing = [git, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        done = subprocess.run(listing, cwd=ROOT, capture_output=True, check=True)
        names = [name for name in done.stdout.decode().split("\0") if name]
        return sorted(path for path in (ROOT / name for name in names) if path.is_file())
    return sorted(path for path in ROOT.rglob("*") if path.is_file() and not NOT_OURS & set(path.parts))


TRACKED = tracked()
PYTHON = [path for path in TRACKED if path.suffix == ".py"]
CODE = [
    path for path in TRACKED if path.suffix in {".py", ".ts", ".css"} and not path.name.endswith(".d.ts")
]  # generated
SOURCES = [path for path in PYTHON if path.is_relative_to(PACKAGE)]
PUBLIC = [path for path in SOURCES if "migrations" not in path.parts]


def lines(path: Path) -> int:
    return len(path.read_text("utf-8").splitlines())


def short(path: Path) -> str:
    return str(path.relative_to(ROOT))


def statements(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """Return every statement within ``body``, at any depth: no expression holds one."""
    for node in body:
        yield node
        for part in ("body", "orelse", "finalbody", "handlers", "cases"):
            yield from statements(getattr(node, part, ()))


@dataclass(frozen=True)
class Facts:
    """What is looked at of one file: its functions' lengths, and for those that ship the faults and first lines."""

    lengths: dict[str, int]
    faults: list[str]
    firsts: list[tuple[str, str]]


@cache
def facts(path: Path) -> Facts:
    tree = ast.parse(path.read_text("utf-8"))
    found = [node for node in statements(tree.body) if isinstance(node, Function)]
    lengths = {f"{short(path)}:{node.lineno} {node.name}": length(node) for node in found}
    documented = [(name, ast.get_docstring(node)) for name, node in public_functions(tree.body)]
    firsts = [(name, text.splitlines()[0]) for name, text in documented if text]
    return Facts(lengths, list(faults(path, tree)), firsts)


def length(function: Function) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def percentile(values: list[int], share: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[share - 1]


def public_functions(body: list[ast.stmt], owner: str = "") -> Iterator[tuple[str, Function]]:
    for node in body:
        if isinstance(node, Function) and not node.name.startswith("_"):
            yield owner + node.name, node
        elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from public_functions(node.body, f"{node.name}.")


def public_classes(tree: ast.Module) -> Iterator[ast.ClassDef]:
    return (node for node in tree.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_"))


def unannotated(function: Function) -> list[str]:
    given = function.args
    every = [*given.posonlyargs, *given.args, *given.kwonlyargs, *filter(None, [given.vararg, given.kwarg])]
    bare = [each.arg for each in every if each.annotation is None and each.arg not in {"self", "cls"}]
    return bare + (["return"] if function.returns is None else [])


def faults(path: Path, tree: ast.Module) -> Iterator[str]:
    if not ast.get_docstring(tree):
        yield f"{short(path)} has no docstring"
    bare_classes = [node for node in public_classes(tree) if not ast.get_docstring(node)]
    yield from (f"{short(path)}:{node.lineno} class {node.name} has no docstring" for node in bare_classes)
    for name, function in public_functions(tree.body):
        if not ast.get_docstring(function):
            yield f"{short(path)}:{function.lineno} {name} has no docstring"
        if bare := unannotated(function):
            yield f"{short(path)}:{function.lineno} {name} has no type for {', '.join(bare)}"


def texts() -> Iterator[tuple[Path, str]]:
    for path in TRACKED:
        if path.stat().st_size > BYTES_MAX:
            continue
        try:
            yield path, path.read_text("utf-8")
        except UnicodeDecodeError:
            continue  # not text


def found(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{short(path)}:{text.count(chr(10), 0, match.start()) + 1} {match[0][:60]}"
        for path, text in texts()
        for match in pattern.finditer(text)
    ]


def test_no_file_is_longer_than_a_person_reads() -> None:
    long = {short(path): lines(path) for path in CODE if lines(path) > FILE_LINES_MAX}
    assert long == {}, f"Split what is longer than {FILE_LINES_MAX} lines."


def test_most_files_are_short() -> None:
    sizes = [lines(path) for path in SOURCES if path.stat().st_size]
    assert percentile(sizes, 90) <= FILE_LINES_P90
    assert percentile(sizes, 50) <= FILE_LINES_P50


def test_no_function_is_longer_than_a_screen() -> None:
    ours = [path for path in PYTHON if "migrations" not in path.parts]  # Alembic writes those
    sizes = {name: size for path in ours for name, size in facts(path).lengths.items()}
    long = {name: size for name, size in sizes.items() if size > FUNCTION_LINES_MAX}
    assert long == {}, f"Split what is longer than {FUNCTION_LINES_MAX} lines."


def test_most_functions_are_short() -> None:
    sizes = [size for path in SOURCES for size in facts(path).lengths.values()]
    assert percentile(sizes, 90) <= FUNCTION_LINES_P90
    assert percentile(sizes, 50) <= FUNCTION_LINES_P50


def test_what_is_public_is_typed_and_documented() -> None:
    assert [fault for path in PUBLIC for fault in facts(path).faults] == []


def test_the_first_line_of_a_docstring_is_a_sentence() -> None:
    firsts = [(path, name, line) for path in PUBLIC for name, line in facts(path).firsts]
    odd = [
        f"{short(path)} {name}: {line}" for path, name, line in firsts if line[0].islower() or line[-1] not in ".:;!?"
    ]
    assert odd == []


def test_every_pin_of_the_lock_has_its_hashes() -> None:
    entries = (ROOT / "requirements.lock").read_text("utf-8").replace("\\\n", " ").splitlines()
    pins = [entry for entry in entries if entry.strip() and not entry.lstrip().startswith("#")]
    assert len(pins) > 20
    assert [entry[:80] for entry in pins if not PIN.match(entry)] == [], "Every line of the lock is a pin."
    assert [entry[:80] for entry in pins if "--hash=sha256:" not in entry] == [], (
        "A pin without a hash can be replaced."
    )


def test_the_lock_pins_every_dependency_of_the_project() -> None:
    declared = re.findall(r'^    "([A-Za-z0-9._-]+)', (ROOT / "pyproject.toml").read_text("utf-8"), re.MULTILINE)
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    pinned = {match[1].lower().replace("_", "-") for line in lock.splitlines() if (match := PIN.match(line))}
    assert {name.lower().replace("_", "-") for name in declared} <= pinned


def test_no_file_names_a_package_index() -> None:
    assert found(INDEX_ADDRESS) == [], "Where packages come from is the installer's own setting."


def test_no_file_names_a_folder_of_one_machine() -> None:
    assert found(MACHINE_PATH) == [], "Write paths relative to the repository."


@pytest.mark.parametrize("name", ["README.md", "CHANGELOG.md", "LICENSE", "NOTICE", "Makefile", "requirements.lock"])
def test_the_repository_says_what_it_is(name: str) -> None:
    path = ROOT / name
    assert path.is_file(), f"{name} is missing."
    assert path.read_text("utf-8").strip(), f"{name} is empty."


def test_a_mend_that_says_to_list_names_the_command_or_the_request() -> None:
    told = re.compile(r'mend=f?"List [^"]*"')
    vague = [
        f"{path.relative_to(ROOT)}: {found}"
        for path in sorted((ROOT / "src").rglob("*.py"))
        for found in told.findall(path.read_text("utf-8"))
        if not re.search(r"lifang |GET |\{", found)
    ]
    assert vague == []
