import asyncio
import gzip
import http.server
import io
import os
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncssh
import pytest
from tests.unit.exchange.conftest import CARD, FULL

from lifang.catalogue import Catalogue
from lifang.core import ManualClock, Settings
from lifang.exchange import Exchange, FeedSpec, Manifest
from lifang.guard import SYSTEM
from lifang.store import Store

pytestmark = pytest.mark.slow


@pytest.fixture
def outbox(tmp_path: Path) -> Path:
    folder = tmp_path / "outbox"
    folder.mkdir()
    return folder


def put(folder: Path, name: str, text: str, manifest: str = "", *, age_s: float = 60) -> None:
    path = folder / name
    path.write_text(text)
    if manifest:
        (folder / f"{name}.manifest.json").write_text(manifest)
    then = path.stat().st_mtime - age_s
    os.utime(path, (then, then))


def test_a_folder_gives_each_file_once_when_nobody_writes_to_it(
    exchange: Exchange, feed, outbox: Path, tmp_path: Path
) -> None:
    feed({"kind": "folder", "path": "outbox", "pattern": "*.csv"})
    put(outbox, "a.csv", FULL, '{"reference": "a-1", "rows": 3}')
    put(outbox, "b.csv", FULL + "d,4,2026-01-04\n", age_s=0)
    put(outbox, "c.csv.part", FULL)
    (outbox / "link.csv").symlink_to(tmp_path / "city" / "registry.sqlite")
    for _ in range(2):
        assert exchange.pull("water-permits", by=SYSTEM).trouble is None
    exchange.work_off()
    assert [(each.reference, each.name, each.counts["declared"]) for each in exchange.deliveries()] == [
        ("a-1", "a.csv", 3)
    ]
    put(outbox, "b.csv", FULL + "d,4,2026-01-04\n")
    exchange.pull("water-permits", by=SYSTEM)
    assert len(exchange.deliveries()) == 2


def test_what_a_folder_gives_cannot_climb_out_of_it_or_fill_the_disk(
    store: Store, catalogue: Catalogue, clock: ManualClock, settings: Settings, outbox: Path, tmp_path: Path
) -> None:
    small = replace(settings, upload_expanded_max_bytes=1_000_000)
    exchange = Exchange(store, Catalogue(store, clock, small), clock, small, folder=tmp_path)
    spec = {"id": "f", "organisation": "water", "dataset": "permits", "source": {"kind": "folder", "path": "outbox"}}
    exchange.put_feed(FeedSpec.from_mapping({**spec, "card": CARD}), by=SYSTEM)
    slip, bomb = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(slip, "w") as packed:
        packed.writestr("../../evil_slip.csv", FULL)
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("a.csv", "编号,n,day\n" + "a,1,2026-01-01\n" * 100_000)
    for name, content in (("slip.zip", slip.getvalue()), ("bomb.zip", bomb.getvalue()),
                          ("bomb.csv.gz", gzip.compress(b"\n" * 9_000_000))):  # fmt: skip
        (outbox / name).write_bytes(content)
        os.utime(outbox / name, (0, 0))
    (outbox / "pipe.csv").symlink_to("/dev/zero")
    os.mkfifo(outbox / "fifo.csv")
    assert exchange.pull("f", by=SYSTEM).trouble is None
    exchange.work_off()
    told = {each.name: (each.state, (each.problem or {}).get("mend", "")) for each in exchange.deliveries()}
    assert sorted(told) == ["bomb.csv.gz", "bomb.zip", "slip.zip"]
    assert all(state == "refused" and mend for state, mend in told.values()), told
    assert not list(tmp_path.rglob("evil_slip*"))
    assert not list((store.folder / "scratch").glob("*"))
    exchange.close()


def test_a_source_that_fails_tells_what_to_mend_and_waits_longer_each_time(
    exchange: Exchange, feed, clock: ManualClock
) -> None:
    feed({"kind": "folder", "path": "nowhere"}, every_s=60)
    found = exchange.pull("water-permits", by=SYSTEM)
    assert found.failures == 1
    assert found.trouble is not None
    assert found.trouble["what"] == "There is no folder 'nowhere'."
    exchange._pulling = True
    clock.advance(timedelta(seconds=61))
    assert not exchange._is_due(exchange.feed("water-permits"))
    clock.advance(timedelta(seconds=60))
    assert exchange._is_due(exchange.feed("water-permits"))


@pytest.fixture
def web() -> Iterator[tuple[int, dict[str, Any]]]:
    """A server on loopback: its port, and what it gives and was asked."""
    state: dict[str, Any] = {"body": FULL.encode(), "asked": []}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state["asked"].append(dict(self.headers))
            fresh = self.headers.get("If-None-Match") != state.get("etag")
            self.send_response(200 if fresh else 304)
            if "etag" in state:
                self.send_header("ETag", state["etag"])
            self.end_headers()
            if fresh:
                self.wfile.write(state["body"])

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port, state
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_address_is_fetched_with_its_secret_and_only_when_it_changed(exchange: Exchange, feed, web) -> None:
    port, state = web
    source = {"kind": "http", "url": f"http://127.0.0.1:{port}/permits.csv", "ports": [port], "allow": ["127.0.0.1"],
              "headers": {"Authorization": "Bearer ${token}"}}  # fmt: skip
    feed(source, secrets={"token": "tok-1234"})
    state["etag"] = '"1"'
    for _ in range(2):
        assert exchange.pull("water-permits", by=SYSTEM).trouble is None
    assert [each["Authorization"] for each in state["asked"]] == ["Bearer tok-1234"] * 2
    assert [each.name for each in exchange.deliveries()] == ["permits.csv"]
    state |= {"etag": '"2"', "body": FULL.encode() + b"d,4,2026-01-04\n"}
    exchange.pull("water-permits", by=SYSTEM)
    exchange.work_off()
    assert exchange.deliveries()[0].release == "permits@2"


