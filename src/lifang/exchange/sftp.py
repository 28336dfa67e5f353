"""Files that an SFTP server offers: its key is pinned, its address is one that the city may reach."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path
from typing import Any

import asyncssh

from lifang.core import BadInput, Denied, Problem, TooLarge, Unavailable
from lifang.exchange.arriving import FILES_MAX, MANIFEST, MANIFEST_MAX, Arrived, Look, Taken, is_wanted, read_manifest
from lifang.exchange.sources import Sftp
from lifang.outside import permitted_addresses

_CHUNK = 1 << 20


def look_over_sftp(source: Sftp, look: Look, take: Taken) -> dict[str, Any]:
    """Return the checkpoint after handing every new file to ``take``."""
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
        for name, attrs in sorted(names.items())[:FILES_MAX]:
            if not is_wanted(name, source.pattern) or attrs.type != asyncssh.FILEXFER_TYPE_REGULAR or "/" in name:
                continue
            mark = [attrs.size, attrs.mtime]
            if look.checkpoint.get("seen", {}).get(name) != mark:
                if (attrs.size or 0) > source.bytes_max:
                    raise TooLarge(f"{name} has {attrs.size:,} bytes.", where=name, mend="Cut it, or raise bytes_max.")
                declared = await _small(client, f"{source.path}/{name}{MANIFEST}") if name + MANIFEST in names else b""
                path = look.scratch / hashlib.sha256(name.encode()).hexdigest()
                await _fetch(client, f"{source.path}/{name}", path, source.bytes_max)
                await asyncio.to_thread(take, Arrived(path, name, read_manifest(declared, name + MANIFEST)))
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
        return _bytes(await stream.read(MANIFEST_MAX))


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
