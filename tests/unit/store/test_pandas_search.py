"""The search for pandas ends at once, and who copes without pandas copes still."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

_FRESH = """
import sys
from pathlib import Path
from lifang.core import SystemClock
from lifang.store import Store

with Store.open(Path(sys.argv[1]), clock=SystemClock()) as store:
    import numpy as np
    import pyarrow as pa

    assert pa.table({"n": np.arange(3)})["n"].to_pylist() == [0, 1, 2]
    assert pa.array([1, 2]).to_numpy().sum() == 3
    store.lake.write_release("numbers", 1, pa.table({"n": np.arange(3)}))
    try:
        import pandas
    except ModuleNotFoundError as error:
        assert error.name == "pandas"
    else:
        raise SystemExit("pandas is there")
    import json.tool
"""


@pytest.mark.slow
@pytest.mark.skipif(find_spec("pandas") is not None, reason="pandas is installed: nothing is cut short")
def test_arrow_and_numpy_work_in_a_process_that_knows_of_no_pandas(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _FRESH, tmp_path / "city"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
