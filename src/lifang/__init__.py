"""lifang 里坊: a city that runs by its data.

``lifang.open(path)`` returns a :class:`~lifang.app.City`, the same object the CLI and the HTTP doors serve.
"""

from lifang.app import City
from lifang.app import open_city as open  # noqa: A004 - `lifang.open(path)` is how people say it

__all__ = ["City", "open"]
