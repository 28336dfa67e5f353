"""Where files come from by themselves: a folder, an address, an SFTP server. Each gives a file once, whole."""

from __future__ import annotations

import asyncio
import fnmatch
import hashlib
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import asyncssh
import orjson

from lifang.core import BadInput, Denied, Problem, TooLarge, Unavailable
from lifang.exchange.model import Manifest
from lifang.exchange.sources import BYTES_MAX, FeedSpec, Folder, Http, Sftp
from lifang.outside import Web, hide, load_web, open_plain, permitted_addresses

MANIFEST = ".manifest.json"
_UNFINISHED = (".part", ".tmp", ".filepart", ".crdownload")
_MANIFEST_MAX = 10_000
_FILES_MAX = 10_000
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Arrived:
    """A file that came: where it lies, what it is called, what its sender declared of it."""

    path: Path
    name: str
    manifest: Manifest


Taken = Callable[[Arrived], None]


@dataclass(frozen=True)
class Look:
    """One look at a source: what was seen before, where to put files, and whether to stop."""

    spec: FeedSpec
    checkpoint: Mapping[str, Any]
    secrets: Mapping[str, str]
    city: Path
    scratch: Path
    stopping: Callable[[], bool]


def pull(look: Look, take: Taken) -> dict[str, Any]:
    """Return the checkpoint after handing every new file to ``take``; secrets are in no error."""
    try:
        match look.spec.source:
            case Folder() as folder:
                return _from_folder(folder, look, take)
            case Http() as web:
                return _from_web(web, look, take)
            case Sftp() as server:
                return _from_sftp(server, look, take)
            case _:
                return {}
    except Problem as problem:
        what, where = hide(problem.what, look.secrets), hide(problem.where, look.secrets)
        raise type(problem)(what, where=where, mend=problem.mend) from problem


def _from_folder(source: Folder, look: Look, take: Taken) -> dict[str, Any]:
    folder = look.city / source.path
    if not folder.is_dir():
        raise Unavailable(
            f"There is no folder {source.path!r}.", where=source.path, mend="Make it, or correct the path."
        )
    seen: dict[str, Any] = {}
    for path in sorted(folder.iterdir())[:_FILES_MAX]:
        if not _wanted(path.name, source.pattern) or path.is_symlink() or not path.is_file():
            continue
        told = path.stat()
        mark = [told.st_size, told.st_mtime_ns]
        if look.checkpoint.get("seen", {}).get(path.name) == mark:
            seen[path.name] = mark
        elif time.time() - told.st_mtime >= source.settled_s and not look.stopping():
            beside = path.with_name(path.name + MANIFEST)
            take(Arrived(path, path.name, _manifest(beside.read_bytes() if beside.is_file() else b"", beside.name)))
            seen[path.name] = mark
    return {"seen": seen}


def _from_web(source: Http, look: Look, take: Taken) -> dict[str, Any]:
    web = Web(
        url=_filled(source.url, look.secrets, quoted=True),
        headers={name: _filled(value, look.secrets, quoted=False) for name, value in source.headers.items()},
        allow=source.allow,
        ports=source.ports,
        bytes_max=source.bytes_max,
    )
    kept = {str(name): str(value) for name, value in look.checkpoint.items()}
    loaded = load_web(web, kept, timeout_s=look.spec.timeout_s, stopping=look.stopping)
    if loaded is None or kept.get("digest") == loaded.digest:
        return dict(kept)
    path = look.scratch / "fetched"
    path.write_bytes(loaded.body)
    name = loaded.name.split("?")[0].rstrip("/").rpartition("/")[2] or "delivery"
    take(Arrived(path, name, Manifest(kind=source.delivers)))
    return {**loaded.checkpoint, "digest": loaded.digest}


def _from_sftp(source: Sftp, look: Look, take: Taken) -> dict[str, Any]:
    try:
        return asyncio.run(asyncio.wait_for(_over_sftp(source, look, take), look.spec.timeout_s))
    except TimeoutError as error:
        raise Unavailable(f"The server took longer than {look.spec.timeout_s:g} s.", where=source.host) from error
    except asyncssh.HostKeyNotVerifiable as error:
        mend = "Ask its owner whether the key was changed; if so, pin the new one in host_key."
        raise Denied("The server does not show the key that is pinned.", where=source.host, mend=mend) from error
    except asyncssh.PermissionDenied as error:
        raise Denied("The server refuses the log-in.", where=source.host, mend="Check user and secret.") from error
    except (asyncssh.Error, OSError) as error:
        if isinstance(error, Problem):
            raise
        raise Unavailable(f"The server did not answer as it should: {error}.", where=source.host) from error


