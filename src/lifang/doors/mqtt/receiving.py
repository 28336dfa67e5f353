"""Messages in: what a topic means, and what becomes of the message: observations go to the intake."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from lifang.app import City
from lifang.core import BadInput, format_instant, to_micros
from lifang.doors.mqtt.access import Guest
from lifang.doors.mqtt.broker import Delivery
from lifang.doors.mqtt.intake import Intake
from lifang.doors.mqtt.meaning import Bulk, Entity, Free, Stream, target_of
from lifang.doors.mqtt.observation import data_array, read_object, read_plain

_TOPICS = 100_000


class Receiver:
    """Takes messages of a city's clients, or of its outside broker; ``pass_on`` gets those that mean nothing to it."""

    def __init__(self, city: City, intake: Intake, *, pass_on: Callable[[Delivery], None]) -> None:
        self._city, self._intake, self._pass_on = city, intake, pass_on
        self._target = lru_cache(_TOPICS)(target_of)

    def take(self, delivery: Delivery, guest: Guest) -> None:
        """Take a message of somebody who may send; a ``Problem`` says why it is refused."""
        target = self._target(delivery.packet.topic)
        if isinstance(target, Stream):
            self._observe(delivery, guest, target.reference)
        elif isinstance(target, Bulk):
            self._intake.add_bulk(delivery, guest, target, delivery.packet.payload)
        elif isinstance(target, Free):
            self._pass_on(delivery)
        else:
            self._create(delivery, guest, target)

    def _observe(self, delivery: Delivery, guest: Guest, reference: int | str) -> None:
        body = read_object(delivery.packet.payload)
        now = self._city.now
        plain = read_plain(body, to_micros(now))
        if plain is None:
            whole = data_array(reference, body, format_instant(now))
            self._intake.add_bulk(delivery, guest, Bulk.DATA_ARRAY, whole)
            return
        number = self._city.sensing.number(reference)
        self._intake.add(delivery, guest, number, *plain)

    def _create(self, delivery: Delivery, guest: Guest, target: Entity) -> None:
        """Take an Observation that names its datastream itself."""
        body = read_object(delivery.packet.payload)
        named = body.get("Datastream", body.get("MultiDatastream"))
        reference = named.get("@iot.id") if isinstance(named, dict) else None
        if not isinstance(reference, int | str) or isinstance(reference, bool):
            raise BadInput("The observation names no datastream.", where=target.path, mend='Add "Datastream".')
        self._observe(delivery, guest, reference)
