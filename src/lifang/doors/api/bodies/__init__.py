"""bodies: what goes in and out of the city's own HTTP interface, typed; OpenAPI and the page's types are made from it.

Does not belong here: addresses (``routes``).
"""

__all__: list[str] = []
