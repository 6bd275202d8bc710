"""A contract's file is read as JSON's own types, within bounds, with the line of every value."""

from __future__ import annotations

import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from adapters.contract.document import Document, Limits, load_document
from adapters.json_path import json_path, pointer, pointer_steps
from adapters.mistake import ProjectError


def loaded(folder: Path, text: str, name: str = "it.yaml", **limits: int) -> Document:
    """The document of that text."""
    file = folder / name
    file.write_bytes(text.encode())
    return load_document(file, Limits(**limits))


def refused(
    folder: Path, text: str | bytes, name: str = "it.yaml", **limits: int
) -> list[tuple[int, str, str]]:
    """The mistakes of a text that must be refused: line, path and message."""
    file = folder / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ProjectError) as caught:
        load_document(file, Limits(**limits))
    assert {mistake.file for mistake in caught.value.mistakes} == {file}
    return [(mistake.line, mistake.path, mistake.message) for mistake in caught.value.mistakes]


def test_yaml_scalars_are_those_of_json(tmp_path: Path):
    """Unquoted YAML follows the 1.2 core schema: no dates, no yes and no, octals only as 0o."""
    text = (
        "a: 2020-01-01\nb: no\nc: on\nd: true\ne: False\nf: ~\ng:\nh: 012\ni: 0o17\nj: 0xff\nk: 1_000\n"
        "l: '5'\nm: !!str 6\nn: ! 7\no: !!int 8\np: 12:30:45\nq: +\nr: +3\ns: .5\n"
    )
    assert loaded(tmp_path, text).root == {
        "a": "2020-01-01",
        "b": "no",
        "c": "on",
        "d": True,
        "e": False,
        "f": None,
        "g": None,
        "h": 12,
        "i": 15,
        "j": 255,
        "k": "1_000",
        "l": "5",
        "m": "6",
        "n": "7",
        "o": 8,
        "p": "12:30:45",
        "q": "+",
        "r": 3,
        "s": Decimal("0.5"),
    }


def test_keys_are_text_as_written(tmp_path: Path):
    """A key is text whatever it looks like: a status, a country, a date."""
    assert loaded(tmp_path, "200: a\nNO: b\ntrue: c\n2020-01-01: d\n1.50: e\n~: f").root == {
        "200": "a",
        "NO": "b",
        "true": "c",
        "2020-01-01": "d",
        "1.50": "e",
        "~": "f",
    }


@pytest.mark.parametrize("name", ["it.yaml", "it.json"])
def test_numbers_keep_every_digit(tmp_path: Path, name: str):
    """Whole numbers are ints of any size; others are decimals, trailing zeros included."""
    text = '{"a": 123456789012345678901234567890, "b": 0.10, "c": 1e3, "d": -12345678901234567.89}'
    root = loaded(tmp_path, text, name).root
    assert {key: str(value) for key, value in root.items()} == {
        "a": "123456789012345678901234567890",
        "b": "0.10",
        "c": "1E+3",
        "d": "-12345678901234567.89",
    }


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("it.yaml", "a: .inf", ".inf is no number in JSON; quote it if it is text"),
        ("it.yaml", "a: .nan", ".nan is no number in JSON; quote it if it is text"),
        ("it.yaml", "a: " + "9" * 401, "a number has more than 400 digits"),
        ("it.yaml", "a: 1e401", "a number has an exponent beyond 400"),
        ("it.json", '{"a": 1e401}', "a number has an exponent beyond 400"),
        ("it.json", '{"a": ' + "9" * 5000 + "}", "a number has more than 400 digits"),
        ("it.json", '{"a": "\\ud800"}', "a text holds half of a surrogate pair, which is no character"),
        (
            "it.yaml",
            "a: !!python/object:os.system x",
            "the YAML tag 'tag:yaml.org,2002:python/object:os.system' is "
            "refused; a contract holds JSON's own types only",
        ),
        (
            "it.yaml",
            "a: !!timestamp 2020-01-01",
            "the YAML tag 'tag:yaml.org,2002:timestamp' is refused; a contract holds JSON's own types only",
        ),
        ("it.yaml", "a: !mine x", "the YAML tag '!mine' is refused; a contract holds JSON's own types only"),
        ("it.yaml", "a: *b", "the alias *b names nothing"),
        ("it.yaml", "{a: &this 1, b: *thiss}", "the alias *thiss names nothing; did you mean 'this'?"),
        ("it.yaml", "a: &a [*a]", "the alias *a stands inside of what it names"),
        ("it.yaml", "? [a]\n: b", "a key of an object is text, nothing else"),
        ("it.yaml", "<<: 5", "a merge key `<<` takes objects only"),
    ],
)
def test_what_json_has_not_is_refused(tmp_path: Path, name: str, text: str, message: str):
    """Foreign tags, endless numbers, broken aliases and the like are refused with their line."""
    assert refused(tmp_path, text, name) == [(1, "", message)]


