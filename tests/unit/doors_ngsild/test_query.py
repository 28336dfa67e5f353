"""The query language, as CIM 009 clause 4.9 has it."""

from datetime import UTC, datetime

import pytest

from lifang.core import BadInput
from lifang.doors.ngsild.query import Either, Every, Range, Term, read_query


def test_an_attribute_alone_asks_whether_it_is_there() -> None:
    assert read_query("brandName") == Term(("brandName",))


def test_the_examples_of_the_standard_are_read() -> None:
    assert read_query('speed>50;brandName!="Mercedes"') == Every(
        (Term(("speed",), (), ">", (50.0,)), Term(("brandName",), (), "!=", ("Mercedes",)))
    )
    moment = datetime(2017, 6, 4, 19, tzinfo=UTC)
    assert read_query("temperature==20;temperature.observedAt>=2017-06-04T19:00:00Z") == Every(
        (Term(("temperature",), (), "==", (20.0,)), Term(("temperature", "observedAt"), (), ">=", (moment,)))
    )
    assert read_query('address[city]=="Berlin".."Bonn"') == Term(
        ("address",), ("city",), "==", (Range("Berlin", "Bonn"),)
    )
    assert read_query('color=="black","red"') == Term(("color",), (), "==", ("black", "red"))
    assert read_query("isParked==urn:ngsi-ld:OffStreetParking:Downtown1").values == (  # type: ignore[union-attr]
        "urn:ngsi-ld:OffStreetParking:Downtown1",
    )


def test_and_binds_closer_than_or_and_brackets_closest() -> None:
    a, b, c = (Term((name,)) for name in "abc")
    assert read_query("a|b;c") == Either((a, Every((b, c))))
    assert read_query("(a|b);c") == Every((Either((a, b)), c))


def test_a_pattern_may_stand_without_quotes_up_to_what_ends_it() -> None:
    assert read_query("name~=^(No)rth;a") == Every((Term(("name",), (), "~=", ("^(No)rth",)), Term(("a",))))
    assert read_query("(name~=^No)") == Term(("name",), (), "~=", ("^No",))
    assert read_query('name!~="^No"') == Term(("name",), (), "!~=", ("^No",))


def test_a_text_keeps_what_is_written_in_its_quotes() -> None:
    assert read_query(r'a=="x;y|\"z\",(1)"') == Term(("a",), (), "==", ('x;y|"z",(1)',))


@pytest.mark.parametrize(
    "text",
    ["", ";", "a;", "a==", "a==b", "a=1", "a>true", "1a", "a[", "a[]", "a[b..c]", "(a", "a)", "a==1..", 'a==1.."x"',
     'a=="x', 'a~=""', 'a~="("', "a==2017-13-01T00:00:00Z", "a==1,", "a b", "a==1e999", "((((((((a"],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_and_told_where(text: str) -> None:
    with pytest.raises(BadInput) as refused:
        read_query(text)
    assert refused.value.where == "q"
    assert refused.value.mend


def test_a_query_is_bounded() -> None:
    for text in ["a" * 9000, ";".join(["a"] * 201), "(" * 40 + "a" + ")" * 40, "a==" + ",".join("1" * 1001)]:
        with pytest.raises(BadInput):
            read_query(text)


def test_linked_entities_are_told_to_be_not_supported() -> None:
    with pytest.raises(BadInput, match="not followed"):
        read_query("{a}.b==1")
