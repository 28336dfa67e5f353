"""Topics of the twin as an asker may see them."""

from __future__ import annotations

from dataclasses import replace
from typing import IO
from uuid import uuid4

from lifang.app.asking.asker import Asker
from lifang.core import NotFound
from lifang.guard import Action, Classification
from lifang.twin import Topic, Viewpoint, read_bcf, write_bcf


class TopicView:
    """Reads and keeps topics for an asker."""

    def __init__(self, asker: Asker) -> None:
        self._asker = asker
        self._topics = asker.city.twin.topics

    def all(self) -> list[Topic]:
        """Return the topics that the asker may know, the newest first."""
        classes = self._asker.classes(Action.READ, "object")
        found = [each for each in self._topics.all() if each.classification in classes]
        self._asker.seen(*(each.resource for each in found))
        return found

    def get(self, guid: str) -> Topic:
        """Return a topic that the asker may know, or ``NotFound``."""
        for each in self.all():
            if each.guid == guid:
                return each
        raise NotFound(f"There is no topic {guid[:64]!r}.", mend="List them: GET /api/v1/twin/topics.")

    def add(
        self,
        title: str,
        description: str,
        view: Viewpoint,
        *,
        picture: bytes | None,
        link: str,
        classification: Classification,
    ) -> Topic:
        """Return a new topic of the asker, kept."""
        subject, now = self._asker.subject, self._asker.city.clock.now()
        topic = Topic(
            str(uuid4()), title, description, subject.id, now, view=view, link=link, classification=classification
        )
        return self._topics.put([(topic, picture)], by=subject)[0]

    def settle(self, guid: str, status: str) -> Topic:
        """Return a topic that the asker may know, with another status."""
        return self._topics.settle(self.get(guid), status, by=self._asker.subject)

    def picture(self, guid: str) -> bytes:
        """Return the picture of a topic, PNG, or ``NotFound``."""
        found = self._topics.picture(self.get(guid))
        if found is None:
            raise NotFound("The topic has no picture.", mend="Look at it in the twin.")
        return found

    def write_bcf(self, target: IO[bytes]) -> None:
        """Write the topics that the asker may know as BCF 2.1."""
        write_bcf(target, self.all(), self._topics.picture)

    def read_bcf(self, stream: IO[bytes], *, crs: str, classification: Classification) -> list[Topic]:
        """Return the topics of a BCF file, kept in place of those of the same GUID."""
        found = [(replace(each, classification=classification), shot) for each, shot in read_bcf(stream, crs=crs)]
        return self._topics.put(found, by=self._asker.subject)
