import pytest

from lifang import core
from lifang.core import (
    BadInput,
    Conflict,
    Corrupt,
    Denied,
    NotFound,
    Problem,
    TooLarge,
    Unauthenticated,
    Unavailable,
    UnknownCode,
)


def test_an_error_says_what_where_and_how_to_mend_it() -> None:
    error = BadInput("510199 is not in GB/T 2260.", where="row 3, column area", mend="Did you mean 510100?")
    assert str(error) == "510199 is not in GB/T 2260. Where: row 3, column area. To mend: Did you mean 510100?"
    assert (error.what, error.where, error.mend) == (error.args[0], "row 3, column area", "Did you mean 510100?")


def test_an_error_without_place_or_remedy_says_only_what() -> None:
    assert str(Conflict("The alert is closed.")) == "The alert is closed."


@pytest.mark.parametrize(
    ("error", "builtin"),
    [
        (BadInput, ValueError),
        (TooLarge, ValueError),
        (NotFound, LookupError),
        (UnknownCode, LookupError),
        (Denied, PermissionError),
        (Unauthenticated, PermissionError),
        (Conflict, RuntimeError),
        (Corrupt, RuntimeError),
        (Unavailable, OSError),
    ],
)
def test_every_error_extends_a_builtin(error: type[Problem], builtin: type[Exception]) -> None:
    with pytest.raises(builtin, match=r"It is so\. To mend: Do this\."):
        raise error("It is so.", mend="Do this.")


def test_the_face_names_every_error() -> None:
    problems = {
        name
        for name in core.__all__
        if isinstance(getattr(core, name), type) and issubclass(getattr(core, name), Problem)
    }
    assert {each.__name__ for each in Problem.__subclasses__()} | {"Problem"} <= problems
