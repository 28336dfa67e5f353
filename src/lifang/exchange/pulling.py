"""Where files come from by themselves: a folder, an address, an SFTP server. Each gives a file once, whole."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from lifang.core import Problem, Unavailable
from lifang.exchange.arriving import FILES_MAX, MANIFEST, Arrived, Look, Taken, is_wanted, read_manifest
from lifang.exchange.model import Manifest
from lifang.exchange.sources import BYTES_MAX, Folder, Http, Sftp
from lifang.outside import Web, hide, load_web, open_plain


def pull(look: Look, take: Taken) -> dict[str, Any]:
    """Return the checkpoint after handing every new file to ``take``; secrets are in no error."""
    try:
        match look.spec.source:
            case Folder() as folder:
                return _from_folder(folder, look, take)
            case Http() as web:
                return _from_web(web, look, take)
            case Sftp() as server:
                from lifang.exchange.sftp import look_over_sftp  # noqa: PLC0415 - it takes long to load

                return look_over_sftp(server, look, take)
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
    for path in sorted(folder.iterdir())[:FILES_MAX]:
        if not is_wanted(path.name, source.pattern) or path.is_symlink() or not path.is_file():
            continue
        told = path.stat()
        mark = [told.st_size, told.st_mtime_ns]
        if look.checkpoint.get("seen", {}).get(path.name) == mark:
            seen[path.name] = mark
        elif time.time() - told.st_mtime >= source.settled_s and not look.stopping():
            beside = path.with_name(path.name + MANIFEST)
            take(Arrived(path, path.name, read_manifest(beside.read_bytes() if beside.is_file() else b"", beside.name)))
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
