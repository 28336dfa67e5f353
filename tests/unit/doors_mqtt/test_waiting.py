"""What waits for a slow client is bounded by count and by bytes."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lifang.doors.mqtt.broker import Message, Session
from lifang.doors.mqtt.broker.session import Notes
from lifang.doors.mqtt.broker.waiting import Bounds, Waiting
from lifang.doors.mqtt.wire import V311


class Stalled:
    """A connection whose client does not read."""

    version, writable, receive_maximum, packet_maximum = V311, False, 10, 10_000
    written = 0

    def write(self, data: bytes) -> None:
        self.written += 1


@given(st.lists(st.integers(0, 50), max_size=30))
def test_a_queue_keeps_to_its_bounds_and_its_order(sizes: list[int]) -> None:
    queue = Waiting(5, 100)
    for number, size in enumerate(sizes):
        message = Message(str(number), bytes(size))
        while not queue.fits(message):
            queue.take()
        queue.put(message)
        assert len(queue) <= 5
        assert len(queue) == 1 or sum(len(each.payload) for each in queue) <= 100
    left = [int(each.topic) for each in queue]
    assert left == list(range(len(sizes) - len(left), len(sizes)))


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 60)), max_size=40))
def test_a_stalled_session_drops_the_oldest_of_qos_0_and_the_newest_of_others(sent: list[tuple[int, int]]) -> None:
    dropped: list[str] = []
    session = Session(("a", "b"), Bounds(3, 4, 100, 100))
    link: Any = Stalled()
    session.link = link
    session.notes = Notes(dropped=lambda _, message: dropped.append(message.topic))
    for number, (qos, size) in enumerate(sent):
        session.send(Message(str(number), bytes(size), qos))
    kept = [int(each.topic) for each in session.pending()]
    careless = [number for number, (qos, _) in enumerate(sent) if not qos]
    gone = sorted(map(int, dropped))
    assert not link.written
    assert kept == sorted(kept)
    assert len(kept) <= 4
    assert [number for number in gone if not sent[number][0]] == careless[: len([n for n in gone if not sent[n][0]])]
    assert {number for number, (qos, _) in enumerate(sent) if qos} == set(kept) | {n for n in gone if sent[n][0]}
