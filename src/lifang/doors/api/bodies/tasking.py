"""The bodies of commands and of what can be commanded."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from lifang.doors.api.bodies.kinds import Asked, Json, Name, Said

Id = Annotated[str, Field(min_length=1, max_length=128)]
Given = Annotated[dict[str, Any], Field(default_factory=dict)]
Note = Annotated[str, Field(max_length=2000)]
State = Literal["created", "accepted", "sent", "acknowledged", "done", "failed", "expired", "cancelled", "refused"]


class CapabilityBody(Said):
    """What an actuator can be told (TaskingCapability): a SWE Common record, and the limits of what is safe."""

    id: str
    number: int
    actuator: str
    thing: str
    name: Name
    description: str
    parameters: Json
    limits: Json
    properties: Json


class CapabilityPage(Said):
    """Tasking capabilities, by number."""

    items: list[CapabilityBody]
    next: str | None


class ActuatorBody(Said):
    """What acts on a thing, and what it can be told."""

    id: str
    number: int
    thing: str
    name: Name
    description: str
    encoding: str
    metadata: Json
    classification: str
    properties: Json
    capabilities: list[CapabilityBody]


class ActuatorPage(Said):
    """Actuators, by number."""

    items: list[ActuatorBody]
    next: str | None


class NewActuator(Asked):
    """An actuator to register."""

    id: Id
    thing: Id
    zh: Annotated[str, Field(max_length=200)]
    en: Annotated[str, Field(max_length=200)]
    description: Note = ""
    metadata: Given
    classification: Literal["open", "shared", "restricted"] = "open"
    properties: Given


class NewCapability(Asked):
    """A tasking capability to register."""

    id: Id
    actuator: Id
    thing: Id
    zh: Annotated[str, Field(max_length=200)]
    en: Annotated[str, Field(max_length=200)]
    parameters: dict[str, Any]
    limits: Given
    description: Note = ""
    properties: Given


class NewTasking(Asked):
    """Actuators and capabilities to register together."""

    actuators: Annotated[list[NewActuator], Field(max_length=10_000, default_factory=list)]
    capabilities: Annotated[list[NewCapability], Field(max_length=10_000, default_factory=list)]


class Registered(Said):
    """How many records were added or changed."""

    changed: int


class NewCommand(Asked):
    """A command: to which capability, with which parameters; refused once ``deadline`` (ISO 8601) has passed.

    ``expect`` maps a datastream to the value, or {value, tolerance, time}, that the command rests on. The same
    ``key`` is the same command.
    """

    capability: Id
    parameters: dict[str, Any]
    deadline: Annotated[str, Field(max_length=64)] | None = None
    expect: Given
    key: Annotated[str, Field(max_length=128)] = ""


class Reason(Said):
    """Why a command was refused: the rule that spoke, and what it says."""

    rule: str
    text: Name


class Step(Said):
    """One step of a command: which state, when, by whom."""

    state: str
    moment: str
    by: str
    note: str


class CommandBody(Said):
    """A command with every step of its life."""

    id: str
    task: int
    device: str
    queue: str
    capability: str
    parameters: Json
    expect: Json
    state: State
    state_name: Name
    by: str
    created: str
    deadline: str
    sent: str | None
    finished: str | None
    reason: Reason | None
    result: Json | None
    history: list[Step]


class CommandPage(Said):
    """Commands, newest first."""

    items: list[CommandBody]
    next: str | None


class CommandMessage(Said):
    """What a device is told: do this once, known by its id, and not after its deadline."""

    id: str
    task: int
    device: str
    capability: str
    parameters: Json
    created: str
    deadline: str


class CommandMessages(Said):
    """What a device is still to do, oldest first."""

    items: list[CommandMessage]


class Answer(Asked):
    """What a device says to a command."""

    state: Literal["acknowledged", "done", "failed"]
    note: Note = ""
    result: dict[str, Any] | None = None


class NewDeviceToken(Asked):
    """A device token to issue; it ends at ``expires`` (ISO 8601), if given."""

    label: Annotated[str, Field(min_length=1, max_length=100)]
    expires: Annotated[str, Field(max_length=64)] | None = None


class DeviceTokenBody(Said):
    """A device's token; its ``secret`` is told once, when it is issued."""

    id: str
    device: str
    label: str
    created: str
    expires: str | None
    revoked: str | None
    secret: str | None = None


class DeviceTokenPage(Said):
    """The tokens of a device."""

    items: list[DeviceTokenBody]
    next: str | None
