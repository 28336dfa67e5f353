"""A subscription: what is watched, what is told of it, to whom and how often (CIM 009 clauses 5.2.12 to 5.2.15)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from lifang.core import BadInput, format_instant, parse_instant
from lifang.doors.ngsild.asked import GEOJSON, JSON, LD, selection_of_body
from lifang.doors.ngsild.context import CORE, Context, context_in
from lifang.doors.ngsild.names import check_uri, urn
from lifang.doors.ngsild.problems import NotSupported
from lifang.doors.ngsild.selection import Selection, names_in
from lifang.doors.ngsild.shapes import Form, Shape

KIND = "Subscription"
FORMS = {"normalized": Form.NORMALIZED, "concise": Form.CONCISE} | {
    "keyValues": Form.SIMPLIFIED,
    "simplified": Form.SIMPLIFIED,
}
TRIGGERS = frozenset({"entityCreated", "entityUpdated", "attributeCreated", "attributeUpdated"})
WATCHED = ("entities", "watchedAttributes", "q", "geoQ", "notificationTrigger")
_KNOWN = frozenset(
    {"id", "type", "subscriptionName", "description", *WATCHED, "isActive", "notification", "expiresAt", "throttling"}
    | {"lang", "@context"}
)
_TOLD_BACK = frozenset({"status", "createdAt", "modifiedAt", "jsonldContext"})  # what reading gives, and may come back
_UNOFFERED = frozenset({"csf", "scopeQ", "temporalQ", "timeInterval", "localOnly", "datasetId", "showChanges"})
_NOTIFICATION = frozenset({"attributes", "format", "endpoint", "sysAttrs", "pick"})
_NOTIFICATION_TOLD = frozenset({"status", "timesSent", "timesFailed", "lastNotification", "lastFailure", "lastSuccess"})
_ENDPOINT = frozenset({"uri", "accept", "timeout", "cooldown", "notifierInfo", "receiverInfo"})
_ATTRIBUTES_MAX = 200
_TEXT_MAX = 2000
_THROTTLING_MAX_S = 86_400 * 31


@dataclass(frozen=True)
class Endpoint:
    """Where notifications go: an HTTP or MQTT URI; ``headers`` go with each, ``timeout_s`` bounds one delivery."""

    uri: str
    accept: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    timeout_s: float = 5.0
    cooldown_s: float = 0.0

    @property
    def is_mqtt(self) -> bool:
        """Whether it is a topic of the city's broker."""
        return self.uri.startswith("mqtt")


@dataclass(frozen=True)
class Owner:
    """Whose a subscription is: a subject with the roles and the purpose it was made with."""

    id: str
    roles: tuple[str, ...] = ()
    purpose: str = ""


@dataclass(frozen=True)
class Subscription:
    """A subscription as it was ``written``, with what that means; see :func:`read_subscription`."""

    id: str
    owner: Owner
    written: Mapping[str, Any]
    selection: Selection
    watched: frozenset[str]
    told: frozenset[str] | None
    shape: Shape
    endpoint: Endpoint
    times: bool
    throttling_s: float
    expires: datetime | None
    is_active: bool
    created: datetime
    modified: datetime

    def is_expired(self, now: datetime) -> bool:
        """Return whether it ended by itself."""
        return self.expires is not None and self.expires <= now

    def status(self, now: datetime) -> str:
        """Return ``active``, ``paused`` or ``expired``."""
        return "expired" if self.is_expired(now) else "active" if self.is_active else "paused"

    def kept(self) -> dict[str, Any]:
        """Return what the registry keeps."""
        return {
            "owner": {"id": self.owner.id, "roles": list(self.owner.roles), "purpose": self.owner.purpose},
            "written": dict(self.written),
            "created": format_instant(self.created),
            "modified": format_instant(self.modified),
        }


