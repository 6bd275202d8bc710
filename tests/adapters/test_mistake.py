"""Names that are not there: the nearest one, or those there are."""

from __future__ import annotations

from adapters.mistake import nearest, suggested


def test_the_nearest_name_is_suggested_alone() -> None:
    """A name that is like it is what was meant."""
    assert suggested("getUsr", ["listUsers", "getUser"]) == "; did you mean 'getUser'?"
    assert nearest("getUsr", ["listUsers", "getUser"]) == "; did you mean 'getUser'?"


def test_a_name_like_none_lists_those_there_are_up_to_a_bound() -> None:
    """In order, twelve at most, with how many more there are; nothing where there is nothing."""
    assert suggested("zzz", ["b", "a"]) == "; there are 'a', 'b'"
    twelve = ", ".join(repr(f"n{number:02}") for number in range(12))
    assert suggested("zzz", [f"n{number:02}" for number in range(12)]) == f"; there are {twelve}"
    assert suggested("zzz", [f"n{number:02}" for number in range(14)]) == f"; there are {twelve} and 2 more"
    assert suggested("zzz", []) == ""
    assert nearest("zzz", ["b", "a"]) == ""
