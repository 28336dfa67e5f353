"""A portal of the tests, and an empty city that may reach it."""

from __future__ import annotations

import http.server
import queue
import threading
from email.message import Message
from pathlib import Path

from lifang.app import City, lay_out_empty, open_city


class Portal(http.server.ThreadingHTTPServer):
    """A portal that answers what it is told to, and keeps what it was asked and sent."""

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.sent: queue.Queue[tuple[Message, bytes]] = queue.Queue()
        self.pages: dict[str, tuple[str, bytes]] = {}
        self.asked: list[str] = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def at(self, path: str, body: str | bytes = "", *, kind: str = "text/turtle", status: int = 200) -> str:
        """Return the address at which ``body`` is answered."""
        self.pages[path] = (f"{status} {kind}", body.encode() if isinstance(body, str) else body)
        return f"http://127.0.0.1:{self.server_port}{path}"


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Portal

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        told, body = self.server.pages.get(self.path, ("404 text/plain", b""))
        status, kind = told.split(" ", 1)
        self.send_response(int(status))
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.sent.put((self.headers, body))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def laid_out(home: Path, port: int, *, allow: str = '"127.0.0.1"', more: str = "") -> City:
    """Return an empty city in a new folder."""
    lay_out_empty(home, city_id="ours", name="Ours", area_code="")
    toml = home / "city.toml"
    toml.write_text(toml.read_text("utf-8") + f"\n{more}\n[harvest]\nallow = [{allow}]\nports = [{port}]\n", "utf-8")
    return open_city(home)
