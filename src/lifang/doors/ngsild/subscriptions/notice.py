"""Notifications: what a subscriber is told of some values, as far as its owner may read it at that moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import uuid4

import numpy as np

from lifang.app import OWNER, Asker, City
from lifang.core import NotFound, format_instant
from lifang.doors.ngsild.asked import GEOJSON, LD
from lifang.doors.ngsild.entities import make_entities
from lifang.doors.ngsild.facts import Facts
from lifang.doors.ngsild.names import urn
from lifang.doors.ngsild.projection import Projection
from lifang.doors.ngsild.roll import CLASSES, Roll
from lifang.doors.ngsild.subscriptions.model import Owner, Subscription
from lifang.doors.ngsild.subscriptions.news import News
from lifang.guard import Classification, Role, Subject

_HEARD = np.array([each is not Classification.RESTRICTED for each in CLASSES], np.bool_)


def subject_now(city: City, owner: Owner) -> Subject | None:
    """Return the owner with those roles of the subscription's making that are still held; ``None`` without any."""
    if owner.id == OWNER.id:
        return OWNER
    try:
        person = city.identity.person(owner.id)
    except NotFound:
        return None
    roles = frozenset(map(Role, owner.roles)) & person.roles
    return person.subject(roles=roles) if person.active and roles else None


def watched_streams(subscription: Subscription, roll: Roll) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Return, by datastream number, whether its values are watched."""
    rows = np.ones(len(roll), np.bool_)
    if subscription.selection.chosen:
        rows = np.logical_or.reduce([each.holds(roll) for each in subscription.selection.chosen])
    found: np.ndarray[Any, np.dtype[np.bool_]] = roll.stream_row >= 0
    found &= np.append(rows, False)[roll.stream_row]
    if subscription.watched:
        names = np.array([each in subscription.watched for each in roll.attributes], np.bool_)
        found &= np.append(names, False)[roll.stream_attribute]
    return found


def notification(
    projection: Projection, subscription: Subscription, subject: Subject, news: News
) -> Mapping[str, Any] | None:
    """Return what ``news`` (one value of a datastream) is told as, or ``None`` if nothing of it is to be told.

    What is not public is in the ledger before it is told.
    """
    city = projection.city
    asker = Asker(city, subject, subscription.owner.purpose)
    facts = _facts(projection, asker, subscription, news)
    numbers = news.numbers[news.numbers < len(facts.roll.stream_row)]
    numbers = numbers[facts.sight.streams[facts.roll.stream_class[numbers]]]
    rows = np.unique(facts.roll.stream_row[numbers]).astype(np.int64)
    rows = subscription.selection.among(facts, facts.seen(rows[rows >= 0]))
    made = make_entities(facts, rows, wanted=subscription.told, times=subscription.times)
    if not made.entities:
        return None
    asker.seen(*made.told, action="notify", detail={"subscription": subscription.id})
    data: Any = [subscription.shape.entity(each) for each in made.entities]
    if subscription.endpoint.accept == GEOJSON:
        data = {"type": "FeatureCollection", "features": data}
    body = {
        "id": urn("Notification", uuid4().hex),
        "type": "Notification",
        "subscriptionId": subscription.id,
        "notifiedAt": format_instant(city.clock.now()),
        "data": data,
    }
    return {**body, "@context": subscription.shape.context.written} if subscription.endpoint.accept == LD else body


def _facts(projection: Projection, asker: Asker, subscription: Subscription, news: News) -> Facts:
    facts = projection.facts(asker, news.override())
    if not subscription.endpoint.is_mqtt:
        return facts
    sight = facts.sight  # all who hear free topics may read what is shared, and no more
    return replace(facts, sight=replace(sight, things=sight.things & _HEARD, streams=sight.streams & _HEARD,
                                        devices=sight.devices & _HEARD))  # fmt: skip
