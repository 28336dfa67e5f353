"""The life of a command: which state may follow which; pure.

``created`` lasts only inside the transaction that takes the command in: it is accepted or refused at once. An accepted
command waits for its device; once sent it can be answered, not taken back. What is over stays over.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from lifang.core import Conflict


class CommandState(StrEnum):
    """Where a command stands."""

    CREATED = "created"
    ACCEPTED = "accepted"
    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"
    DONE = "done"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    REFUSED = "refused"

    @property
    def over(self) -> bool:
        """Whether nothing follows."""
        return not FOLLOWING[self]


_S = CommandState
FOLLOWING: Mapping[CommandState, frozenset[CommandState]] = {
    _S.CREATED: frozenset({_S.ACCEPTED, _S.REFUSED}),
    _S.ACCEPTED: frozenset({_S.SENT, _S.REFUSED, _S.CANCELLED, _S.EXPIRED}),
    _S.SENT: frozenset({_S.ACKNOWLEDGED, _S.DONE, _S.FAILED, _S.EXPIRED}),
    _S.ACKNOWLEDGED: frozenset({_S.DONE, _S.FAILED, _S.EXPIRED}),
    _S.DONE: frozenset(),
    _S.FAILED: frozenset(),
    _S.EXPIRED: frozenset(),
    _S.CANCELLED: frozenset(),
    _S.REFUSED: frozenset(),
}
WAITING = (_S.ACCEPTED, _S.SENT)  # what a device is told of
RUNNING = (_S.ACCEPTED, _S.SENT, _S.ACKNOWLEDGED)  # what a deadline ends
ANSWERS = (_S.ACKNOWLEDGED, _S.DONE, _S.FAILED)  # what a device may say
STATE_NAMES: Mapping[CommandState, tuple[str, str]] = {
    _S.CREATED: ("已创建", "created"),
    _S.ACCEPTED: ("已受理", "accepted, waits for its device"),
    _S.SENT: ("已下发", "sent to the device"),
    _S.ACKNOWLEDGED: ("设备已确认", "acknowledged by the device"),
    _S.DONE: ("已执行", "done"),
    _S.FAILED: ("执行失败", "the device could not do it"),
    _S.EXPIRED: ("已过期", "not done by its deadline"),
    _S.CANCELLED: ("已取消", "taken back before it was sent"),
    _S.REFUSED: ("已拒绝", "refused as stale or unsafe"),
}


def check_step(present: CommandState, following: CommandState) -> CommandState:
    """Return ``following`` if it may come after ``present``; else ``Conflict``."""
    if following in FOLLOWING[present]:
        return following
    able = ", ".join(sorted(FOLLOWING[present])) or "nothing"
    raise Conflict(f"A command that is {present} cannot become {following}.", mend=f"What may follow: {able}.")