def test_bad_syntax_is_told_with_its_line(tmp_path: Path):
    """A text that is no YAML or JSON is refused at the line where reading stopped."""
    assert refused(tmp_path, "a: 1\nb: [1\nc: 2")[0][:2] == (3, "")
    assert refused(tmp_path, '{"a": 1,\n "b" 2}', "it.json") == [
        (2, "", "is no JSON: Expecting ':' delimiter (column 6)")
    ]
    assert refused(tmp_path, '{"a": NaN}', "it.json") == [(0, "", "NaN is no number in JSON")]
    assert refused(tmp_path, "a: \x01")[0][2].startswith("is no YAML: ")


def test_two_documents_are_refused(tmp_path: Path):
    """A stream of two YAML documents is no contract."""
    assert refused(tmp_path, "a: 1\n---\nb: 2") == [
        (2, "", "a second YAML document starts here; a contract is one document")
    ]


@pytest.mark.parametrize("name", ["it.yaml", "it.json"])
def test_duplicate_keys_are_all_told(tmp_path: Path, name: str):
    """Every key that stands twice is told with its path and the line of the first, not one per run."""
    text = '{"a": {"b": 1,\n"b": 2},\n"c": [1, {"d": 1,\n"d": 1}],\n"a": 1}'
    assert refused(tmp_path, text, name) == [
        (2, "$.a.b", "stands twice, first on line 1"),
        (4, "$.c[1].d", "stands twice, first on line 3"),
        (5, "$.a", "stands twice, first on line 1"),
    ]


@pytest.mark.parametrize("text", ["- 1", "just text", "5", "[]"])
def test_a_contract_is_an_object(tmp_path: Path, text: str):
    """A document whose root is no object is refused."""
    assert refused(tmp_path, text) == [(1, "$", "a contract is an object with the key `openapi`")]


def test_files_that_cannot_be_read_are_told(tmp_path: Path):
    """No file, a folder, an empty file, bytes that are no UTF-8 and a pipe: each is a mistake, none an exception."""
    with pytest.raises(ProjectError) as caught:
        load_document(tmp_path / "none.yaml")
    assert [mistake.message for mistake in caught.value.mistakes] == ["there is no such file"]
    with pytest.raises(ProjectError) as caught:
        load_document(tmp_path)
    assert [mistake.message for mistake in caught.value.mistakes] == ["is no regular file"]
    os.mkfifo(tmp_path / "pipe.yaml")
    with pytest.raises(ProjectError) as caught:
        load_document(tmp_path / "pipe.yaml")
    assert [mistake.message for mistake in caught.value.mistakes] == ["is no regular file"]
    assert refused(tmp_path, " \n") == [(0, "", "is empty")]
    assert refused(tmp_path, b"a: 1\nb: \xff") == [(2, "", "is not UTF-8")]
    assert refused(tmp_path, "# nothing") == [(1, "$", "a contract is an object with the key `openapi`")]


def test_a_path_that_the_system_refuses_is_told(tmp_path: Path):
    """What the operating system says of a file is told without an exception."""
    with pytest.raises(ProjectError) as caught:
        load_document(tmp_path / ("x" * 5000))
    assert [mistake.message for mistake in caught.value.mistakes] == ["cannot be read: File name too long"]


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path):
    """A UTF-8 byte order mark is skipped."""
    file = tmp_path / "it.json"
    file.write_bytes(b'\xef\xbb\xbf{"a": 1}')
    assert load_document(file).root == {"a": 1}


def test_sizes_are_bounded(tmp_path: Path):
    """Bytes, levels and values of a document have bounds; a document at the bound is read."""
    assert loaded(tmp_path, "a: 12345", size=8).root == {"a": 12345}
    assert refused(tmp_path, "a: 123456", size=8) == [(0, "", "is larger than 8 bytes")]
    assert loaded(tmp_path, "a: [[1]]", depth=3).root == {"a": [[1]]}
    assert refused(tmp_path, "a: [[[1]]]", depth=3) == [(1, "", "is nested deeper than 3 levels")]
    assert loaded(tmp_path, "[1, 2, 3]\n".replace("[", "a: ["), nodes=5).root == {"a": [1, 2, 3]}
    assert refused(tmp_path, "a: [1, 2, 3, 4]", nodes=5) == [
        (1, "", "holds more than 5 values once its aliases are written out")
    ]


@pytest.mark.parametrize("name", ["it.yaml", "it.json"])
@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_deep_nesting_never_exhausts_the_stack(tmp_path: Path, name: str, opening: str):
    """A hundred thousand levels are refused as too deep."""
    closing = "]" if opening == "[" else "}"
    text = opening * 100_000 + "1" + closing * 100_000
    [(_, _, message)] = refused(tmp_path, text, name)
    assert message in ("is nested deeper than 100 levels", "is nested too deeply to be read")


