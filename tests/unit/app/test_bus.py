from __future__ import annotations

import asyncio
import threading

from lifang.app import Bus


def test_a_listener_gets_what_another_thread_publishes_in_order() -> None:
    async def listen() -> list[int]:
        bus = Bus()
        subscription = bus.subscribe()
        thread = threading.Thread(target=lambda: [bus.publish("clock", {"n": n}) for n in range(100)])
        thread.start()
        got: list[int] = []
        async for event in subscription:
            got.append(event.data["n"])
            if len(got) == 100:
                subscription.close()
        thread.join()
        return got

    assert asyncio.run(asyncio.wait_for(listen(), 10)) == list(range(100))


def test_a_slow_listener_loses_the_oldest_and_blocks_nobody() -> None:
    async def listen() -> list[int]:
        bus = Bus()
        subscription = bus.subscribe()
        for n in range(1000):
            bus.publish("clock", {"n": n})
        got: list[int] = []
        async for event in subscription:
            got.append(event.data["n"])
            if event.data["n"] == 999:
                subscription.close()
        return got

    got = asyncio.run(asyncio.wait_for(listen(), 10))
    assert got == list(range(1000 - len(got), 1000))
    assert len(got) == 256


def test_closing_the_bus_ends_every_listener() -> None:
    async def listen() -> int:
        bus = Bus()
        subscription = bus.subscribe()
        asyncio.get_running_loop().call_later(0.05, bus.close)
        return len([event async for event in subscription])

    assert asyncio.run(asyncio.wait_for(listen(), 10)) == 0
