"""A load of many clients, each in its own process: what they managed, and how long each acknowledgement took."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Send = Callable[[int], None]  # sends the client's n-th request and returns when it is acknowledged


@dataclass(frozen=True)
class Outcome:
    """How a load went: values acknowledged per second, acknowledgement times in milliseconds."""

    name: str
    values_per_s: float
    p50_ms: float
    p99_ms: float
    requests: int

    def line(self) -> str:
        return f"{self.name:<34}{self.values_per_s:>14,.0f}{self.p50_ms:>11.1f}{self.p99_ms:>11.1f}{self.requests:>11,}"


HEADER = f"{'durable commits of the same rows':<34}{'values/s':>14}{'p50 ms':>11}{'p99 ms':>11}{'requests':>11}"


def drive(
    name: str, clients: int, seconds: float, rows: int, prepare: Callable[[int], Send], *, per_s: float | None = None
) -> Outcome:
    """Return how ``clients`` processes did for ``seconds``; ``prepare(client)`` runs in each and gives its ``Send``.

    Each sends as soon as the last is acknowledged; or, together, ``per_s`` requests a second at even steps, and then a
    time counts from the moment when the request was due, so that a stall is not hidden by those it held up.
    """
    step = clients / per_s if per_s else 0.0
    context = multiprocessing.get_context("fork")
    ready, results = context.Barrier(clients + 1), context.SimpleQueue()

    def work(client: int) -> None:
        send = prepare(client)
        send(0)
        took, number = [], 1
        ready.wait()
        begin = time.perf_counter() + step * client / clients
        while (start := begin + step * (number - 1) if step else time.perf_counter()) < begin + seconds:
            time.sleep(max(0.0, start - time.perf_counter()))
            send(number)
            took.append(time.perf_counter() - start)
            number += 1
        results.put(took)

    workers = [context.Process(target=work, args=(client,), daemon=True) for client in range(clients)]
    for worker in workers:
        worker.start()
    ready.wait()
    start = time.perf_counter()
    took = [results.get() for _ in workers]
    passed = time.perf_counter() - start
    for worker in workers:
        worker.join()
    times = np.concatenate(took) * 1000
    p50, p99 = np.percentile(times, [50, 99])
    return Outcome(name, len(times) * rows / passed, float(p50), float(p99), len(times))