def from_kept(value: Mapping[str, Any]) -> Subscription:
    """Return the subscription that the registry keeps."""
    owner = value["owner"]
    written = value["written"]
    context = context_in(written["@context"]) if "@context" in written else CORE
    found = read_subscription(
        written,
        context,
        owner=Owner(owner["id"], tuple(owner["roles"]), owner["purpose"]),
        now=parse_instant(value["created"]),
        again=True,
    )
    return replace(found, modified=parse_instant(value["modified"]))


def read_subscription(
    body: Mapping[str, Any], context: Context, *, owner: Owner, now: datetime, again: bool = False
) -> Subscription:
    """Return the subscription that a body describes; ``BadInput`` for what does not fit, ``NotSupported`` if unoffered.

    ``again`` reads one that was accepted before, whose end may have passed.
    """
    _check_members(body)
    identifier = check_uri(_text(body, "id"), where="id") if "id" in body else urn(KIND, uuid4().hex)
    notification = _object(body.get("notification"), "notification")
    _check_known(notification, _NOTIFICATION | _NOTIFICATION_TOLD, "notification")
    selection = selection_of_body(body, context)
    watched = _names(body.get("watchedAttributes"), context, "watchedAttributes")
    if not selection.chosen and not watched:
        raise BadInput(
            "Nothing says what is watched.", where="entities", mend="Give entities, watchedAttributes, or both."
        )
    expires = _moment(body, "expiresAt")
    if expires is not None and expires <= now and not again:
        raise BadInput("expiresAt has passed.", where="expiresAt", mend="Give a later one, or none.")
    endpoint = _endpoint(_object(notification.get("endpoint"), "notification.endpoint"))
    written = {name: value for name, value in body.items() if name not in _TOLD_BACK}
    written["notification"] = {name: each for name, each in notification.items() if name not in _NOTIFICATION_TOLD}
    told = notification.get("attributes", notification.get("pick"))
    form = _form(notification)
    return Subscription(
        identifier,
        owner,
        {**written, "id": identifier},
        selection,
        watched,
        _names(told, context, "notification.attributes") if told is not None else None,
        Shape(form, context, endpoint.accept == GEOJSON, language=str(body.get("lang", ""))),
        endpoint,
        _truth(notification, "sysAttrs", otherwise=False),
        _number(body, "throttling", _THROTTLING_MAX_S),
        expires,
        _truth(body, "isActive", otherwise=True),
        now,
        now,
    )


def changed(subscription: Subscription, body: Mapping[str, Any], context: Context, now: datetime) -> Subscription:
    """Return the subscription after a PATCH (clause 5.8.2): members given replace, null takes one away."""
    if "id" in body and body["id"] != subscription.id:
        raise BadInput("An id does not change.", where="id", mend="Leave it out.")
    merged = {**subscription.written, **body}
    if isinstance(body.get("notification"), dict):
        merged["notification"] = {**subscription.written["notification"], **body["notification"]}
    merged = {name: value for name, value in merged.items() if value is not None}
    given = context_in(merged["@context"]) if "@context" in merged else context
    found = read_subscription(merged, given, owner=subscription.owner, now=now)
    return replace(found, created=subscription.created)


def _check_members(body: Mapping[str, Any]) -> None:
    if body.get("type") != KIND:
        raise BadInput("The body is no Subscription.", where="type", mend='Write "type": "Subscription".')
    for name in sorted(_UNOFFERED & body.keys()):
        raise NotSupported(f"{name} is not offered.", where=name, mend="Leave it out.")
    _check_known(body, _KNOWN | _TOLD_BACK, "body")
    for name in ("subscriptionName", "description", "lang"):
        if name in body:
            _text(body, name)
    triggers = body.get("notificationTrigger", ["attributeUpdated"])
    if not isinstance(triggers, list) or not triggers or not all(isinstance(each, str) for each in triggers):
        raise BadInput("notificationTrigger is no list.", where="notificationTrigger", mend='["attributeUpdated"].')
    unknown = sorted(set(triggers) - TRIGGERS)
    if unknown:
        mend = f"Known: {', '.join(sorted(TRIGGERS))}."
        raise NotSupported(f"{unknown[0][:40]} tells nothing here.", where="notificationTrigger", mend=mend)


