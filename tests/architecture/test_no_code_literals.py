"""National codes and breakpoints live in ``lifang.standards`` and nowhere else in the package."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from lifang.standards import aqi_classes, code_list

PACKAGE = Path(__file__).parents[2] / "src" / "lifang"
PROVINCE = "51"
SIX_DIGITS = re.compile(r"(?<!\d)\d{6}(?!\d)")
NUMBERS_IN_TEXT = re.compile(r"\d+(?:\.\d+)?(?:[\s,;]+\d+(?:\.\d+)?){3,}")
SHORTEST_SEQUENCE = 4


@cache
def area_codes() -> frozenset[str]:
    return frozenset(code for code in code_list("gbt2260").codes if code.startswith(PROVINCE))


@cache
def breakpoint_runs() -> frozenset[tuple[float, ...]]:
    rows = [tuple(map(float, row.properties["concentrations"].split())) for row in code_list("hj633_breakpoints")]
    rows.append(tuple(float(each.above) for each in aqi_classes()))
    starts = [(row, start) for row in rows for start in range(len(row) - SHORTEST_SEQUENCE + 1)]
    return frozenset(row[start : start + SHORTEST_SEQUENCE] for row, start in starts)


def holds_breakpoints(numbers: list[float]) -> bool:
    starts = range(len(numbers) - SHORTEST_SEQUENCE + 1)
    return any(tuple(numbers[start : start + SHORTEST_SEQUENCE]) in breakpoint_runs() for start in starts)


def docstrings(tree: ast.AST) -> set[int]:
    bodies = (node.body for node in ast.walk(tree) if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef))
    firsts = (body[0].value for body in bodies if body and isinstance(body[0], ast.Expr))
    return {id(first) for first in firsts if isinstance(first, ast.Constant)}


def as_numbers(nodes: list[ast.expr]) -> list[float]:
    values = [node.value for node in nodes if isinstance(node, ast.Constant)]
    return [float(value) for value in values if isinstance(value, int | float)]


def sequences(node: ast.AST) -> Iterator[list[float]]:
    if isinstance(node, ast.List | ast.Tuple | ast.Set | ast.Call):
        yield as_numbers(node.args if isinstance(node, ast.Call) else node.elts)
    elif isinstance(node, ast.Dict):
        yield as_numbers([key for key in node.keys if key is not None])
        yield as_numbers(node.values)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        for found in NUMBERS_IN_TEXT.findall(node.value):
            yield [float(number) for number in re.split(r"[\s,;]+", found)]


def offences(source: str) -> list[str]:
    """Return 'line N: what' for every national code or breakpoint sequence written in the source."""
    tree = ast.parse(source)
    skipped = docstrings(tree)
    found = []
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str | int):
            codes = set(SIX_DIGITS.findall(str(node.value))) & area_codes()
            found += [f"line {node.lineno}: GB/T 2260 code {code}" for code in sorted(codes)]
        if any(holds_breakpoints(numbers) for numbers in sequences(node)):
            found.append(f"line {getattr(node, 'lineno', 0)}: HJ 633 breakpoints")
    return found


def test_no_room_but_standards_writes_national_codes_or_breakpoints() -> None:
    files = [path for path in PACKAGE.rglob("*.py") if "standards" not in path.relative_to(PACKAGE).parts[:1]]
    assert files
    found = {str(path.relative_to(PACKAGE)): offences(path.read_text("utf-8")) for path in files}
    assert {path: what for path, what in found.items() if what} == {}


@pytest.mark.parametrize(
    "planted",
    [
        'AREA = "510104"',
        "AREA = 510104",
        'where = f"area = 510122 and {x}"',
        'def f(area: str = "510185") -> None: ...',
        "PM25 = [0, 35, 75, 115, 150, 250, 350, 500]",
        "pick(75.0, 115.0, 150.0, 250.0)",
        "LEVELS = {50: 'good', 100: 'fair', 150: 'poor', 200: 'bad'}",
        "CO = {'a': 5, 'b': 10, 'c': 35, 'd': 60}",
        'OZONE = "0 160 200 300 400 800"',
        "BANDS = (50, 100, 150, 200, 300)",
    ],
)
def test_the_scanner_sees_a_planted_literal(planted: str) -> None:
    assert offences(planted)


@pytest.mark.parametrize(
    "innocent",
    [
        '"""510104 is a code."""',
        "SIZE = 512000000",
        "SIZE = 510000 + 1",
        "BITS = [1, 2, 4, 8]",
        "x = (50, 100)",
        'y = "EPSG:4544"',
    ],
)
def test_the_scanner_passes_what_is_no_literal_code(innocent: str) -> None:
    if innocent == "SIZE = 510000 + 1":
        assert offences(innocent) == ["line 1: GB/T 2260 code 510000"]
    else:
        assert offences(innocent) == []
