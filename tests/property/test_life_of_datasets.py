"""Properties of the life of a dataset: no path leads to destruction past a legal hold, or by one person alone."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from lifang.catalogue.lifecycle import (
    EXISTING,
    IN_USE,
    MOVES,
    UNPUBLISHED,
    Asked,
    Life,
    LifeMove,
    LifeState,
    open_moves,
    step,
)
from lifang.core import BadInput, Conflict

FAST = settings(max_examples=300, deadline=None)
PERSONS = ("ann", "bo")
HOLDS = ("h1", "h2")

asked = st.builds(Asked, st.sampled_from(PERSONS), st.sampled_from(("", "why")), st.sampled_from(("", "roads")),
                  st.sampled_from(HOLDS))  # fmt: skip
walks = st.lists(st.tuples(st.sampled_from(list(MOVES.values())), asked), max_size=25)
lives = st.builds(
    Life,
    st.sampled_from(LifeState),
    st.sampled_from(("", *PERSONS)),
    st.sampled_from(("", *PERSONS)),
    st.just(""),
    st.frozensets(st.sampled_from(HOLDS)),
)


def walked(
    life: Life, walk: list[tuple[LifeMove, Asked]], *, reviewed: bool = False
) -> list[tuple[Life, LifeMove, Asked, Life]]:
    """Return the moves that were allowed: before, move, asked, after."""
    taken = []
    for move, each in walk:
        try:
            after = step(life, move, each, reviewed=reviewed)
        except (Conflict, BadInput):
            continue
        taken.append((life, move, each, after))
        life = after
    return taken


@FAST
@given(walks)
def test_nothing_that_is_held_is_ever_destroyed(walk: list[tuple[LifeMove, Asked]]) -> None:
    held: set[str] = set()
    for before, move, each, after in walked(Life(LifeState.DRAFT), walk):
        if move.id == "hold":
            held.add(each.hold)
        if move.id == "lift":
            held.discard(each.hold)
        assert after.holds == held
        if after.state is LifeState.DESTROYED:
            assert not held
            assert before.state in {LifeState.DRAFT, LifeState.ARCHIVED}


@FAST
@given(walks)
def test_destruction_is_asked_for_by_one_person_and_approved_by_another(walk: list[tuple[LifeMove, Asked]]) -> None:
    asker = ""
    for _, move, each, _ in walked(Life(LifeState.DRAFT), walk):
        if move.id == "destroy":
            assert asker not in {"", each.by}
        if move.id == "ask_destruction":
            asker = each.by
        elif move.id not in {"hold", "lift"}:
            asker = ""  # whatever else happened, it has to be asked for anew


@FAST
@given(lives, walks)
def test_what_is_destroyed_stays_destroyed(life: Life, walk: list[tuple[LifeMove, Asked]]) -> None:
    seen = [before.state for before, *_ in walked(life, walk)]
    assert LifeState.DESTROYED not in seen


@FAST
@given(walks)
def test_a_city_that_reviews_publishes_nothing_that_its_author_alone_has_seen(
    walk: list[tuple[LifeMove, Asked]],
) -> None:
    submitted = ""
    for before, move, each, after in walked(Life(LifeState.DRAFT), walk, reviewed=True):
        if move.id == "submit":
            submitted = each.by
        if before.state in UNPUBLISHED and after.state in IN_USE:
            assert each.by != submitted


@FAST
@given(lives, st.sampled_from(PERSONS), st.booleans())
def test_the_moves_that_are_offered_are_those_that_are_open(life: Life, by: str, reviewed: bool) -> None:
    offered = {move.id for move in open_moves(life, by=by, reviewed=reviewed)}
    for move in MOVES.values():
        hold = next(iter(life.holds), "h1")
        try:
            step(life, move, Asked(by, "why", "roads", hold), reviewed=reviewed)
            assert move.id in offered
        except (Conflict, BadInput):
            assert move.id not in offered


@FAST
@given(lives, st.sampled_from(list(MOVES.values())), asked)
def test_a_deprecated_dataset_always_names_its_successor(life: Life, move: LifeMove, each: Asked) -> None:
    for _, taken, _, after in walked(life, [(move, each)]):
        if taken.id == "deprecate":
            assert after.successor
        elif taken.id not in {"hold", "lift", "ask_destruction", "refuse_destruction"}:
            assert after.successor == ""


def test_every_state_but_the_last_has_a_way_on() -> None:
    for state in EXISTING:
        assert any(state in move.sources and move.target not in {None, state} for move in MOVES.values())