def test_alias_bombs_are_refused(tmp_path: Path):
    """Aliases count for all that they stand for, values and levels, before anything is written out."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    assert refused(tmp_path, "\n".join(lines)) == [
        (6, "", "holds more than 1000000 values once its aliases are written out")
    ]
    deep = ["a0: &a0 [x]", *(f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 200))]
    assert refused(tmp_path, "\n".join(deep)) == [(100, "", "is nested deeper than 100 levels")]


def test_aliases_and_merge_keys_are_written_out(tmp_path: Path):
    """An alias stands for its value; a merge key adds what the mapping does not say, the first source first."""
    text = "a: &a {x: 1, y: 2}\nb: &b {y: 3, z: 4}\nc: {<<: *a, y: 5}\nd: {<<: [*a, *b]}\n"
    text += "&k e: *k\n'<<': 6\nf: &t hi\ng: *t"
    assert loaded(tmp_path, text).root == {
        "a": {"x": 1, "y": 2},
        "b": {"y": 3, "z": 4},
        "c": {"y": 5, "x": 1},
        "d": {"x": 1, "y": 2, "z": 4},
        "e": "e",
        "<<": 6,
        "f": "hi",
        "g": "hi",
    }


@pytest.mark.parametrize("name", ["it.yaml", "it.json"])
def test_every_value_has_its_line(tmp_path: Path, name: str):
    """A value is where its key stands, an item where it starts; what is not there has the line of what is
    around it."""
    found = loaded(tmp_path, '{"a": 1,\n"b": {\n"c": [1,\n2, {"d":\n3}]}}', name)
    places: list[tuple[str | int, ...]] = [
        (),
        ("a",),
        ("b", "c"),
        ("b", "c", 1),
        ("b", "c", 2, "d"),
        ("b", "no", "such"),
    ]
    assert [found.line(place) for place in places] == [1, 1, 3, 4, 4, 2]


def test_json_may_hold_what_yaml_may_not(tmp_path: Path):
    """A JSON file may be indented with tabs and escape characters outside of the basic plane."""
    found = loaded(tmp_path, '{\n\t"a": "\\ud83c\\udf53",\n\t"b\\/c": {"d": "{[\\"x"}\n}', "it.json")
    assert found.root == {"a": "🍓", "b/c": {"d": '{["x'}}
    assert found.line(("b/c", "d")) == 3


def test_pure_python_yaml_reads_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Where PyYAML was built without libyaml, its own parser gives the same document."""
    text = "a: [1, {b: no}]\nc: |\n  two\n  lines\n"
    fast = loaded(tmp_path, text).root
    monkeypatch.delattr(yaml, "CSafeLoader")
    assert loaded(tmp_path, text).root == fast == {"a": [1, {"b": "no"}], "c": "two\nlines\n"}


def test_paths_are_written_as_people_read_them():
    """A JSON path quotes what is no plain name; a pointer escapes slash and tilde."""
    path = ("paths", "/users/{id}", "get", "parameters", 0, "it's")
    assert json_path(path) == "$.paths['/users/{id}'].get.parameters[0]['it\\'s']"
    assert pointer(("a/b", "c~d", 0)) == "#/a~1b/c~0d/0"
    assert pointer_steps("/a~1b/c~0d/0/%7Bid%7D") == ("a/b", "c~d", "0", "{id}")
    assert (pointer_steps(""), pointer_steps("anchor")) == ((), None)


_LEAVES = (
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
)
_VALUES = st.recursive(
    _LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(value=st.dictionaries(st.sampled_from("abc"), _VALUES))
def test_what_was_written_is_read(tmp_path_factory: pytest.TempPathFactory, value: dict[str, Any]):
    """Any JSON value is read back from JSON as it was written, whatever its layout."""
    folder = tmp_path_factory.mktemp("written")
    assert loaded(folder, json.dumps(value, indent="\t"), "it.json").root == value
    assert loaded(folder, json.dumps(value, ensure_ascii=False), "it.json").root == value


@given(
    text=st.text(st.sampled_from("ab:{}[],-&*<>!?|#'\"%@ \n\t019.e+~"), max_size=60),
    name=st.sampled_from(["a.yaml", "a.json"]),
)
def test_no_text_raises_anything_else(tmp_path_factory: pytest.TempPathFactory, text: str, name: str):
    """Whatever a file holds, it is read or refused with a ProjectError."""
    file = tmp_path_factory.mktemp("any") / name
    file.write_text(text, encoding="utf-8")
    try:
        root = load_document(file).root
    except ProjectError:
        return
    assert isinstance(root, dict)
