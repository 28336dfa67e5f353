"""api: the city's own HTTP interface, ``/api/v1``, with ``/events``, ``/metrics`` and ``/healthz``; and the server.

Does not belong here: rules of any room, other outside languages. Reads and writes no dataset itself.
"""

from lifang.doors.api.app import create_app
from lifang.doors.api.routes import router
from lifang.doors.api.serve import serve
from lifang.doors.http import Door

__all__ = ["create_app", "router", "serve", "spec"]

spec = Door("api", "接口", "the city's API", "JSON over HTTP, OpenAPI 3.1, server-sent events", order=10)
