"""pygeoapi 0.21, one worker, serving the table ``buildings`` out of PostgreSQL with PostGIS."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench._peers.http import Asked

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"


@contextmanager
def pygeoapi(database: str, scratch: Path, environment: Path | None) -> Iterator[tuple[str, int]]:
    """Yield the address and process id of pygeoapi 0.21 on the PostgreSQL at ``database``, one worker."""
    programs = (environment or scratch / "pygeoapi") / "bin"
    if environment is None:
        subprocess.run([sys.executable, "-m", "venv", str(programs.parent)], check=True)
        wanted = ["pygeoapi==0.21.*", "psycopg2-binary", "geoalchemy2", "sqlalchemy<3", "gunicorn"]
        subprocess.run([programs / "pip", "install", "-q", *wanted], check=True, capture_output=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    host = dict(each.split("=") for each in database.split())["host"]
    config = scratch / "pygeoapi.json"
    config.write_text(json.dumps(pygeoapi_config(host, port)), "utf-8")
    told = {**os.environ, "PYGEOAPI_CONFIG": str(config), "PYGEOAPI_OPENAPI": str(scratch / "openapi.yml")}
    told.pop("PYTHONPATH", None)
    subprocess.run([programs / "pygeoapi", "openapi", "generate", config, "--output-file", scratch / "openapi.yml"],
                   check=True, env=told, stdout=subprocess.DEVNULL)  # fmt: skip
    where = f"127.0.0.1:{port}"
    command = [str(programs / "gunicorn"), "-w", "1", "--threads", "2", "-b", where, "pygeoapi.flask_app:APP"]
    with (scratch / "pygeoapi.log").open("wb") as log:
        server = subprocess.Popen(command, env=told, stdout=log, stderr=log)
    try:
        for _ in range(300):
            try:
                Asked(where)("/?f=json")
                break
            except (OSError, http.client.HTTPException, RuntimeError):
                time.sleep(0.2)
        yield where, server.pid
    finally:
        server.terminate()
        server.wait(30)


def pygeoapi_config(host: str, port: int) -> dict[str, object]:
    """Return pygeoapi's configuration: one collection out of PostgreSQL."""
    both = {"en": "bench"}
    provider = {
        "type": "feature",
        "name": "PostgreSQL",
        "data": {"host": host, "port": 5432, "dbname": "postgres", "user": "peer", "password": "x",
                 "search_path": ["public"]},
        "id_field": "code",
        "table": "buildings",
        "geom_field": "geom",
    }  # fmt: skip
    return {
        "server": {
            "bind": {"host": "127.0.0.1", "port": port},
            "url": f"http://127.0.0.1:{port}",
            "mimetype": "application/json; charset=UTF-8",
            "encoding": "utf-8",
            "language": "en-US",
            "gzip": False,
            "limits": {"default_items": 10, "max_items": 10_000},
            "map": {"url": "http://127.0.0.1/", "attribution": "none"},
        },
        "logging": {"level": "ERROR"},
        "metadata": {
            "identification": {"title": both, "description": both, "keywords": {"en": ["bench"]}, "url": "http://127.0.0.1",
                               "terms_of_service": "none", "keywords_type": "theme"},
            "license": {"name": "none", "url": "http://127.0.0.1"},
            "provider": {"name": "bench", "url": "http://127.0.0.1"},
            "contact": {"name": "bench", "url": "http://127.0.0.1"},
        },
        "resources": {
            "buildings": {
                "type": "collection",
                "title": both,
                "description": both,
                "keywords": {"en": ["bench"]},
                "links": [],
                "extents": {"spatial": {"bbox": [-180, -90, 180, 90], "crs": CRS84}},
                "providers": [provider],
            }
        },
    }  # fmt: skip
