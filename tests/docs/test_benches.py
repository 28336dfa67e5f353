"""The list of benchmarks names every one there is, and none that is not there."""

import re
from pathlib import Path

_BENCH = Path(__file__).parents[2] / "bench"


def test_every_benchmark_is_in_the_list() -> None:
    listed = set(re.findall(r"`(bench\.[\w.]+)`", (_BENCH / "README.md").read_text("utf-8")))
    runnable = {
        ".".join(path.relative_to(_BENCH.parent).with_suffix("").parts)
        for path in _BENCH.rglob("*.py")
        if "_peers" not in path.parts and '__name__ == "__main__"' in path.read_text("utf-8")
    }
    assert listed == runnable
