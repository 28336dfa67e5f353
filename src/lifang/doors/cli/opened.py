"""A city opened in this process for one command. Loaded when nobody serves the city: it brings in the whole house."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI

from lifang.app import City, open_city
from lifang.doors.api import create_app


def opened(folder: Path) -> tuple[City, FastAPI]:
    """Return the city in ``folder``, in which no time passes, and its app."""
    city = open_city(folder)
    city.start(time_passes=False)
    return city, create_app(city)
