"""Work that a process shares with copies of itself is done when all of them have ended."""

import os
import time
from pathlib import Path

from lifang.twin.reading.ifc.sharing import done_by_all


def test_another_child_that_ends_is_not_taken_for_a_copy(tmp_path: Path) -> None:
    other = os.fork()
    if not other:
        os._exit(0)

    def work(number: int) -> None:
        time.sleep(0.2 * number)
        (tmp_path / str(number)).touch()

    done_by_all(work, 2)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["0", "1"]
    assert os.waitpid(other, 0) == (other, 0)
