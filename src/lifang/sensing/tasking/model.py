"""What can be told to do something, what it can be told, and one telling of it.

Source: OGC 17-079r1 (SensorThings API Part 2: Tasking Core): Actuator, TaskingCapability, Task.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from lifang.core import format_instant
from lifang.guard import Classification, Resource
from lifang.sensing.model import UNNUMBERED, check_id
from lifang.sensing.tasking.limits import Refusal, check_limits
from lifang.sensing.tasking.machine import STATE_NAMES, CommandState
from lifang.sensing.tasking.swe import check_record
from lifang.store import Row


@dataclass(frozen=True)
class Actuator:
    """What acts: a lamp's driver, a pump, a sign, on the ``thing`` it belongs to (17-079r1, clause 8.2.2)."""

    id: str
    thing: str
    zh: str
    en: str
    description: str = ""
    encoding: str = "application/json"
    metadata: Mapping[str, Any] = field(default_factory=dict)
    classification: Classification = Classification.OPEN
    properties: Mapping[str, Any] = field(default_factory=dict)
    number: int = UNNUMBERED

    def __post_init__(self) -> None:
        check_id(self.id, what="actuator")

    @property
    def resource(self) -> Resource:
        """What the guard is asked about."""
        return Resource("actuator", self.id, self.classification)

    @classmethod
    def from_row(cls, row: Row) -> Actuator:
        """Return the actuator in a registry row."""
        kept = {name: value for name, value in row.items() if name != "created"}
        return cls(**{**kept, "classification": Classification(row["classification"])})


@dataclass(frozen=True)
class Capability:
    """What an actuator can be told: ``parameters`` is a SWE Common DataRecord, ``limits`` what is safe.

    Source: TaskingCapability, 17-079r1, clause 8.2.1. See :func:`check_limits` for the limits.
    """

    id: str
    actuator: str
    thing: str
    zh: str
    en: str
    parameters: Mapping[str, Any]
    limits: Mapping[str, Any] = field(default_factory=dict)
    description: str = ""
    properties: Mapping[str, Any] = field(default_factory=dict)
    number: int = UNNUMBERED

    def __post_init__(self) -> None:
        check_id(self.id, what="tasking capability")
        check_limits(self.limits, check_record(self.parameters), where=f"capability {self.id}")

    @classmethod
    def from_row(cls, row: Row) -> Capability:
        """Return the capability in a registry row."""
        return cls(**{name: value for name, value in row.items() if name != "created"})


@dataclass(frozen=True)
class Moment:
    """One step of a command: which state, when (clock), by whom, and their words."""

    state: str
    moment: str
    by: str
    note: str = ""


@dataclass(frozen=True)
class Command:
    """One telling: a Task of 17-079r1, clause 8.2.3. ``id`` is what its device knows it by: it is done at most once.

    ``queue`` is the device that fetches it: the gateway, where there is one. ``number`` is its SensorThings id.
    """

    id: str
    capability: str
    device: str
    queue: str
    state: CommandState
    parameters: Mapping[str, Any]
    subject: str
    created: datetime
    deadline: datetime
    number: int = UNNUMBERED
    expect: Mapping[str, Any] = field(default_factory=dict)
    idempotency: str = ""
    sent: datetime | None = None
    finished: datetime | None = None
    reason: Refusal | None = None
    result: Mapping[str, Any] | None = None
    history: tuple[Moment, ...] = ()

    def row(self) -> Row:
        """Return the row of the registry's ``command`` table."""
        reason = None if self.reason is None else vars(self.reason)
        return {**vars(self), "state": str(self.state), "reason": reason, "history": [vars(m) for m in self.history]}

    @classmethod
    def from_row(cls, row: Row) -> Command:
        """Return the command that :meth:`row` wrote."""
        reason = Refusal(**row["reason"]) if row["reason"] else None
        history = tuple(Moment(**each) for each in row["history"])
        return cls(**{**row, "state": CommandState(row["state"]), "reason": reason, "history": history})

    def message(self) -> dict[str, Any]:
        """Return what the device is told: ``id`` is to be done at most once, and not after ``deadline``."""
        return {
            "id": self.id,
            "task": self.number,
            "device": self.device,
            "capability": self.capability,
            "parameters": dict(self.parameters),
            "created": format_instant(self.created),
            "deadline": format_instant(self.deadline),
        }

    def as_json(self) -> dict[str, Any]:
        """Return the command as the doors show it."""
        zh, en = STATE_NAMES[self.state]
        reason = self.reason
        return {
            **self.message(),
            "queue": self.queue,
            "state": str(self.state),
            "state_name": {"zh": zh, "en": en},
            "expect": dict(self.expect),
            "by": self.subject,
            "sent": format_instant(self.sent) if self.sent else None,
            "finished": format_instant(self.finished) if self.finished else None,
            "reason": None if reason is None else {"rule": reason.rule, "text": {"zh": reason.zh, "en": reason.en}},
            "result": None if self.result is None else dict(self.result),
            "history": [vars(each) for each in self.history],
        }


def subject_id(device: str) -> str:
    """Return the id under which a device itself is known to the guard: no person's id looks like it."""
    return f"device:{device}"
