import os
import sys
import threading

import pytest

from lifang.store.lake.background import made_in_background


def nice() -> int:
    return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux gives a thread a priority of its own")
def test_only_what_is_made_in_the_background_stands_back() -> None:
    before, started = nice(), list[int]()

    def make() -> str:
        helper = threading.Thread(target=lambda: started.append(nice()))
        helper.start()
        helper.join()
        return "made"

    assert made_in_background(make) == "made"
    assert started == [max(before, 10)]
    assert nice() == before


def test_what_fails_in_the_background_is_told() -> None:
    with pytest.raises(ZeroDivisionError):
        made_in_background(lambda: 1 // 0)
