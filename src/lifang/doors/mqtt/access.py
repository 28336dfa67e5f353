"""Who is let in by MQTT, and what they may do: the same people, tokens, lock-out and decisions as everywhere."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lifang.app import Asker, City
from lifang.core import BadInput, Denied, NotFound, Problem, Unauthenticated
from lifang.doors.mqtt.wire import Connect, Reason, WireFault
from lifang.guard import ANONYMOUS, Action, Resource, Role, Subject, require
from lifang.sensing import tasking

_TOKENS = ("lfg_", "lfo_", tasking.DEVICE_PREFIX)
_DEVICE = tasking.subject_id("")
_FRESH_S = 1.0  # how long a log-in is taken as it was


@dataclass(eq=False)
class Guest:
    """Somebody let in; ``proof`` is what shows, again and again, that the log-in still holds."""

    subject: Subject
    purpose: str = ""
    token: str = field(default="", repr=False)
    session: str = field(default="", repr=False)
    may_observe: bool = False
    is_standing: bool = False
    is_denied: bool = False
    checked: float = 0.0

    @property
    def owner(self) -> str:
        """Whose the client's sessions are."""
        return self.subject.id

    @property
    def is_device(self) -> bool:
        """Whether it came with the token of a device."""
        return self.subject.id.startswith(_DEVICE)

    @property
    def may_return(self) -> bool:
        """Whether a session is kept while the client is away: not for nobody known."""
        return not self.subject.is_anonymous

    @property
    def about(self) -> Mapping[str, Any]:
        """The roles and the purpose of the log-in, for while the client is away."""
        return {"roles": sorted(self.subject.roles), "purpose": self.purpose}


def asker_of(city: City, guest: Guest) -> Asker:
    """Return the asker through which a guest's rights are decided and recorded."""
    return Asker(city, guest.subject, guest.purpose)


def let_in(city: City, packet: Connect) -> Guest:
    """Return the guest behind a CONNECT: by name and password, by a token as password, or nobody known.

    ``Unauthenticated`` alike for a wrong name and a wrong password, and after too many of them; ``Denied`` if nobody
    known may not enter. The purpose is read from the user property ``purpose`` (5.0).
    """
    if "authentication_method" in packet.properties:
        raise WireFault("Extended authentication is not offered.", Reason.BAD_AUTHENTICATION_METHOD)
    purpose = next((value for name, value in packet.properties.get("user_property", ()) if name == "purpose"), "")
    guest = _identified(city, packet, purpose[:200])
    asker = asker_of(city, guest)
    if not guest.is_device:
        asker.must(Action.READ, Resource("city"))
    guest.may_observe = asker.may(Action.OBSERVE, Resource("observation"))
    return guest


def _identified(city: City, packet: Connect, purpose: str) -> Guest:
    if packet.user is None and packet.password is None:
        return Guest(ANONYMOUS, purpose)
    try:
        password = (packet.password or b"").decode()
    except UnicodeDecodeError:
        raise Unauthenticated("Name and password do not match.", mend="Check both and try again.") from None
    now = time.monotonic()
    if password.startswith(_TOKENS):
        return Guest(city.subject_of(password), purpose, token=password, checked=now)
    session = city.identity.log_in(packet.user or "", password)
    return Guest(session.subject, purpose, session=session.token, checked=now)


def is_known(city: City, guest: Guest) -> bool:
    """Return whether the log-in is known to hold, without waiting."""
    now = time.monotonic()
    if guest.subject.is_anonymous or now - guest.checked < _FRESH_S:
        return True
    if guest.token and city.recent_subject(guest.token) == guest.subject:
        guest.checked = now
        return True
    return False


def still_holds(city: City, guest: Guest) -> bool:
    """Return whether the guest would be let in again as the same, asking the store."""
    if guest.subject.is_anonymous:
        return True
    try:
        if guest.is_standing:
            return standing_guest(city, guest.subject.id).subject == guest.subject
        found = city.subject_of(guest.token) if guest.token else city.identity.subject_of_session(guest.session)
    except (Denied, NotFound):
        return False
    guest.checked = time.monotonic()
    return found == guest.subject


def standing_guest(city: City, name: str) -> Guest:
    """Return the person in whose name an outside broker's messages are taken in, by id or log-in name.

    ``NotFound`` if there is none, ``Denied`` if that person may not send observations.
    """
    if not name:
        raise BadInput(
            "[mqtt] names a broker, and nobody in whose name its messages are taken in.",
            where="city.toml, [mqtt]",
            mend="Add as_person, the log-in name of an operator.",
        )
    person = city.identity.person(name)
    if not person.active:
        raise Denied(f"{person.name} is not active.", where="city.toml, as_person")
    guest = Guest(person.subject(via="mqtt"), is_standing=True, may_observe=True, checked=time.monotonic())
    require(guest.subject, Action.OBSERVE, Resource("observation"))
    return guest


def see_off(city: City, guest: Guest) -> None:
    """End the log-in that a name and password began."""
    if guest.session:
        city.identity.log_out(guest.session)


def away(city: City, owner: str, about: Mapping[str, Any]) -> Guest:
    """Return a guest that is away, with those of its roles that the person still has; ``Denied`` if there are none.

    A device that is away may what anybody may: its commands wait for it.
    """
    if owner.startswith(_DEVICE):
        return Guest(Subject(owner, owner.removeprefix(_DEVICE)), about["purpose"], checked=time.monotonic())
    try:
        person = city.identity.person(owner)
    except Problem:
        raise Denied(f"{owner} is nobody here.") from None
    if not person.active:
        raise Denied(f"{owner} is not active.")
    roles = frozenset(map(Role, about["roles"])) & person.roles
    return Guest(person.subject(roles=roles), about["purpose"], checked=time.monotonic())