def test_an_address_inside_is_not_reached_unless_it_was_allowed(exchange: Exchange, feed, web) -> None:
    port, state = web
    feed({"kind": "http", "url": f"http://127.0.0.1:{port}/x.csv", "ports": [port]})
    found = exchange.pull("water-permits", by=SYSTEM)
    assert found.trouble is not None
    assert "this machine itself" in found.trouble["what"]
    assert state["asked"] == []


class _Server(asyncssh.SSHServer):
    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == ("bureau", "pass-1234")


@pytest.fixture
def sftp(outbox: Path, tmp_path: Path) -> Iterator[tuple[int, str, str]]:
    """An SFTP server on loopback over the outbox: its port, its public key, and a private key that may log in."""
    host, user = asyncssh.generate_private_key("ssh-ed25519"), asyncssh.generate_private_key("ssh-ed25519")
    (tmp_path / "authorized").write_bytes(user.export_public_key())
    loop = asyncio.new_event_loop()

    def serve(channel: Any) -> asyncssh.SFTPServer:
        return asyncssh.SFTPServer(channel, chroot=os.fsencode(outbox))

    async def start() -> Any:
        return await asyncssh.create_server(
            _Server, "127.0.0.1", 0, server_host_keys=[host], sftp_factory=serve,
            authorized_client_keys=str(tmp_path / "authorized"),
        )  # fmt: skip

    server = loop.run_until_complete(start())
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield server.get_port(), host.export_public_key().decode(), user.export_private_key().decode()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    server.close()
    loop.run_until_complete(server.wait_closed())
    loop.close()


def test_an_sftp_server_gives_its_files_to_a_key_or_a_password(exchange: Exchange, feed, sftp, outbox: Path) -> None:
    port, host_key, private = sftp
    source = {"kind": "sftp", "host": "127.0.0.1", "port": port, "user": "bureau", "host_key": host_key, "path": "/",
              "pattern": "*.csv", "allow": ["127.0.0.1"]}  # fmt: skip
    put(outbox, "a.csv", FULL, '{"reference": "a-1", "rows": 3}')
    feed(source, secrets={"private_key": private})
    assert exchange.pull("water-permits", by=SYSTEM).trouble is None
    put(outbox, "b.csv", "编号,n,day\na,10,2026-01-01\n", '{"kind": "incremental"}')
    feed(source, secrets={"password": "pass-1234"})
    for _ in range(2):
        assert exchange.pull("water-permits", by=SYSTEM).trouble is None
    exchange.work_off()
    assert [(each.name, each.kind, each.state) for each in exchange.deliveries()] == [
        ("b.csv", "incremental", "admitted"),
        ("a.csv", "full", "admitted"),
    ]
    feed(source, secrets={"password": "wrong-1234"})
    found = exchange.pull("water-permits", by=SYSTEM).trouble
    assert found is not None
    assert found["what"] == "The server refuses the log-in."
    assert "wrong-1234" not in str(found)


def test_an_sftp_server_with_another_key_or_at_another_address_is_not_spoken_to(exchange: Exchange, feed, sftp) -> None:
    port, host_key, private = sftp
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    source = {"kind": "sftp", "host": "127.0.0.1", "port": port, "user": "bureau", "path": "/"}
    for more, what in (
        ({"host_key": other, "allow": ["127.0.0.1"]}, "does not show the key that is pinned"),
        ({"host_key": host_key}, "this machine itself"),
        ({"host_key": "ssh-ed25519 nonsense", "allow": ["127.0.0.1"]}, "host_key is no public key"),
    ):
        feed({**source, **more}, secrets={"private_key": private})
        found = exchange.pull("water-permits", by=SYSTEM).trouble
        assert found is not None
        assert what in found["what"]
    assert exchange.deliveries() == []


def test_a_bomb_over_sftp_is_stopped_as_one_that_is_uploaded(exchange: Exchange, feed, sftp, outbox: Path) -> None:
    port, host_key, private = sftp
    source = {"kind": "sftp", "host": "127.0.0.1", "port": port, "user": "bureau", "host_key": host_key, "path": "/",
              "pattern": "*.zip", "allow": ["127.0.0.1"]}  # fmt: skip
    with zipfile.ZipFile(outbox / "permits.zip", "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("permits.csv", "编号,n,day\n" + "\n" * 40_000_000)  # a thousandth of it is sent
    feed(source, secrets={"private_key": private})
    assert exchange.pull("water-permits", by=SYSTEM).trouble is None
    sent = exchange.receive("water-permits", outbox / "permits.zip", name="by-hand.zip", manifest=Manifest(), by=SYSTEM)
    exchange.work_off()
    pulled = next(each for each in exchange.deliveries() if each.name == "permits.zip")
    assert pulled.state == exchange.delivery(sent.id).state == "refused"
    assert pulled.problem is not None
    assert "1000 times its" in str(pulled.problem)
    feed({**source, "bytes_max": 1000}, secrets={"private_key": private})
    (outbox / "other.zip").write_bytes(bytes(2000))
    found = exchange.pull("water-permits", by=SYSTEM).trouble
    assert found is not None
    assert "2,000 bytes" in found["what"]
