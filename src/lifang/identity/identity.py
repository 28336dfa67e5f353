"""The face of the room: people, sessions and tokens of one city in one object."""

from __future__ import annotations

from lifang.core import Clock
from lifang.identity.lockout import Lockout
from lifang.identity.passwords import Passwords
from lifang.identity.people import People
from lifang.identity.sessions import Sessions
from lifang.identity.tokens import Tokens
from lifang.store import Store


class Identity(People, Sessions, Tokens):
    """Who is asking: people and organisations, log-in and sessions, tokens for machines; safe to use from many threads.

    ``session_max_age_s`` is how long a log-in lasts, in seconds; ``passwords`` sets the cost of hashing.
    """

    def __init__(
        self, store: Store, clock: Clock, *, session_max_age_s: int = 12 * 3600, passwords: Passwords | None = None
    ) -> None:
        kept, lockout = passwords or Passwords(), Lockout(clock)
        People.__init__(self, store, clock, kept, lockout)
        Sessions.__init__(self, store, clock, kept, lockout, max_age_s=session_max_age_s)
        Tokens.__init__(self, store, clock)
