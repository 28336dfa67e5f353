"""The topics of one city, kept with their pictures."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from lifang.core import BadInput, TooLarge
from lifang.guard import Action, Subject, require
from lifang.store import Entry, Store, change_setting, read_setting
from lifang.twin.topics.model import STATUSES, Topic
from lifang.twin.topics.reading import PNG

_KEY, _TOPICS_MAX, PICTURE_MAX = "twin:topics", 5_000, 10_000_000


class Topics:
    """What was said about places in one city's twin."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def put(self, topics: Sequence[tuple[Topic, bytes | None]], *, by: Subject) -> list[Topic]:
        """Return the topics, kept with their pictures in place of those of the same GUID; all or none."""
        for topic, _ in topics:
            require(by, Action.ADMIT, topic.resource)
        with self._store.blobs.lock:
            kept = [
                replace(each, snapshot=None if picture is None else self._picture(picture)) for each, picture in topics
            ]

            def changed(held: dict[str, Any] | None) -> dict[str, Any]:
                told = {**(held or {}), **{each.guid: each.as_json() for each in kept}}
                if len(told) > _TOPICS_MAX:
                    raise TooLarge(f"More than {_TOPICS_MAX:,} topics are kept.", mend="Send fewer.")
                return told

            self._change(changed, by, [each.guid for each in kept])
        return kept

    def settle(self, topic: Topic, status: str, *, by: Subject) -> Topic:
        """Return the topic with another status."""
        require(by, Action.ADMIT, topic.resource)
        if status not in STATUSES:
            raise BadInput(f"{status[:40]!r} is no status.", where="status", mend=f"Use {', '.join(STATUSES)}.")
        settled = replace(topic, status=status)
        self._change(lambda held: {**(held or {}), topic.guid: settled.as_json()}, by, [topic.guid], status=status)
        return settled

    def all(self) -> list[Topic]:
        """Return every topic, the newest first."""
        found = [Topic.from_json(each) for each in (read_setting(self._store, _KEY) or {}).values()]
        return sorted(found, key=lambda each: (each.created, each.guid), reverse=True)

    def picture(self, topic: Topic) -> bytes | None:
        """Return the picture of a topic, PNG, if it has one."""
        if topic.snapshot is None:
            return None
        with self._store.blobs.open(topic.snapshot) as stream:
            return stream.read()

    def needing(self, sha256: str) -> str:
        """Return which topic, ``topic:GUID``, has the picture of a hash, or ``""``."""
        return next((f"topic:{each.guid}" for each in self.all() if each.snapshot == sha256), "")

    def _picture(self, picture: bytes) -> str:
        if not picture.startswith(PNG):
            raise BadInput("The picture is no PNG.", where="snapshot", mend="Send it as PNG.")
        return self._store.blobs.put(io.BytesIO(picture), max_bytes=PICTURE_MAX).sha256

    def _change(self, change: Any, by: Subject, guids: Sequence[str], **detail: str) -> None:
        entry = Entry(by.id, Action.ADMIT.value, f"topic:{guids[0]}", detail={"topics": len(guids), **detail})
        change_setting(self._store, _KEY, change, entry=entry)
