"""The life of a dataset as a state machine: pure, so that what it allows can be proved.

Source: states by adms:status of DCAT-AP 3 and 数据安全法 Art. 27; destruction by two persons and legal hold by
GB/T 37988-2019 (DSMM), PA17 数据销毁处置.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from lifang.core import BadInput, Conflict
from lifang.guard import Action

REASON_MAX = 2_000  # characters


class LifeState(StrEnum):
    """Where a dataset is in its life."""

    DRAFT = "draft"
    REVIEW = "review"
    PUBLISHED = "published"
    DEPRECATED = "deprecated"
    ARCHIVED = "archived"
    DESTROYED = "destroyed"


_S = LifeState
IN_USE = frozenset({_S.PUBLISHED, _S.DEPRECATED})  # what is read, queried and built upon
UNPUBLISHED = frozenset({_S.DRAFT, _S.REVIEW})  # what only those see who prepare it
OPEN_TO_RELEASES = frozenset({_S.DRAFT, _S.PUBLISHED, _S.DEPRECATED})
EXISTING = frozenset(LifeState) - {_S.DESTROYED}


@dataclass(frozen=True)
class Life:
    """Where one dataset is: its state, and what hangs on it.

    ``submitted_by`` asked for the review, ``destruction_asked_by`` for the destruction; ``holds`` are the ids of the
    legal holds in force; ``successor`` is what readers of a deprecated dataset turn to.
    """

    state: LifeState
    submitted_by: str = ""
    destruction_asked_by: str = ""
    successor: str = ""
    holds: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Asked:
    """What a person asks of a dataset's life: ``hold`` is the id of the legal hold that is placed or lifted.

    ``with_derived`` asks that the destruction is approved only once what was made from the dataset is destroyed too.
    """

    by: str
    reason: str = ""
    successor: str = ""
    hold: str = ""
    with_derived: bool = False


@dataclass(frozen=True)
class LifeMove:
    """One move: from which states, to which (``None``: it stays), the right it takes, and what it is called.

    ``reasoned`` demands a reason; ``apart_from`` names who must be another person than the one who asks.
    """

    id: str
    zh: str
    en: str
    sources: frozenset[LifeState]
    target: LifeState | None
    action: Action
    reasoned: bool = False
    apart_from: str = ""


def _moves(*moves: LifeMove) -> Mapping[str, LifeMove]:
    return {move.id: move for move in moves}


_DESTRUCTIBLE = frozenset({_S.DRAFT, _S.ARCHIVED})
MOVES = _moves(
    LifeMove("submit", "送审", "submit for review", frozenset({_S.DRAFT}), _S.REVIEW, Action.ADMIT),
    LifeMove("withdraw", "撤回", "withdraw from review", frozenset({_S.REVIEW}), _S.DRAFT, Action.ADMIT),
    LifeMove("return", "退回", "return to its author", frozenset({_S.REVIEW}), _S.DRAFT, Action.PUBLISH, reasoned=True),
    LifeMove("approve", "通过", "approve and publish", frozenset({_S.REVIEW}), _S.PUBLISHED, Action.PUBLISH,
         apart_from="submitted_by"),
    LifeMove("publish", "发布", "publish without review", frozenset({_S.DRAFT}), _S.PUBLISHED, Action.PUBLISH),
    LifeMove("retract", "收回", "take back", IN_USE, _S.DRAFT, Action.PUBLISH, reasoned=True),
    LifeMove("deprecate", "弃用", "deprecate", frozenset({_S.PUBLISHED}), _S.DEPRECATED, Action.PUBLISH, reasoned=True),
    LifeMove("reinstate", "恢复使用", "reinstate", frozenset({_S.DEPRECATED}), _S.PUBLISHED, Action.PUBLISH,
             reasoned=True),
    LifeMove("archive", "归档", "archive", IN_USE, _S.ARCHIVED, Action.PUBLISH, reasoned=True),
    LifeMove("restore", "恢复", "restore", frozenset({_S.ARCHIVED}), _S.PUBLISHED, Action.PUBLISH, reasoned=True),
    LifeMove("hold", "法律保全", "place a legal hold", EXISTING, None, Action.HOLD, reasoned=True),
    LifeMove("lift", "解除保全", "lift a legal hold", EXISTING, None, Action.HOLD, reasoned=True),
    LifeMove("ask_destruction", "申请销毁", "ask for destruction", _DESTRUCTIBLE, None, Action.DESTROY, reasoned=True),
    LifeMove("refuse_destruction", "驳回销毁", "refuse destruction", _DESTRUCTIBLE, None, Action.DESTROY,
             reasoned=True),
    LifeMove("destroy", "销毁", "approve destruction", _DESTRUCTIBLE, _S.DESTROYED, Action.DESTROY,
         reasoned=True, apart_from="destruction_asked_by"),
)  # fmt: skip


def move_of(name: str) -> LifeMove:
    """Return the move called ``name``, or ``BadInput``."""
    if name not in MOVES:
        raise BadInput(f"There is no move {name[:40]!r}.", where="move", mend=f"Known: {', '.join(MOVES)}.")
    return MOVES[name]


def step(life: Life, move: LifeMove, asked: Asked, *, reviewed: bool = False) -> Life:
    """Return the life after ``move``; ``Conflict`` where it is not open to it, ``BadInput`` where something lacks.

    ``reviewed`` says that this city publishes nothing without a review by a second person.
    """
    if life.state not in move.sources:
        known = ", ".join(sorted(move.sources))
        raise Conflict(f"A dataset that is {life.state} cannot be moved by {move.id}.", where="move",
                       mend=f"That is open to what is: {known}.")  # fmt: skip
    if len(asked.reason) > REASON_MAX or (move.reasoned and not asked.reason.strip()):
        raise BadInput(f"{move.id} needs a reason.", where="reason", mend=f"Give 1 to {REASON_MAX} characters.")
    if move.apart_from and asked.by == getattr(life, move.apart_from):
        raise Conflict(f"{move.id} is for another person than the one who asked for it.", where="move",
                       mend="Have a second person do it.")  # fmt: skip
    if move.id == "publish" and reviewed:
        raise Conflict("This city publishes nothing without a review.", where="move", mend="Submit it for review.")
    return _SPECIAL.get(move.id, _moved)(life, move, asked)


def open_moves(life: Life, *, by: str, reviewed: bool) -> Iterable[LifeMove]:
    """Yield the moves that the state is open to and that ``by`` may do as a person; rights are for the guard."""
    for move in MOVES.values():
        asked = Asked(by, "?", "?", next(iter(life.holds), "") if move.id == "lift" else "?")
        try:
            step(life, move, asked, reviewed=reviewed)
        except (Conflict, BadInput):
            continue
        yield move


def _moved(life: Life, move: LifeMove, asked: Asked) -> Life:
    del asked
    return Life(move.target or life.state, holds=life.holds)


def _submitted(life: Life, move: LifeMove, asked: Asked) -> Life:
    return replace(_moved(life, move, asked), submitted_by=asked.by)


def _deprecated(life: Life, move: LifeMove, asked: Asked) -> Life:
    if not asked.successor:
        mend = "Name the id of the dataset that its readers turn to; without one, archive it."
        raise BadInput("What is deprecated names its successor.", where="successor", mend=mend)
    return replace(_moved(life, move, asked), successor=asked.successor)


def _held(life: Life, move: LifeMove, asked: Asked) -> Life:
    del move
    return replace(life, holds=life.holds | {asked.hold})


def _lifted(life: Life, move: LifeMove, asked: Asked) -> Life:
    del move
    if asked.hold not in life.holds:
        known = ", ".join(sorted(life.holds)) or "none"
        raise Conflict("There is no such legal hold in force.", where="hold", mend=f"In force: {known}.")
    return replace(life, holds=life.holds - {asked.hold})


def _asked_destruction(life: Life, move: LifeMove, asked: Asked) -> Life:
    del move
    _unheld(life)
    if life.destruction_asked_by:
        raise Conflict("Its destruction was asked for already.", where="move", mend="Approve or refuse it.")
    return replace(life, destruction_asked_by=asked.by)


def _refused_destruction(life: Life, move: LifeMove, asked: Asked) -> Life:
    del move, asked
    _wanted(life)
    return replace(life, destruction_asked_by="")


def _destroyed(life: Life, move: LifeMove, asked: Asked) -> Life:
    _unheld(life)
    _wanted(life)
    return replace(_moved(life, move, asked), destruction_asked_by=life.destruction_asked_by)


def _unheld(life: Life) -> None:
    if life.holds:
        raise Conflict("A legal hold is in force.", where="hold", mend=f"Lift {', '.join(sorted(life.holds))} first.")


def _wanted(life: Life) -> None:
    if not life.destruction_asked_by:
        raise Conflict("Nobody has asked for its destruction.", where="move", mend="Ask for it first.")


_SPECIAL = {
    "submit": _submitted,
    "deprecate": _deprecated,
    "hold": _held,
    "lift": _lifted,
    "ask_destruction": _asked_destruction,
    "refuse_destruction": _refused_destruction,
    "destroy": _destroyed,
}
