"""Bodies of who is signed in."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from lifang.doors.api.bodies.kinds import Asked, Said


class SubjectBody(Said):
    """Who is known to be asking."""

    id: str
    name: str
    roles: list[str]


class SessionBody(Said):
    """The present session; ``subject`` is null for an anonymous visitor."""

    subject: SubjectBody | None


class LogIn(Asked):
    """A person's name and password."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    password: Annotated[str, Field(min_length=1, max_length=1000)]