def _check_known(told: Mapping[str, Any], known: frozenset[str], where: str) -> None:
    for name in sorted(told.keys() - known):
        if name in _UNOFFERED:
            raise NotSupported(f"{name} is not offered.", where=where, mend="Leave it out.")
        raise BadInput(f"There is no member {name[:40]!r} in {where}.", where=where, mend="Leave it out.")


def _endpoint(told: Mapping[str, Any]) -> Endpoint:
    _check_known(told, _ENDPOINT, "notification.endpoint")
    where = "notification.endpoint"
    uri = check_uri(_text(told, "uri", where), where=f"{where}.uri")
    if urlsplit(uri).scheme not in {"http", "https", "mqtt", "mqtts"}:
        raise BadInput(
            "An endpoint is reached by HTTP or MQTT.", where=f"{where}.uri", mend="http(s):// or mqtt(s)://."
        )
    accept = told.get("accept", JSON)
    if accept not in {JSON, LD, GEOJSON}:
        raise BadInput(f"{str(accept)[:40]!r} is not made here.", where=f"{where}.accept", mend=f"{JSON} or {LD}.")
    headers = {}
    for each in _pairs(told.get("receiverInfo", []), f"{where}.receiverInfo"):
        headers[each[0]] = each[1]
    timeout = _number(told, "timeout", 60_000) / 1000 or 5.0  # milliseconds (clause 5.2.15)
    cooldown = _number(told, "cooldown", 3_600_000) / 1000
    return Endpoint(uri, accept, headers, timeout, cooldown)


def _pairs(told: Any, where: str) -> list[tuple[str, str]]:
    fits = isinstance(told, list) and len(told) <= 20 and all(isinstance(each, dict) for each in told)
    pairs = [(each.get("key"), each.get("value")) for each in told] if fits else [(None, None)]
    if not all(isinstance(key, str) and isinstance(value, str) for key, value in pairs):
        raise BadInput(f"{where} is no list of pairs.", where=where, mend='Write [{"key": "…", "value": "…"}].')
    return [(str(key), str(value)) for key, value in pairs]


def _form(notification: Mapping[str, Any]) -> Form:
    named = notification.get("format", "normalized")
    if named not in FORMS:
        mend = f"{', '.join(FORMS)}."
        raise BadInput(f"There is no format {str(named)[:40]!r}.", where="notification.format", mend=mend)
    return FORMS[named]


def _names(told: Any, context: Context, where: str) -> frozenset[str]:
    if told is None:
        return frozenset()
    fits = isinstance(told, list) and 0 < len(told) <= _ATTRIBUTES_MAX and all(isinstance(each, str) for each in told)
    if not fits:
        raise BadInput(f"{where} is no list of names.", where=where, mend='Write ["PM2_5"].')
    return names_in(told, context, where=where)


def _object(told: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(told, dict):
        raise BadInput(f"{where} is missing, or no object.", where=where, mend="Write it in { }.")
    return told


def _text(told: Mapping[str, Any], name: str, where: str = "") -> str:
    value = told.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= _TEXT_MAX:
        raise BadInput(f"{name} is no text of 1 to {_TEXT_MAX} signs.", where=where or name, mend="Write it in quotes.")
    return value


def _moment(told: Mapping[str, Any], name: str) -> datetime | None:
    if name not in told:
        return None
    try:
        return parse_instant(_text(told, name))
    except BadInput as error:
        raise BadInput(error.what, where=name, mend=error.mend) from error


def _number(told: Mapping[str, Any], name: str, most: float) -> float:
    value = told.get(name, 0)
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not is_number or not 0 <= value <= most:
        raise BadInput(f"{name} is no number from 0 to {most:,}.", where=name, mend="Write a number.")
    return float(value)


def _truth(told: Mapping[str, Any], name: str, *, otherwise: bool) -> bool:
    value = told.get(name, otherwise)
    if not isinstance(value, bool):
        raise BadInput(f"{name} is neither true nor false.", where=name, mend="Write true or false.")
    return value
