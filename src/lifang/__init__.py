"""lifang 里坊: a city that runs by its data.

``lifang.open(path)`` returns a :class:`~lifang.app.City`, the same object the CLI and the HTTP doors serve.
"""

from lifang.app import City, open_city as open

__all__ = ["City", "open"]
