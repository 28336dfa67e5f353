"""Topics of an outside MQTT broker, each message a record."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Self

import orjson
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from pydantic import Field, model_validator

from lifang.core import BadInput, Denied, Unavailable, to_micros
from lifang.outside import Guarded, permitted_addresses
from lifang.sensing.connectors.mapping import Issue, Part, Record
from lifang.sensing.connectors.running.model import ConnectorSpec, Context, Portion

_BATCH = 1000
_IDLE_S, _DRAIN_S, _BEAT_S = 0.25, 0.005, 5.0
_CONNECT_S = 15.0
_LEVEL = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_REFUSED_LOGIN = frozenset({134, 135, 138, 140})  # MQTT 5 §3.2.2.2: bad password, not authorized, banned, bad method


class Topic(Part):
    """Keys of ``[[source.topics]]``."""

    filter: str = Field(
        min_length=1, max_length=512, description="A topic with `+`, `#` or named levels: `site/{site}/temp`."
    )
    qos: Literal[0, 1] = Field(1, description="1: the broker keeps what was not taken; 0: it does not.")

    @property
    def subscription(self) -> str:
        """The filter as the broker knows it."""
        return "/".join("+" if _LEVEL.fullmatch(level) else level for level in self.filter.split("/"))

    @property
    def names(self) -> dict[str, int]:
        """The place of each named level."""
        levels = enumerate(self.filter.split("/"))
        return {match[1]: place for place, level in levels if (match := _LEVEL.fullmatch(level))}

    @model_validator(mode="after")
    def _check(self) -> Self:
        levels = self.subscription.split("/")
        odd = [level for place, level in enumerate(levels)
               if ("#" in level and (level != "#" or place != len(levels) - 1)) or ("+" in level and level != "+")
               or "{" in level or not level.isprintable()]  # fmt: skip
        if odd:
            raise BadInput(
                f"{self.filter[:80]!r} is no topic filter.",
                mend="`+` and `{name}` stand for a whole level, `#` for all that follow, at the end.",
            )
        return self


class Options(Guarded):
    """Keys of ``[source]``."""

    host: str = Field(min_length=1, max_length=253, description="The broker's name or address.")
    port: int = Field(1883, ge=1, le=65_535, description="Its port; 8883 is usual with TLS.")
    tls: bool = Field(False, description="Whether to speak TLS; the certificate must be that of `host`.")
    username: str = Field("", description="Whom to log in as.")
    password: str = Field("", description="Written `${password}`.")
    client_id: str = Field("", max_length=128, description="The session's name; `lifang-<connector>` if not given.")
    keepalive_s: int = Field(60, ge=5, le=3600, description="After so many silent seconds the broker is asked.")
    topics: list[Topic] = Field(min_length=1, max_length=100, description="What to subscribe to.")
    payload: Literal["json", "number", "text"] = Field("json", description="How a message is read.")
    bytes_max: int = Field(1_000_000, ge=1, le=100_000_000, description="How many bytes a message may have.")


spec = ConnectorSpec(
    id="mqtt_map",
    zh="MQTT 主题映射",
    en="MQTT topics",
    says=(
        "订阅外部 MQTT 服务器的主题，按层级名和负载路径映射到数据流；"
        "QoS 1 的消息在数据落盘后才确认，断线或重启期间由服务器保留。",
        "Subscribes to topics of an outside broker and maps levels and payloads to datastreams. A QoS 1 message is "
        "acknowledged only when its values are on disk; the broker keeps what comes meanwhile.",
    ),
    options=Options,
    citation="MQTT Version 3.1.1 (OASIS), §4.3 quality of service, §4.7 topic filters",
    paths=True,
    continuous=True,
    reads=("broker",),
    fields={
        "topic": "the whole topic",
        "levels[0]": "a level of it",
        "<name>": "a named level of the filter",
        "payload": "the message: a number, a text, or JSON to go into: payload.temp",
        "retained": "whether the broker had kept it",
    },
    example="""\
kind = "mqtt_map"
zh = "园区传感器"
en = "Campus sensors"
zone = "Asia/Shanghai"
classification = "open"

[source]
host = "broker.example"
port = 1883
username = "city"
password = "${password}"
payload = "json"

[[source.topics]]
filter = "site/{site}/{metric}"

[time]
field = "payload.at"
format = "unix_s"

[thing]
id = "site-{site}"
kind = "sensor"
lon = "payload.lon"
lat = "payload.lat"

[[values]]
field = "payload.v"
code = "temp"
when = { metric = "temp" }
zh = "气温"
en = "Air temperature"
unit = "Cel"