async def _over_sftp(source: Sftp, look: Look, take: Taken) -> dict[str, Any]:
    address = permitted_addresses(source.host, source.port, source.networks)[0]
    options: dict[str, Any] = {"username": source.user, "config": None, "agent_path": None, "client_keys": None}
    if "private_key" in look.secrets:
        options["client_keys"] = [_private(look.secrets["private_key"])]
    if "password" in look.secrets:
        options["password"] = look.secrets["password"]
    options["known_hosts"] = ([_public(source.host_key)], [], [])
    seen: dict[str, Any] = {}
    async with asyncssh.connect(address, source.port, **options) as link, link.start_sftp_client() as client:
        names = {str(each.filename): each.attrs for each in await client.readdir(source.path)}
        for name, attrs in sorted(names.items())[:_FILES_MAX]:
            if not _wanted(name, source.pattern) or attrs.type != asyncssh.FILEXFER_TYPE_REGULAR or "/" in name:
                continue
            mark = [attrs.size, attrs.mtime]
            if look.checkpoint.get("seen", {}).get(name) != mark:
                if (attrs.size or 0) > source.bytes_max:
                    raise TooLarge(f"{name} has {attrs.size:,} bytes.", where=name, mend="Cut it, or raise bytes_max.")
                declared = await _small(client, f"{source.path}/{name}{MANIFEST}") if name + MANIFEST in names else b""
                path = look.scratch / hashlib.sha256(name.encode()).hexdigest()
                await _fetch(client, f"{source.path}/{name}", path, source.bytes_max)
                await asyncio.to_thread(take, Arrived(path, name, _manifest(declared, name + MANIFEST)))
                path.unlink()
            seen[name] = mark
    return {"seen": seen}


async def _fetch(client: asyncssh.SFTPClient, remote: str, path: Path, bytes_max: int) -> None:
    size = 0
    async with client.open(remote, "rb") as stream:
        with path.open("wb") as sink:
            while chunk := await stream.read(_CHUNK):
                size += len(chunk)
                if size > bytes_max:
                    raise TooLarge(f"The file is larger than {bytes_max:,} bytes.", where=remote, mend="Cut it.")
                sink.write(_bytes(chunk))


async def _small(client: asyncssh.SFTPClient, remote: str) -> bytes:
    async with client.open(remote, "rb") as stream:
        return _bytes(await stream.read(_MANIFEST_MAX))


def _bytes(read: str | bytes) -> bytes:
    return read.encode() if isinstance(read, str) else read


def _private(text: str) -> asyncssh.SSHKey:
    try:
        return asyncssh.import_private_key(text)
    except asyncssh.KeyImportError as error:
        raise BadInput(
            "The secret private_key is no private key.", where="private_key", mend="Give it anew."
        ) from error


def _public(text: str) -> asyncssh.SSHKey:
    try:
        return asyncssh.import_public_key(text)
    except asyncssh.KeyImportError as error:
        mend = "Copy it from the server's /etc/ssh/ssh_host_ed25519_key.pub."
        raise BadInput("host_key is no public key.", where="source.host_key", mend=mend) from error


def _wanted(name: str, pattern: str) -> bool:
    hidden = name.startswith(".") or name.endswith(_UNFINISHED) or name.endswith(MANIFEST)
    return not hidden and fnmatch.fnmatchcase(name, pattern)


def _manifest(content: bytes, where: str) -> Manifest:
    if not content:
        return Manifest()
    try:
        return Manifest.from_mapping(orjson.loads(content[:_MANIFEST_MAX]))
    except orjson.JSONDecodeError as error:
        raise BadInput("The manifest is not JSON.", where=where, mend="Correct it, or leave it out.") from error


def _filled(text: str, secrets: Mapping[str, str], *, quoted: bool) -> str:
    for name, value in secrets.items():
        text = text.replace(f"${{{name}}}", quote(value, safe="") if quoted else value)
    return text


@contextmanager
def plain(path: Path) -> Iterator[Any]:
    """Yield a stream of a plain file, which nobody may write to meanwhile; ``Unavailable`` if somebody did."""
    opened = open_plain(path, bytes_max=BYTES_MAX)
    with opened.stream as stream:
        yield stream
        if opened.changed():
            raise Unavailable(
                f"{opened.name} is being written.", where=opened.name, mend="It is tried again by itself."
            )
