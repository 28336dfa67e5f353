"""Which passwords are good enough, and how they are kept."""

import pytest

from lifang.core import BadInput
from lifang.identity.passwords import Passwords, check_password

CHEAP = Passwords(time_cost=1, memory_kib=64, lanes=1)


@pytest.mark.parametrize(
    "password",
    [
        "three rivers meet at Leshan",
        "窗含西岭千秋雪门泊东吴万里船",
        "kvxqzpwmtrjd",
        "correct horse battery",
        "a b c d e f g h",
    ],
)
def test_long_and_unobvious_passwords_are_good(password: str) -> None:
    assert check_password(password, name="libai") == password


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("tiny", "shorter than 12"),
        ("x" * 300, "longer than 256"),
        ("aaaaaaaaaaaaaaaa", "same few"),
        ("abcabcabcabcabc", "same few"),
        ("lantern1lantern1", "one piece repeated"),
        ("123456789012", "a run"),
        ("qwertyuiopasdf", "a run"),
        ("zyxwvutsrqponm", "a run"),
        ("password12345!", "most common"),
        ("Passw0rd!2026", "most common"),
        ("administrator1", "most common"),
        ("libai-libai-2026", "from the name"),
        ("LIBAI is the best", "from the name"),
        ("", "shorter than 12"),
    ],
)
def test_obvious_passwords_are_refused_with_the_reason(password: str, why: str) -> None:
    with pytest.raises(BadInput, match=why) as refusal:
        check_password(password, name="libai")
    assert not password or password not in str(refusal.value)


def test_a_password_matches_in_every_spelling_of_the_same_characters() -> None:
    kept = CHEAP.hash("caf\u00e9 by the river")
    assert CHEAP.verify("cafe\u0301 by the river", kept)
    assert not CHEAP.verify("cafe by the river", kept)


def test_without_a_kept_hash_nothing_matches() -> None:
    assert not CHEAP.verify("nobody has this password", None)
    assert not CHEAP.verify("x", "not a hash")


def test_the_default_cost_is_that_of_rfc_9106() -> None:
    kept = Passwords().hash("three rivers meet at Leshan")
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert CHEAP.outdated(kept)