[[values]]
field = "payload.v"
code = "noise"
when = { metric = "noise" }
zh = "噪声"
en = "Noise"
unit = "dB"
""",
)


@dataclass
class _Inbox:
    """What came in since it was last emptied; filled and emptied by the one thread that runs the client."""

    messages: list[paho.MQTTMessage] = field(default_factory=list)
    connected: bool = False
    subscribed: int = 0
    trouble: Exception | None = None
    ended: bool = False


def pull(options: Options, checkpoint: Mapping[str, Any], context: Context) -> Iterator[Portion]:
    """Yield messages as they come, until told to stop; ``Unavailable`` when the broker is lost."""
    del checkpoint  # the broker keeps where this session stopped
    inbox = _Inbox()
    where = f"{options.host}:{options.port}"
    client = _connected(options, inbox, context, where)
    beat = time.monotonic()
    try:
        yield Portion(where)
        while not context.stopping() and context.left_s > 0:
            _loop(client, inbox, _IDLE_S, where)
            while inbox.messages and len(inbox.messages) < _BATCH:
                before = len(inbox.messages)
                _loop(client, inbox, _DRAIN_S, where)
                if len(inbox.messages) == before:
                    break
            taken, inbox.messages = inbox.messages, []
            if taken or time.monotonic() - beat >= _BEAT_S:
                beat = time.monotonic()
                yield _portion(taken, options, context, _acknowledger(client, taken, trial=context.trial), where)
    finally:
        client.disconnect()
        client.loop(timeout=_DRAIN_S)


def _connected(options: Options, inbox: _Inbox, context: Context, where: str) -> paho.Client:
    """Return a client that is connected and subscribed; in a trial its session leaves no trace."""
    name = options.client_id or f"lifang-{context.id}"
    client = paho.Client(
        CallbackAPIVersion.VERSION2,
        client_id="" if context.trial else name,
        clean_session=context.trial,
        manual_ack=True,
        reconnect_on_failure=False,
    )
    if options.username:
        client.username_pw_set(options.username, options.password or None)
    address = permitted_addresses(options.host, options.port, options.networks)[0]
    if options.tls:
        client.tls_set()
        address = options.host  # the certificate binds the name: who answers elsewhere cannot show it
    _listen(client, options, inbox, where)
    try:
        client.connect(address, options.port, keepalive=options.keepalive_s)
    except OSError as error:
        raise Unavailable(f"The broker does not answer: {error}.", where=where, mend="It is tried again.") from error
    deadline = time.monotonic() + _CONNECT_S
    while inbox.subscribed < len(options.topics):
        if time.monotonic() > deadline or context.stopping():
            raise Unavailable(
                "The broker did not take the subscriptions in time.", where=where, mend="Look at its log."
            )
        _loop(client, inbox, 0.1, where)
    return client


def _listen(client: paho.Client, options: Options, inbox: _Inbox, where: str) -> None:
    def on_connect(_client: Any, _data: Any, _flags: Any, reason: Any, _more: Any) -> None:
        if reason.is_failure:
            kind = Denied if reason.value in _REFUSED_LOGIN else Unavailable
            inbox.trouble = kind(f"The broker refuses: {reason}.", where=where, mend="Check username and password.")
            return
        inbox.connected = True
        client.subscribe([(each.subscription, int(each.qos)) for each in options.topics])

    def on_subscribe(_client: Any, _data: Any, _mid: Any, reasons: Sequence[Any], _more: Any) -> None:
        refused = [topic.filter for topic, reason in zip(options.topics, reasons, strict=False) if reason.is_failure]
        if refused:
            inbox.trouble = Denied(
                f"The broker refuses {refused[0]!r}.", where=where, mend="Ask its owner for the right to subscribe."
            )
        inbox.subscribed += len(reasons)

    def on_message(_client: Any, _data: Any, message: paho.MQTTMessage) -> None:
        inbox.messages.append(message)

    def on_disconnect(*_: Any) -> None:
        inbox.ended = True

    client.on_connect, client.on_subscribe = on_connect, on_subscribe
    client.on_message, client.on_disconnect = on_message, on_disconnect


def _loop(client: paho.Client, inbox: _Inbox, timeout_s: float, where: str) -> None:
    told = client.loop(timeout=timeout_s)
    if inbox.trouble is not None:
        raise inbox.trouble
    if inbox.ended or told is not MQTTErrorCode.MQTT_ERR_SUCCESS:
        raise Unavailable(f"The broker is lost: {told.name}.", where=where, mend="It is tried again by itself.")


def _acknowledger(client: paho.Client, taken: Sequence[paho.MQTTMessage], *, trial: bool) -> Callable[[], None]:
    def acknowledge() -> None:
        for message in taken:
            if message.qos and not trial:
                client.ack(message.mid, message.qos)

    return acknowledge


def _portion(
    taken: Sequence[paho.MQTTMessage],
    options: Options,
    context: Context,
    acknowledge: Callable[[], None],
    where: str,
) -> Portion:
    received = to_micros(context.clock.now())
    records, issues = [], []
    for row, message in enumerate(taken, start=1):
        try:
            records.append(Record(row, _fields(message, options), received))
        except ValueError as error:
            shown = message.payload[:100].decode("utf-8", errors="replace")
            issues.append(Issue(message.topic[:200], 0, "payload", shown, "payload", f"{error} See `payload`."))
    return Portion(where, records=records, issues=issues, acknowledge=acknowledge)


def _fields(message: paho.MQTTMessage, options: Options) -> dict[str, Any]:
    levels = message.topic.split("/")
    named: dict[str, Any] = {}
    for topic in options.topics:
        if topic.names and paho.topic_matches_sub(topic.subscription, message.topic):
            named |= {name: levels[place] for name, place in topic.names.items()}
    payload = _payload(bytes(message.payload), options)
    return {**named, "topic": message.topic, "levels": levels, "payload": payload, "retained": message.retain}


def _payload(sent: bytes, options: Options) -> Any:
    if len(sent) > options.bytes_max:
        raise ValueError(f"The message has {len(sent):,} bytes.")
    if options.payload == "json":
        return orjson.loads(sent)
    text = sent.decode()
    return float(text) if options.payload == "number" else text
