"""The peer: Mosquitto, and a subscriber that copies what it hears into PostgreSQL, acknowledging after each commit."""

from __future__ import annotations

import multiprocessing
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.synchronize import Event
from pathlib import Path

import orjson
import psycopg

from bench._peers.postgres import postgres
from lifang.doors.mqtt.wire import V311, Ack, Connect, Kind, Publish, Splitter, Subscribe, Wanted, decode, encode

MOSQUITTO = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
_COPY = "COPY observation (datastream, time, value) FROM STDIN"
_TABLE = "CREATE TABLE observation (datastream integer, time timestamptz, value double precision)"


@contextmanager
def mosquitto() -> Iterator[int]:
    """Yield the port of a fresh Mosquitto that drops nothing."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="peer-mosquitto-") as folder:
        settings = Path(folder, "mosquitto.conf")
        settings.write_text(
            f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\nmax_inflight_messages 0\n",
            "ascii",
        )
        told = subprocess.DEVNULL
        broker = subprocess.Popen([MOSQUITTO, "-c", str(settings)], stdout=told, stderr=told)
        try:
            time.sleep(1)
            yield port
        finally:
            broker.terminate()
            broker.wait(10)


@contextmanager
def copying() -> Iterator[tuple[int, str]]:
    """Yield Mosquitto's port and where PostgreSQL is, with the subscriber between them at work."""
    context = multiprocessing.get_context("fork")
    with postgres() as where, mosquitto() as port:
        with psycopg.connect(where, autocommit=True) as connection:
            connection.execute(_TABLE)
        ready = context.Event()
        worker = context.Process(target=_copy, args=(port, where, ready), daemon=True)
        worker.start()
        if not ready.wait(30):
            raise TimeoutError("the subscriber did not start")
        try:
            yield port, where
        finally:
            worker.kill()
            worker.join()


def rows(where: str) -> int:
    """Return how many rows are committed."""
    with psycopg.connect(where) as connection:
        found = connection.execute("SELECT count(*) FROM observation").fetchone()
    return int(found[0]) if found else 0


def _copy(port: int, where: str, ready: Event) -> None:
    """Hear everything; one commit for whatever came in one read."""
    source = socket.create_connection(("127.0.0.1", port))
    splitter = Splitter(10_000_000)
    source.sendall(encode(Connect("copier", V311), V311))
    source.recv(4)
    source.sendall(encode(Subscribe(1, (Wanted("v1.1/#", 1),)), V311))
    source.recv(5)
    ready.set()
    with psycopg.connect(where) as connection:
        while data := source.recv(1_048_576):
            messages = [decode(first, body, V311) for first, body in splitter.feed(data)]
            told = [each for each in messages if isinstance(each, Publish)]
            if not told:
                continue
            with connection.cursor() as cursor, cursor.copy(_COPY) as stream:
                stream.write("".join(map(_lines, told)))
            connection.commit()
            source.sendall(b"".join(encode(Ack(Kind.PUBACK, each.packet_id), V311) for each in told))


def _lines(message: Publish) -> str:
    """Return a message as lines of COPY: one observation, or groups of a data array."""
    body = orjson.loads(message.payload)
    if isinstance(body, dict):
        number = message.topic.partition("(")[2].partition(")")[0]
        return f"{number}\t{body['phenomenonTime']}\t{body['result']}\n"
    return "".join(
        f"{group['Datastream']['@iot.id']}\t{when}\t{value}\n" for group in body for when, value in group["dataArray"]
    )
