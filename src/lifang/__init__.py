"""lifang 里坊: a city that runs by its data.

``lifang.open(path)`` returns a :class:`~lifang.app.City`, the same object the CLI and the HTTP doors serve.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lifang.app import City
    from lifang.app import open_city as open  # noqa: A004 - `lifang.open(path)` is how people say it

__all__ = ["City", "open"]


def __getattr__(name: str) -> Any:
    """Load the house when it is asked for: a command that speaks to a served city needs none of it."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from lifang.app import City, open_city  # noqa: PLC0415 - that is what this function is for

    return City if name == "City" else open_city
