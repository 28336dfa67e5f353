"""Clients that cost little beside the server they load: one kept connection, whole requests, one answer at a time."""

from __future__ import annotations

import http.client
import socket


class Asked:
    """One kept HTTP connection."""

    def __init__(self, address: str) -> None:
        self._connection = http.client.HTTPConnection(address, timeout=120)

    def __call__(self, path: str) -> bytes:
        """Return the body at ``path``."""
        self._connection.request("GET", path)
        answer = self._connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{answer.status} {path}: {body[:500].decode('utf-8', 'replace')}")
        return body


class RawPost:
    """Posts bodies to one address on one connection; an answer other than 201 is an error."""

    def __init__(self, address: str, path: str, token: str, kind: str) -> None:
        host, _, port = address.partition(":")
        self._socket = socket.create_connection((host, int(port)), timeout=120)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._head = (
            f"POST {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n"
            f"Content-Type: {kind}\r\nContent-Length: "
        ).encode()
        self._buffer = bytearray(1 << 20)

    def __call__(self, body: bytes) -> memoryview:
        """Return the answer's body."""
        self._socket.sendall(b"%b%d\r\n\r\n%b" % (self._head, len(body), body))
        view, size, end = memoryview(self._buffer), 0, 0
        while not end or size < end:
            got = self._socket.recv_into(view[size:])
            if not got:
                raise RuntimeError("the server hung up")
            size += got
            if not end and (split := self._buffer.find(b"\r\n\r\n", 0, size)) > 0:
                head = bytes(view[:split]).lower()
                if not head.startswith(b"http/1.1 201"):
                    raise RuntimeError(bytes(view[:size])[:600].decode("utf-8", "replace"))
                begin = split + 4
                end = begin + int(head.partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        return view[begin:end]
