"""What the command line prints is what there is: words between colons are no pictures."""

from __future__ import annotations

import pytest
from rich.console import Console

from lifang.doors.cli.show import ERR, OUT


@pytest.mark.parametrize("console", [OUT, ERR], ids=["out", "err"])
def test_ids_are_printed_as_they_are(console: Console) -> None:
    with console.capture() as told:
        console.print("town:house:a: no floor", markup=False)
    assert told.get().strip() == "town:house:a: no floor"
