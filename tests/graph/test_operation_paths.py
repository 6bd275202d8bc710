"""How paths of operations stand to each other, whatever their parameters are called."""

from __future__ import annotations

import pytest

from graph.binding.operation_paths import alike, lacks_the_key_of, parameter_of, segments


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/users/{id}", ["users", "{id}"]),
        ("users/{id}/", ["users", "{id}"]),
        ("/users/{id}:archive", ["users", "{id}"]),
        ("/users:batch-get", ["users"]),
        ("/users/{id}.json", ["users", "{id}.json"]),
        ("/users/{a}:{b}", ["users", "{a}:{b}"]),
        ("/shops:all/users", ["shops:all", "users"]),
        ("/:x", [":x"]),
        ("/", [""]),
    ],
)
def test_a_verb_at_the_end_is_no_part_of_a_place(path: str, expected: list[str]) -> None:
    """A word behind a colon in the last segment is left out, and nothing else."""
    assert segments(path) == expected


@pytest.mark.parametrize(
    ("segment", "name"),
    [("{id}", "id"), ("id", None), ("{id}.json", None), ("{a}{b}", None), ("x{id}", None)],
)
def test_a_parameter_is_a_whole_segment(segment: str, name: str | None) -> None:
    """What has text around it, or another parameter, stands for no parameter."""
    assert parameter_of(segment) == name


@pytest.mark.parametrize(
    ("path", "item", "lacks"),
    [
        ("/orders", "/orders/{id}", True),
        ("/shops/{a}/seats", "/shops/{b}/seats/{row}/{place}", True),
        ("/shops/{a}", "/shops/{b}/seats/{row}", False),
        ("/orders/{id}", "/orders/{id}", True),
        ("/orders/{id}/lines", "/orders/{id}", False),
        ("/users", "/orders/{id}", False),
        ("/orders/{id}", "/orders/latest", False),
    ],
)
def test_a_path_that_lacks_a_key_has_all_but_parameters_at_the_end(path: str, item: str, lacks: bool) -> None:
    """Text that is missing, or other text, makes it another place."""
    assert lacks_the_key_of(segments(path), segments(item)) is lacks


def test_names_of_parameters_make_no_difference() -> None:
    """A parameter is like any other, and not like text."""
    assert alike(segments("/a/{x}"), segments("/a/{y}"))
    assert not alike(segments("/a/{x}"), segments("/a/x"))
