"""Messages in: what a topic means, and what becomes of the message: observations go to the intake."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from lifang.app import City
from lifang.core import NotFound, to_micros
from lifang.doors.mqtt.access import Guest
from lifang.doors.mqtt.broker import Delivery
from lifang.doors.mqtt.intake import Intake
from lifang.doors.mqtt.meaning import Bulk, Free, Stream, target_of
from lifang.doors.mqtt.observation import read_object, read_plain
from lifang.doors.mqtt.rich import Rich, RichIntake, group_of

_TOPICS = 100_000


class Receiver:
    """Takes messages of a city's clients, or of its outside broker; ``pass_on`` gets those that mean nothing to it."""

    def __init__(self, city: City, intake: Intake, rich: RichIntake, *, pass_on: Callable[[Delivery], None]) -> None:
        self._city, self._intake, self._rich, self._pass_on = city, intake, rich, pass_on
        self._target = lru_cache(_TOPICS)(target_of)

    def take(self, delivery: Delivery, guest: Guest) -> None:
        """Take a message of somebody who may send; a ``Problem`` says why it is refused."""
        target = self._target(delivery.packet.topic)
        if isinstance(target, Stream):
            self._observe(delivery, guest, target)
        elif isinstance(target, Bulk):
            self._intake.add_bulk(delivery, guest, target, delivery.packet.payload)
        elif isinstance(target, Free):
            self._pass_on(delivery)
        else:
            read_object(delivery.packet.payload)
            self._rich.add(Rich(delivery, guest, target.path, None))

    def _observe(self, delivery: Delivery, guest: Guest, target: Stream) -> None:
        body = read_object(delivery.packet.payload)
        number = self._city.sensing.number(target.reference)
        if self._city.sensing.entities.is_multi(number) != target.is_multi:
            raise NotFound(f"There is no {target.kind} {target.reference!r}.", mend="Mind the kind of datastream.")
        plain = None if target.is_multi else read_plain(body, to_micros(self._city.now))
        if plain is not None:
            self._intake.add(delivery, guest, number, *plain)
            return
        path = f"{target.kind}s({number})/Observations"
        self._rich.add(Rich(delivery, guest, path, group_of(target.kind, number, body)))
