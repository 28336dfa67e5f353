"""doors: how people and machines enter: each room here speaks one outside language and stays thin.

Does not belong here: any rule, computation or storage; a door translates, asks the guard, and calls the city.
``http`` is the porch that the HTTP doors share. A door is found by looking: a room with a ``spec`` and ``router()``.
Reads and writes no dataset itself; everything goes through :class:`lifang.app.City`.
"""

__all__: list[str] = []
